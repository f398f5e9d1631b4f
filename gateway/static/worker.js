// Keeps the page's own files, so that a reload during an outage still shows the board. Numbers are never kept here.

const SHELF = "salespulse-page-1";
const isOurs = (url) => url.origin === location.origin && (url.pathname === "/" || url.pathname.startsWith("/static/"));

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

async function freshOrKept(request) {
  const shelf = await caches.open(SHELF);
  try {
    const answer = await fetch(request);
    if (answer.ok) await shelf.put(request, answer.clone());
    return answer;
  } catch (failure) {
    const kept = await shelf.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw failure;
  }
}

addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && isOurs(new URL(event.request.url))) event.respondWith(freshOrKept(event.request));
});
