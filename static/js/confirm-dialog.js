// The red button wakes up when the name was typed. The server checks it again.
export function start(panel) {
  const input = panel.querySelector("[data-expect]");
  const button = panel.querySelector("button[type=submit]");
  const same = (text) => text.trim().normalize("NFC").toLocaleLowerCase();
  const check = () => (button.disabled = same(input.value) !== same(input.dataset.expect));
  input.addEventListener("input", check);
  panel.addEventListener("toggle", check);
  check();
}
