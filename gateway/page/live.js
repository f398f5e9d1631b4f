// The live page: one stream of snapshots, drawn as tiles and a table. It keeps the last good numbers through any outage
// and greys them out once three updates in a row are missing.
import { clockText, facetsText, missingText, numberText, statusText, unitText } from "./format.js";

const PERIOD_MS = 5000; // the gateway sends a snapshot at least this often
const MISSED = 3;
const HERO = "revenue";

const at = (id) => document.getElementById(id);
const chosen = new URLSearchParams(location.hash.slice(1));
let titles = {};
let order = [];
let frame = null;
let source = null;
let heardAt = performance.now();

// Rows of columns become objects; the first three columns are places in the lists of the same plural name.
function unpack(packed) {
  const values = packed.values.map((row) => {
    const value = Object.fromEntries(packed.columns.map((name, i) => [name, row[i]]));
    for (const name of ["kpi", "scope", "window"]) value[name] = packed[`${name}s`][value[name]];
    return value;
  });
  return { ...packed, values };
}

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function unitOf(kpi) {
  return titles[kpi]?.unit ?? "";
}

function tileOf(kpi, value) {
  const tile = make("article", kpi === HERO ? "tile hero" : "tile");
  tile.append(make("h2", "", titles[kpi]?.title ?? kpi));
  const number = make("div", "number", value ? numberText(value.value, unitOf(kpi), frame.currency) : "–");
  number.append(make("span", "unit", unitText(unitOf(kpi), frame.currency)));
  tile.append(number);
  if (!value) return tile;
  const facets = facetsText(value.facets);
  if (facets) tile.append(make("p", "facets", facets));
  const ground = make("p", "ground", `n = ${value.n.toLocaleString("en")} · as of ${clockText(frame.as_of)} · `);
  ground.append(make("span", `status ${value.status}`, statusText(value.status)));
  if (value.restated_at) ground.append(` ${clockText(value.restated_at)}`);
  if (value.missing) ground.append(make("span", "missing", ` ${missingText(value.missing)}`));
  tile.append(ground);
  return tile;
}

// A number is never cut: one too long for its tile is drawn smaller.
function fit(number) {
  number.style.fontSize = "";
  const excess = number.scrollWidth / number.clientWidth;
  if (excess > 1) number.style.fontSize = `${Math.floor(parseFloat(getComputedStyle(number).fontSize) / excess) - 1}px`; // 1: for rounding
}

function rowOf(scope, values) {
  const row = make("tr");
  row.append(make("td", "", scope));
  for (const kpi of order) {
    const value = values.get(`${kpi}|${scope}`);
    row.append(make("td", "", value ? numberText(value.value, unitOf(kpi), frame.currency) : "–"));
  }
  return row;
}

function offer(id, options, wanted) {
  const select = at(id);
  if (select.options.length !== options.length || options.some((text, i) => select.options[i].value !== text)) {
    select.replaceChildren(...options.map((text) => new Option(text, text)));
  }
  const value = options.includes(wanted) ? wanted : options[0];
  if (document.activeElement !== select) select.value = value;
  return value;
}

function draw() {
  if (!frame) return;
  at("tenant").textContent = frame.tenant;
  offer("tenants", frame.tenants, frame.tenant);
  const scope = offer("scopes", frame.scopes, chosen.get("scope"));
  const window_ = offer("windows", frame.windows, chosen.get("window"));
  const values = new Map(frame.values.filter((v) => v.window === window_).map((v) => [`${v.kpi}|${v.scope}`, v]));
  at("tiles").replaceChildren(...order.map((kpi) => tileOf(kpi, values.get(`${kpi}|${scope}`))));
  at("tiles").querySelectorAll(".number").forEach(fit);
  const heads = make("tr");
  heads.append(make("th", "", window_), ...order.map((kpi) => make("th", "", titles[kpi].title)));
  at("columns").replaceChildren(heads);
  at("rows").replaceChildren(...frame.scopes.map((each) => rowOf(each, values)));
  at("hidden").textContent = frame.hidden_scopes ? `${frame.hidden_scopes} more scopes at /v1/values` : "";
}

function tell() {
  const silentS = Math.round((performance.now() - heardAt) / 1000);
  const old = silentS * 1000 > MISSED * PERIOD_MS;
  document.body.classList.toggle("old", old && frame !== null);
  const line = at("connection");
  line.className = old ? "lost" : "";
  line.textContent = frame === null ? "… waiting for numbers" : old ? `! no update for ${silentS} s` : "● connected";
}

function listen() {
  source?.close();
  const tenant = chosen.get("tenant");
  source = new EventSource(tenant ? `/v1/stream?tenant=${encodeURIComponent(tenant)}` : "/v1/stream");
  source.onmessage = (event) => {
    frame = unpack(JSON.parse(event.data));
    heardAt = performance.now();
    draw();
    tell();
  };
  // The browser connects again by itself, unless the answer was an error: then we do.
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

function remember(name, id, then) {
  at(id).addEventListener("change", (event) => {
    chosen.set(name, event.target.value);
    history.replaceState(null, "", `#${chosen}`);
    event.target.blur();
    then();
  });
}

async function start() {
  const { kpis } = await (await fetch("/v1/kpis")).json();
  titles = Object.fromEntries(kpis.map((kpi) => [kpi.slug, kpi]));
  order = [HERO, ...kpis.map((kpi) => kpi.slug).filter((slug) => slug !== HERO)];
  listen();
}

remember("tenant", "tenants", listen);
remember("scope", "scopes", draw);
remember("window", "windows", draw);
setInterval(tell, 1000);
addEventListener("resize", draw);
start().catch(() => setTimeout(() => location.reload(), 5000));
