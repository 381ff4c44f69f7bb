// Starts the behaviours a page asks for: data-module="copy-button" loads ./copy-button.js and calls
// start(element). A module is fetched only where it is used. Live blocks carry data-live instead.
//
// Our own query (?v=…, a hash over the whole folder) is handed on, so that all modules are of one release.

import { csrfToken } from "./csrf.js";

const version = new URL(import.meta.url).search;
const started = new WeakMap();

const load = (name) => import(`./${name}.js${version}`);

async function startOne(element, name) {
  const names = started.get(element) ?? new Set();
  if (names.has(name)) return;
  started.set(element, names.add(name));
  (await load(name)).start(element);
}

function startAll() {
  const modules = [...document.querySelectorAll("[data-module]")].flatMap((element) =>
    element.dataset.module.split(" ").map((name) => startOne(element, name)),
  );
  const blocks = [...document.querySelectorAll("[data-live]")].map((block) => startOne(block, "live"));
  return Promise.all([...modules, ...blocks]);
}


document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-CSRFToken"] = csrfToken();
});
// After any swap, ours or htmx's, new elements may want their behaviours.
document.addEventListener("htmx:after:swap", () => startAll());
document.addEventListener("live:updated", () => startAll());

await startAll();
document.documentElement.dataset.ready = ""; // for browser tests: every behaviour is in place
