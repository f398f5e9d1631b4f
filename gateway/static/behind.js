// The events behind a number, for somebody at the keyboard. They name customers: nothing is asked for, let alone shown,
// before somebody wants to see them, and where API keys are configured one is needed.
import { moneyText, valueText } from "./format.js";
import { make } from "./nodes.js";
import { authorization, keyField } from "./owner.js";

const LISTED = 100;
const TRIES = 20; // the gateway may have to read the accounts first
const DAY_MS = 86400000;
const MONEY = new Set(["revenue", "won_amount"]);
const LENGTHS = new Set(["cycle_ms", "convert_ms"]);

function moneyOf(amount, currency, frame) {
  const digits = () => new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  return moneyText(amount, currency, currency === frame.currency ? frame.exponent : digits(), 20);
}

function addText({ measure, facet, amount }, frame) {
  const name = measure.replaceAll("_", " ");
  if (MONEY.has(measure)) return `${name} ${moneyOf(amount, facet, frame)}`;
  const label = facet ? `${name} ${facet.replaceAll("_", " ")}` : name;
  if (LENGTHS.has(measure)) return `${label.replace(" ms", "")} ${(amount / DAY_MS).toLocaleString("en", { maximumFractionDigits: 1 })} d`;
  return `${label} ${amount.toLocaleString("en").replace("-", "−")}`;
}

function tableOf(events, frame) {
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: frame.zone, day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const head = make("tr", "", ...["Time", "Event", "Account", "Rep", "Adds", "Source and id"].map((name) => make("th", "", name)));
  const rows = events.map((event) => {
    const adds = event.adds.map((add) => addText(add, frame)).join(" · ");
    const type = event.type.replace("sales.", "").replaceAll(/[._]/g, " ");
    const identity = event.id === null ? "settled" : `${event.source} ${event.id}`;
    const cells = [clock.format(new Date(event.time)), type, event.subject, event.reps.join(", "), adds, identity];
    return make("tr", "", ...cells.map((text) => make("td", "", text)));
  });
  const table = make("table", "", make("thead", "", head), make("tbody", "", ...rows));
  const box = make("div", "events", table);
  box.tabIndex = 0; // so that arrows move through it
  return box;
}

// The number may have moved since the detail was opened: it is said again.
function verdictOf(answer, frame) {
  if (!answer.complete) return ["warn", `! ${answer.why}`];
  const events = `${answer.count.toLocaleString("en")} ${answer.count === 1 ? "event" : "events"}`;
  return ["good", `● ${events}: all that ${valueText(answer.value.value, answer.value.unit, frame, 20)} rests on`];
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function ask(section, said, address) {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(address, { headers: authorization() });
    if (answer.status !== 503 || attempt === TRIES || !section.isConnected) return answer;
    said.textContent = `… ${(await answer.json()).detail}`;
    await pause(Number(answer.headers.get("Retry-After")) || 1);
  }
}

// A part of the detail: a button, and behind it the newest events of the number.
export function eventsBehind(key, frame) {
  const [kpi, scope, window_] = key.split("|");
  const address = `/v1/behind?${new URLSearchParams({ kpi, scope, window: window_, tenant: frame.tenant, limit: LISTED })}`;
  const [button, said, field] = [make("button", "", "Events behind it"), make("p"), keyField()];
  said.setAttribute("role", "status");
  button.type = "button";
  field.hidden = true;
  const section = make("section", "behind", button, " ", field, said);
  async function show() {
    section.querySelector(".events")?.remove();
    said.className = "";
    said.textContent = "… looking";
    try {
      const answer = await ask(section, said, address);
      const found = await answer.json();
      field.hidden &&= answer.status !== 401;
      [said.className, said.textContent] = answer.ok ? verdictOf(found, frame) : ["warn", `! ${found.detail}`];
      if (answer.ok && found.events.length) section.append(tableOf(found.events, frame));
      (answer.status === 401 ? field : section.querySelector(".events"))?.focus();
    } catch (failure) {
      [said.className, said.textContent] = ["warn", `! ${failure.message}`];
    }
  }
  button.addEventListener("click", show);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") show();
  });
  return section;
}
