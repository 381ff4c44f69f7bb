// Live blocks: one poll per address, shared by every block that shows it.
//
// Why our own fetch and not htmx's "every 5s": htmx polls once per element, can't wait longer after a slow
// answer, keeps polling in hidden tabs, and stops for good after an error. Here an ETag makes an unchanged
// block cost a 304, a failed poll is retried with growing patience, and the block says that it is stale.

const polls = new Map();
const SLOWEST_MS = 60_000;
const STALE_AFTER = 2;

export function start(block) {
  const url = block.dataset.live;
  if (!polls.has(url)) polls.set(url, schedule({ url, etag: null, failures: 0, timer: 0 }, periodOf(url)));
}

const blocksOf = (url) => [...document.querySelectorAll("[data-live]")].filter((block) => block.dataset.live === url);
const periodOf = (url) => Math.min(...blocksOf(url).map((block) => Number(block.dataset.liveEvery) || 5)) * 1000;

function schedule(poll, delay) {
  clearTimeout(poll.timer);
  poll.timer = setTimeout(() => run(poll), delay);
  return poll;
}

async function run(poll) {
  if (blocksOf(poll.url).length === 0) return polls.delete(poll.url);
  if (document.hidden) return; // woken by visibilitychange
  const began = performance.now();
  try {
    if (!(await refresh(poll))) return polls.delete(poll.url);
    poll.failures = 0;
  } catch {
    poll.failures += 1;
  }
  mark(poll);
  if (blocksOf(poll.url).length === 0) return polls.delete(poll.url);
  schedule(poll, nextDelay(poll, performance.now() - began));
}

// A server that takes long is asked less often: ten times its own answer, doubled by every failure.
function nextDelay(poll, took) {
  return Math.min(SLOWEST_MS, Math.max(periodOf(poll.url), took * 10) * 2 ** poll.failures);
}

// False ends the poll: signed out (401, or a redirect to another page) or the object is gone.
async function refresh(poll) {
  const headers = { "X-Live": "1", ...(poll.etag && { "If-None-Match": poll.etag }) };
  const answer = await fetch(poll.url, { headers, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(30_000) });
  if (answer.status === 304) return true;
  if (answer.type === "opaqueredirect" || [401, 403, 404, 410].includes(answer.status)) return false;
  if (!answer.ok) throw new Error(`live: ${answer.status}`);
  poll.etag = answer.headers.get("ETag");
  show(poll, new DOMParser().parseFromString(await answer.text(), "text/html"));
  return true;
}

function show(poll, page) {
  for (const block of blocksOf(poll.url)) {
    const fresh = page.getElementById(block.id);
    // A person in the middle of a form or an open panel inside the block is not interrupted.
    if (!fresh || block.querySelector("input:focus, textarea:focus, select:focus, :popover-open")) {
      poll.etag = null;
      continue;
    }
    const focused = block.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    block.replaceWith(fresh);
    window.htmx?.process(fresh);
    if (focused) fresh.querySelector(`[data-action="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
  document.dispatchEvent(new CustomEvent("live:updated"));
}

function mark(poll) {
  for (const block of blocksOf(poll.url)) block.toggleAttribute("data-stale", poll.failures >= STALE_AFTER);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const poll of polls.values()) schedule(poll, 0);
});
