// What stands behind a number, for somebody at the keyboard: Enter on a tile opens it, Enter again lists the events it
// rests on, Escape closes it.
import { eventsBehind } from "./behind.js";
import { intervalText, missingText, statusOf, valueText } from "./format.js";
import { make } from "./nodes.js";

let catalogue = null;

async function definitions() {
  catalogue ??= Object.fromEntries((await (await fetch("/v1/kpis")).json()).kpis.map((kpi) => [kpi.slug, kpi]));
  return catalogue;
}

async function valueOf(key, tenant) {
  const [kpi, scope, window_] = key.split("|");
  const asked = new URLSearchParams({ kpi, scope, window: window_, tenant });
  const answer = await fetch(`/v1/values?${asked}`);
  if (!answer.ok) throw new Error(`the gateway answers ${answer.status}`);
  return { value: JSON.parse((await answer.text()).split("\n")[0]), link: `/v1/values?${asked}` };
}

function termsText(terms) {
  return terms.map((term) => `${term.weight === 1 ? "" : `${term.weight} × `}${term.measure}${term.facet ? ` (${term.facet})` : ""}`).join(" + ");
}

function formulaText(kpi) {
  if (!kpi) return "";
  const top = termsText(kpi.numerator ?? []);
  const bottom = termsText(kpi.denominator ?? []);
  return top && bottom ? `${top} ÷ (${bottom})` : top || kpi.form;
}

function facts(value, kpi, tile, frame) {
  const text = (amount) => valueText(amount, value.unit, frame, 20);
  const parts = (amount) => (amount === null ? "–" : amount.toLocaleString("en"));
  const facets = Object.entries(value.facets).map(([name, amount]) => `${name.replaceAll("_", " ")} ${amount.toLocaleString("en", { maximumFractionDigits: 3 })}`);
  return [
    ["Value", text(value.value)], ["Scope", `${value.scope}, ${value.window}`],
    ["Numerator", parts(value.numerator)], ["Denominator", parts(value.denominator)], ["n", value.n.toLocaleString("en")],
    ["95 % interval", intervalText(tile?.interval)], ["Compared with", tile?.before ? `${text(tile.before.value)} as of ${tile.before.as_of}` : ""],
    ["Status", statusOf(value.status).text], ["Missing", missingText(value.missing)], ["Restated", value.restated_at ?? ""],
    ["As of", value.as_of], ["Facets", facets.join(" · ")], ["Formula", formulaText(kpi)],
    ["Late data", kpi?.late ?? ""], ["Example", kpi?.example ?? ""], ["Definition", `${value.definition}`],
  ].filter(([, said]) => said !== "");
}

export function fill(dialog, title, rows, link) {
  const list = make("dl");
  for (const [name, said] of rows) list.append(make("dt", "", name), make("dd", "", said));
  const close = make("button", "", "Close");
  const form = make("form", "", close);
  form.method = "dialog";
  const heading = make("h2", "", title);
  heading.id = "detail-title";
  dialog.replaceChildren(heading, list);
  if (link) {
    const anchor = make("a", "", link);
    anchor.href = link;
    list.append(make("dt", "", "Source"), make("dd", "", anchor));
  }
  dialog.append(form);
}

// ``tile`` is what the board shows: it is told at once, and still where the gateway can't be asked.
export async function openDetail(dialog, key, tile, frame) {
  const slug = key.split("|")[0];
  fill(dialog, tile?.title ?? slug, tile?.n !== undefined && tile.unit ? facts(tile, catalogue?.[slug], tile, frame) : [], null);
  dialog.dataset.key = key;
  if (!dialog.open) dialog.showModal();
  try {
    const [kpis, { value, link }] = await Promise.all([definitions(), valueOf(key, frame.tenant)]);
    if (!dialog.open || dialog.dataset.key !== key) return;
    fill(dialog, kpis[slug]?.title ?? slug, facts(value, kpis[slug], tile, frame), link);
    const section = eventsBehind(key, frame);
    dialog.querySelector("form").before(section);
    section.querySelector("button").focus();
  } catch (failure) {
    dialog.append(make("p", "warn", `! ${failure.message}; this is what the board showed last`));
  }
}
