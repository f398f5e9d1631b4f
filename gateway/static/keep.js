// What outlives a reload: the last good frame, and which wins were celebrated. A browser that refuses is no reason to stop.

const SEEN_MAX = 500;
const SAVE_EVERY_MS = 3000;
let savedAt = -Infinity;

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

function store(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    return false; // full, or forbidden: the page goes on without
  }
  return true;
}

export function lastFrame(wall) {
  const kept = read(`salespulse.frame.${wall}`);
  return kept?.frame?.pages ? kept : null;
}

export function keepFrame(wall, frame, heardMs) {
  if (performance.now() - savedAt < SAVE_EVERY_MS) return;
  savedAt = performance.now();
  store(`salespulse.frame.${wall}`, { frame, heardMs });
}

export function seenWins(wall) {
  return new Set(read(`salespulse.wins.${wall}`) ?? []);
}

export function keepSeen(wall, seen) {
  const newest = [...seen].slice(-SEEN_MAX);
  for (const deal of [...seen].slice(0, -SEEN_MAX)) seen.delete(deal);
  store(`salespulse.wins.${wall}`, newest);
}
