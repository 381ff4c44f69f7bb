// Toasts leave by themselves when all is well; warnings and errors wait for a person.
const STAY_MS = { success: 6000, message: 8000, info: 8000 };
const STAY_WITH_UNDO_MS = 10_000;

export function start(stack) {
  stack.addEventListener("click", (event) => {
    if (event.target.closest("[data-toast-close]")) event.target.closest("[data-toast]").remove();
  });
  for (const toast of stack.querySelectorAll("[data-toast]")) leaveLater(toast);
}

function leaveLater(toast) {
  const stay = toast.querySelector("[data-action='undo']") ? STAY_WITH_UNDO_MS : STAY_MS[toast.dataset.toast];
  if (!stay) return;
  let timer = setTimeout(() => toast.remove(), stay);
  const hold = () => clearTimeout(timer);
  const release = () => (timer = setTimeout(() => toast.remove(), stay));
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", release);
  toast.addEventListener("focusout", release);
}
