// A press on a chip writes its variable where the cursor last stood in a message.
export function start(form) {
  let target = form.querySelector("textarea[name=messages]");
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea[name=messages]")) target = event.target;
  });
  form.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-insert]");
    if (!chip || !target) return;
    target.setRangeText(chip.dataset.insert, target.selectionStart, target.selectionEnd, "end");
    target.focus();
    target.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
