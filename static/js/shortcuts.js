// "/" focuses the search box, "g c" follows the link with data-shortcut="g c", "?" opens this panel.
const PAIR_MS = 1200;

export function start(panel) {
  let first = "";
  let timer = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "?") return panel.togglePopover();
    if (event.key === "/") return focusSearch(event);
    follow(`${first} ${event.key}`.trim());
    first = event.key === "g" ? "g" : "";
    clearTimeout(timer);
    timer = setTimeout(() => (first = ""), PAIR_MS);
  });
}

const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

function focusSearch(event) {
  const box = document.querySelector("[data-search]");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
}

function follow(keys) {
  document.querySelector(`[data-shortcut="${CSS.escape(keys)}"]`)?.click();
}
