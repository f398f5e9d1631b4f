// The wallboard: one stream of frames, drawn a page at a time. The last good numbers stay through any outage, also over
// a reload, and turn grey once three updates are missing.
import { Cheer } from "./cheer.js";
import { openAlert, openKind } from "./acting.js";
import { openDetail } from "./detail.js";
import { Feed, showToken } from "./feed.js";
import { agoText, clockText } from "./format.js";
import { keepFrame, lastFrame } from "./keep.js";
import { AlertsPage, GoalsPage, RankingPage, TrustPage } from "./lists.js";
import { keepRows, make, mark } from "./nodes.js";
import { TilesPage } from "./tiles.js";

const PERIOD_MS = 5000; // the gateway sends a frame at least this often
const MISSED = 3;
const ROTATE_S = { least: 5, usual: 20, most: 600 };
const HANDS_OFF_MS = 60000; // after a key is pressed, pages stay for this long
const SHIFT_MS = 60000;
const SHIFTS = [[0, 0], [4, 2], [8, 0], [4, -2], [0, 2], [-4, 0], [-8, -2], [-4, 2]]; // pixels of a 1080p screen
const SORTS = { tiles: TilesPage, ranking: RankingPage, goals: GoalsPage, trust: TrustPage, alerts: AlertsPage };

const at = (id) => document.getElementById(id);
const chosen = new URLSearchParams(location.hash.slice(1));
const wall = chosen.get("tenant") ?? "";
const rotateS = Math.min(Math.max(Number(chosen.get("rotate")) || ROTATE_S.usual, ROTATE_S.least), ROTATE_S.most);
const only = chosen.get("pages")?.split(",");
const cheer = new Cheer(at("cheer"), wall);
const painters = new Map();

let frame = null;
let heard = null; // performance.now() of the last frame; null: only what was kept
let keptMs = 0;
let shownId = null;
let isLost = false; // until a frame has come: a gateway that has just begun takes a connection before it knows anything
let refusal = "";
let turnedAt = performance.now();
let isDue = false;
let oldMs; // how long nothing was heard; undefined while frames come

// Pages that have nothing to say are left out of the rotation; the keyboard reaches them all.
function hasSomething(page) {
  return page.kind !== "goals" && page.kind !== "ranking" ? true : page.rows.length > 0;
}

function pages() {
  const there = frame?.pages ?? [];
  const wanted = only ? there.filter((page) => only.includes(page.id)) : there;
  return wanted.length ? wanted : there;
}

function turn(by, isByHand) {
  const all = isByHand ? pages() : pages().filter(hasSomething);
  if (all.length === 0) return;
  const place = all.findIndex((page) => page.id === shownId);
  shownId = all[(place + by + all.length) % all.length].id;
  turnedAt = performance.now() + (isByHand ? HANDS_OFF_MS : 0);
  draw();
}

function draw() {
  isDue = false;
  if (!frame) return;
  const page = pages().find((each) => each.id === shownId) ?? pages()[0];
  at("title").replaceChildren(page ? page.title : "SalesPulse", make("span", "of", frame.tenant ? ` · ${frame.tenant}` : ""));
  if (!page) {
    const text = frame.tenant && frame.tenants.length ? `There is no tenant ${frame.tenant}` : "Nothing has been published yet";
    at("page").replaceChildren(make("p", "empty", text));
    return;
  }
  shownId = page.id;
  if (!painters.has(page.id)) painters.set(page.id, new SORTS[page.kind]());
  const painter = painters.get(page.id);
  if (at("page").firstElementChild !== painter.node || at("page").childElementCount !== 1) at("page").replaceChildren(painter.node);
  at("page").dataset.page = page.id;
  keepRows(at("turns"), pages().filter((each) => hasSomething(each) || each === page), () => make("i"), (node, each) => mark(node, each === page ? "on" : ""));
  painter.draw(page, { ...frame, oldMs });
  painter.settle();
}

