// Copies data-copy, or the text of the element data-copy-from points at, and says so for a moment.
export function start(button) {
  const words = button.querySelector("span");
  const before = words.textContent;
  button.addEventListener("click", async () => {
    const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const text = source ? (source.value ?? source.textContent).trim() : button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
      words.textContent = button.dataset.copied;
      setTimeout(() => (words.textContent = before), 2000);
    } catch {
      // No permission (plain http on another host): select it, so that Ctrl-C does the rest.
      if (source) getSelection().selectAllChildren(source);
    }
  });
}
