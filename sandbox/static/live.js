// Keeps the block marked data-live fresh; without it the page is complete and a reload does the same.
const EVERY_MS = 2000;

async function refresh() {
  const shown = document.querySelector("[data-live]");
  if (!shown || document.hidden || shown.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  if (fresh && fresh.innerHTML !== shown.innerHTML) shown.replaceWith(document.adoptNode(fresh));
}

async function keepFresh() {
  // A failed poll (the sandbox restarts) must not end the polling.
  await refresh().catch(() => undefined);
  setTimeout(keepFresh, EVERY_MS);
}

if (document.querySelector("[data-live]")) setTimeout(keepFresh, EVERY_MS);