// However fast frames come, the screen draws one at a time.
function soon() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(draw);
}

function tell() {
  const silentMs = heard === null ? Date.now() - keptMs : performance.now() - heard;
  const isOld = frame !== null && (heard === null || silentMs > MISSED * PERIOD_MS);
  const wasOld = oldMs !== undefined;
  oldMs = isOld ? silentMs : undefined;
  if (isOld || wasOld) soon();
  document.body.classList.toggle("old", isOld);
  const [grade, text] = refusal ? ["warn", `! ${refusal}`]
    : frame === null ? ["quiet", isLost ? "! no connection" : "… connecting"]
    : isOld ? ["warn", `! ${agoText(silentMs)} old`]
    : isLost ? ["warn", "! reconnecting"]
    : frame.stale ? ["warn", "! pipeline behind"] : ["good", "● live"];
  at("state").replaceChildren(make("span", grade, text), frame?.zone ? `  ${clockText(Date.now(), frame.zone)}` : "");
}

function hear(came) {
  frame = came;
  heard = performance.now();
  isLost = false;
  refusal = "";
  keepFrame(wall, frame, Date.now());
  cheer.hear(frame.wins ?? [], frame.made_ms);
  tell();
  soon();
}

function tileOf(key) {
  for (const page of frame?.pages ?? []) {
    const found = (page.tiles ?? page.rows ?? []).find((each) => (each.key ?? `${page.kpi ?? each.kpi}|${each.scope}|${page.window ?? each.window}`) === key);
    if (found) return found;
  }
  return null;
}

function press(event) {
  if (at("detail").open || event.ctrlKey || event.metaKey || event.altKey) return;
  turnedAt = performance.now() + HANDS_OFF_MS;
  if (event.key === "ArrowRight" || event.key === "PageDown") turn(1, true);
  else if (event.key === "ArrowLeft" || event.key === "PageUp") turn(-1, true);
  else if (event.key === "Home") {
    shownId = pages()[0]?.id ?? null;
    draw();
  } else if (event.key === "Enter") {
    event.preventDefault(); // or the same key would press what the dialog puts the focus on
    open(event.target);
  }
}

function open(target) {
  if (at("detail").open) return;
  const alert = target.closest?.("[data-alert]");
  const row = frame?.pages.find((page) => page.id === "alerts")?.rows.find((each) => each.id === alert?.dataset.alert);
  if (row?.members) openKind(at("detail"), row, frame);
  else if (row) openAlert(at("detail"), row);
  const node = target.closest?.("[data-key]");
  if (node && frame) openDetail(at("detail"), node.dataset.key, tileOf(node.dataset.key), frame);
}

function everySecond() {
  tell();
  if (!at("detail").open && performance.now() - turnedAt > rotateS * 1000) turn(1, false);
}

let shifts = 0;
function shift() {
  const [x, y] = SHIFTS[++shifts % SHIFTS.length];
  at("stage").style.transform = `translate(${x}px, ${y}px)`;
}

async function begin() {
  const kept = lastFrame(wall);
  if (kept) {
    [frame, keptMs] = [kept.frame, kept.heardMs];
    draw();
    tell();
  }
  try {
    await showToken(chosen);
  } catch (failure) {
    refusal = failure.message;
  }
  const path = wall ? `/v1/stream?tenant=${encodeURIComponent(wall)}` : "/v1/stream";
  new Feed(path, hear, () => {
    isLost = true;
    tell();
  }).listen();
}

addEventListener("keydown", press);
addEventListener("click", (event) => open(event.target));
addEventListener("resize", soon);
setInterval(everySecond, 1000);
setInterval(shift, SHIFT_MS);
document.fonts?.ready.then(soon);
// With it a reload shows the board even while the gateway is away; browsers offer it on HTTPS and on localhost only.
navigator.serviceWorker?.register("/worker.js").catch(() => {});
begin();
