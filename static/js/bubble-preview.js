// While a message is being written, its bubble follows. On the textarea (or its form):
// data-preview-url answers POST (the form's fields) with the bubble, data-preview-target is the bubble's id.
import { csrfToken } from "./csrf.js";

const PAUSE_MS = 250;

export function start(source) {
  const form = source.closest("form");
  let timer = 0;
  let running = null;
  const show = async () => {
    running?.abort();
    running = new AbortController();
    const headers = { "X-CSRFToken": csrfToken() };
    try {
      const answer = await fetch(source.dataset.previewUrl, { method: "POST", body: withoutFiles(form), headers, signal: running.signal });
      if (answer.ok) replace(source.dataset.previewTarget, await answer.text());
    } catch {
      // The old preview stays; the next key press tries again.
    }
  };
  source.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE_MS);
  });
}

// A preview is asked for at every pause: a chosen file would go up each time.
function withoutFiles(form) {
  const fields = new FormData(form);
  for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name);
  return fields;
}

function replace(id, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById(id);
  if (fresh) document.getElementById(id)?.replaceWith(fresh);
}
