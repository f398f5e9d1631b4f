// Numbers and times as people read them. Pure functions: what comes in decides what comes out.

const NONE = "–";
const NAME_MOST = 14;

function symbolOf(currency) {
  if (!currency) return "";
  const parts = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" }).formatToParts(0);
  const symbol = parts.find((part) => part.type === "currency").value;
  return /^[A-Z]{3}$/.test(symbol) ? `${symbol} ` : symbol;
}

// Minor units with the currency's own exponent, which the gateway gives: the browser's list may be another.
export function moneyText(minor, currency, exponent, most = 9) {
  if (minor === null || minor === undefined) return NONE;
  const amount = Math.abs(minor) / 10 ** exponent;
  const sign = minor < 0 ? "−" : "";
  const digits = amount < 100 && amount % 1 ? Math.min(exponent, 3) : 0;
  const symbol = symbolOf(currency);
  const plain = amount.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (sign.length + symbol.length + plain.length <= most) return `${sign}${symbol}${plain}`;
  return `${sign}${symbol}${amount.toLocaleString("en", { notation: "compact", maximumSignificantDigits: amount >= 1e3 ? 4 : 3 })}`;
}

export function shareText(share, digits = 1) {
  return `${(share * 100).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })} %`;
}

export function valueText(value, unit, frame, most) {
  if (value === null || value === undefined) return NONE;
  if (unit.startsWith("money")) return moneyText(value, frame.currency, frame.exponent, most);
  if (unit === "ratio") return shareText(value);
  const digits = Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : 1;
  return value.toLocaleString("en", { maximumFractionDigits: digits }).replace("-", "−");
}

// Behind the number, where the title doesn't say it.
export function unitText(unit) {
  return { days: "d", minutes: "min" }[unit] ?? "";
}

// A change this small, or within the interval that chance alone explains, is neither good nor bad.
const NOISE = 0.01;

function isNoise(tile, now, then) {
  if (tile.interval) return tile.interval[0] <= then && then <= tile.interval[1];
  return tile.unit !== "ratio" && tile.unit !== "points" && Math.abs(now - then) < NOISE * Math.abs(then);
}

// What changed: a share in percentage points, points in points, the rest in percent of what it was.
export function changeOf(tile) {
  const [now, then] = [tile.value, tile.before?.value];
  if (now === null || now === undefined || then === null || then === undefined) return null;
  const by = now - then;
  const grade = by === 0 || isNoise(tile, now, then) ? "quiet" : (by > 0) === (tile.direction === "up") ? "good" : "bad";
  const arrow = by === 0 ? "=" : by > 0 ? "▲" : "▼";
  let amount;
  if (tile.unit === "ratio") amount = `${Math.abs(by * 100).toLocaleString("en", { maximumFractionDigits: 1 })} pp`;
  else if (tile.unit === "points" || then === 0) amount = Math.abs(by).toLocaleString("en", { maximumFractionDigits: 1 });
  else amount = `${Math.abs((by / then) * 100).toLocaleString("en", { maximumFractionDigits: Math.abs(by / then) < 0.1 ? 1 : 0 })} %`;
  if (then === 0 && by && tile.unit.startsWith("money")) amount = "new";
  return { text: `${grade === "bad" ? "! " : ""}${arrow} ${amount}`, grade };
}

const DAY_MS = 86400000;

export function againstText(before, window_, zone) {
  if (!before) return "";
  if (before.sort === "span") return `vs ${window_.replace("d", "")} d ago`;
  const cut = new Date(before.as_of);
  const at = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(cut);
  const day = new Date(cut - (at === "00:00" ? DAY_MS / 2 : 0));
  if (before.sort === "month") return `vs ${new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short" }).format(day)}`;
  const weekday = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short" }).format(day);
  return at === "00:00" ? `vs ${weekday}` : `vs ${weekday} ${at}`;
}

// Never colour alone: each status has a sign and its word.
const STATUSES = {
  live: ["●", "live", "good"], restated: ["↻", "restated", "info"], partial: ["!", "partial", "warn"], stale: ["!", "stale", "warn"],
  suppressed: ["–", "kept back", "info"], insufficient: ["~", "few", "info"], maturing: ["…", "maturing", "info"],
  out_of_history: ["×", "no history", "bad"], old: ["!", "old", "warn"],
};

// ``frame.oldMs`` is there while the page itself hears nothing: then nothing it shows is live.
export function shownStatus(status, frame) {
  return statusOf(frame.oldMs === undefined ? status : "old");
}

export function statusOf(status) {
  const [sign, word, grade] = STATUSES[status] ?? ["?", status, "warn"];
  return { text: `${sign} ${word}`, grade };
}

// At least 99 % of what is expected by now is on track, at least 81 % behind, less at risk.
export function paceOf(pace) {
  if (pace === null || pace === undefined) return null;
  if (pace >= 0.99) return { text: "● on track", grade: "good" };
  return pace >= 0.81 ? { text: "▼ behind", grade: "warn" } : { text: "! at risk", grade: "bad" };
}

export function intervalText(interval) {
  return interval ? `${Math.round(interval[0] * 100)}–${Math.round(interval[1] * 100)} %` : "";
}

// What a partial number waits for: "source:crm/eu" is a publisher that fell silent, "rate:USD" a rate that isn't there.
export function missingText(missing) {
  const words = (missing ?? []).map((part) => {
    const [kind, name] = [part.slice(0, part.indexOf(":")), part.slice(part.indexOf(":") + 1)];
    return kind === "source" ? `${name} is silent` : `no ${kind} of ${name}`;
  });
  return words.join(", ");
}

// The same in two short lines for a tile, the first of several by name.
export function lackOf(missing) {
  if (!missing?.length) return null;
  const [kind, name] = [missing[0].slice(0, missing[0].indexOf(":")), missing[0].slice(missing[0].indexOf(":") + 1)];
  const short = name.length > NAME_MOST ? `${name.slice(0, NAME_MOST - 1)}…` : name;
  const others = missing.length > 1 ? ` +${missing.length - 1}` : "";
  return { who: `! ${short}${others}`, what: kind === "source" ? "is silent" : `has no ${kind}` };
}

export function clockText(instant, zone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant));
}

// A moment of the last days: with its weekday where that isn't today's.
export function whenText(ms, frame) {
  const weekday = (at) => new Intl.DateTimeFormat("en-GB", { timeZone: frame.zone, weekday: "short" }).format(new Date(at));
  const clock = clockText(ms, frame.zone);
  return frame.made_ms - ms < DAY_MS && weekday(ms) === weekday(frame.made_ms) ? clock : `${weekday(ms)} ${clock}`;
}

// The minute that has begun counts: its end is no time to show before it has come.
export function asOfText(instant, frame) {
  return `as of ${whenText(Math.min(Date.parse(instant), frame.made_ms), frame)}`;
}

export function agoText(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return `${s} s`;
  return s < 7200 ? `${Math.round(s / 60)} min` : s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`;
}

export function countText(n) {
  return n >= 100000 ? n.toLocaleString("en", { notation: "compact" }) : n.toLocaleString("en");
}
