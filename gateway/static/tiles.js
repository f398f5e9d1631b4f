// Tiles: a value, what changed, its target or pace, what it rests on, how far to believe it, and of when it is.
import { drawTrend, hasTrend } from "./chart.js";
import {
  againstText, asOfText, changeOf, countText, intervalText, lackOf, moneyText, paceOf, shareText, shownStatus, unitText, valueText,
} from "./format.js";
import { drawSpark } from "./spark.js";
import { fit, keepRows, make, mark, widen, write } from "./nodes.js";

const [KINDS_SHOWN, STAGES_SHOWN] = [6, 2];

function build(tile) {
  const at = {};
  for (const name of ["title", "badge", "number", "unit", "change", "against", "ground", "goal", "as", "spark", "stages", "legend"]) at[name] = make("span", name);
  at.heading = make("h2", "", at.title);
  at.value = make("div", "value", at.number, at.unit);
  const node = make("article", `tile${tile.hero ? " hero" : ""}${tile.wide ? " wide" : ""}`, make("div", "line", at.heading, at.badge));
  const versus = make("div", "against", at.change, tile.hero ? " " : make("br"), at.against, ...(tile.hero ? [at.legend] : []));
  at.line = make("div", "line", at.value, ...(tile.hero ? [] : [tile.wide ? at.stages : at.spark, versus]));
  node.append(at.line);
  if (tile.hero) node.append(versus, (at.goalLine = make("div", "goal-line")), (at.more = make("div", "more")));
  node.append(make("div", "line ground-line quiet", make("span", "", at.ground, at.goal), at.as));
  node.tabIndex = 0;
  node.at = at;
  return node;
}

// How stalled deals weigh, and how long the oldest has waited.
function worthOf(tile, frame) {
  const { amount, oldest } = tile.facets;
  if (!tile.value) return ["none"];
  return [
    ...(amount === undefined ? [] : [`worth ${moneyText(amount, frame.currency, frame.exponent, 8)}`]),
    ...(oldest === undefined ? [] : [`oldest ${countText(oldest)} d`]),
  ];
}

// "stage:standard|proposal" is the stage of a pipeline; two lines have room for those where most stand.
function drawStages(node, tile) {
  const counts = Object.entries(tile.facets).filter(([name]) => name.startsWith("stage:")).sort((a, b) => b[1] - a[1]).slice(0, STAGES_SHOWN);
  keepRows(node, counts, () => make("span", "stage quiet"), (line, [name, count]) => {
    write(line, `${name.slice(name.lastIndexOf("|") + 1).replace("stage:", "").replaceAll("_", " ")} ${countText(count)}`);
  });
}

function groundText(tile, frame) {
  const parts = [`n ${countText(tile.n)}`];
  if (tile.kpi === "stalled_deals") parts.push(...worthOf(tile, frame));
  else if (tile.interval) parts.push(intervalText(tile.interval));
  else if (tile.target && !tile.hero) parts.push(`${shareText(tile.target.attainment ?? 0, 0)} of ${valueText(tile.target.value, tile.unit, frame, 7)}`);
  else if (tile.kpi === "rep_stall") parts.push(`longest ${tile.value ?? 0} min`);
  else if (tile.facets.median !== undefined) parts.push(`median ${valueText(tile.facets.median, tile.unit, frame)} d`);
  else if (!tile.hero) parts.push("no target");
  return parts.join(" · ");
}

function drawGoal(at, tile, frame) {
  if (!at.gauge) {
    at.gauge = make("div", "gauge", (at.done = make("div", "done")), (at.tick = make("div", "mark")));
    at.goalLine.append((at.pace = make("div", "line", make("span"), make("span", "quiet"))), at.gauge);
  }
  const target = tile.target;
  at.gauge.hidden = !target;
  if (!target) {
    write(at.pace.firstChild, "No target is set");
    mark(at.pace.firstChild, "quiet");
    write(at.pace.lastChild, "");
    return;
  }
  const pace = paceOf(target.pace);
  write(at.pace.firstChild, pace ? `${pace.text}, ${shareText(target.pace, 0)} of pace` : "no pace yet");
  mark(at.pace.firstChild, pace?.grade ?? "quiet");
  write(at.pace.lastChild, `of ${moneyText(target.value, frame.currency, frame.exponent, 8)}`);
  widen(at.done, target.attainment ?? 0);
  const expected = `${Math.min(100, (100 * (target.expected ?? 0)) / (target.value || 1)).toFixed(1)}%`;
  if (at.tick.style.left !== expected) at.tick.style.left = expected;
}

function drawKinds(node, tile) {
  mark(node, "more kinds");
  const kinds = Object.entries(tile.facets).sort((a, b) => b[1] - a[1]).slice(0, KINDS_SHOWN);
  const most = Math.max(...kinds.map(([, amount]) => amount), 1);
  const create = () => make("div", "kind", make("span", "quiet"), make("div", "bar"), make("span", "amount"));
  keepRows(node, kinds, create, (row, [name, amount]) => {
    write(row.children[0], name.replaceAll("_", " "));
    widen(row.children[1], amount / most);
    write(row.children[2], countText(amount));
  });
}

export function drawTile(node, tile, frame) {
  const at = node.at;
  const status = shownStatus(tile.status, frame);
  node.dataset.key = tile.key;
  mark(node, `tile${tile.hero ? " hero" : ""}${tile.wide ? " wide" : ""}${tile.status === "stale" ? " stale" : ""}${tile.status === "insufficient" ? " few" : ""}`);
  write(at.title, tile.title);
  write(at.badge, status.text);
  mark(at.badge, `badge ${status.grade}`);
  write(at.number, tile.shown !== undefined ? valueText(tile.shown ?? tile.value, "reps", frame) : valueText(tile.value, tile.unit, frame, tile.hero ? 10 : 8));
  write(at.unit, tile.shown !== undefined || tile.wide ? `of ${countText(tile.n)}` : unitText(tile.unit));
  // What a number lacks is more urgent than what it was.
  const [lack, change] = [lackOf(tile.missing), changeOf(tile)];
  write(at.change, lack?.who ?? change?.text ?? "");
  mark(at.change, `change ${lack ? "warn" : (change?.grade ?? "")}`);
  write(at.against, lack?.what ?? (change ? againstText(tile.before, tile.window, frame.zone) : ""));
  mark(at.against, "quiet");
  write(at.ground, groundText(tile, frame));
  write(at.as, asOfText(tile.as_of, frame));
  if (tile.wide) drawStages(at.stages, tile);
  else if (!tile.hero) drawSpark(at.spark, tile);
  if (!tile.hero) return;
  if (tile.unit.startsWith("money") || tile.target) drawGoal(at, tile, frame);
  if (hasTrend(tile)) drawTrend(at.more, tile, at.legend);
  else if (tile.kpi === "activity_count") drawKinds(at.more, tile);
  else mark(at.more, "more");
}

export class TilesPage {
  constructor() {
    this.node = make("div", "tiles");
    this.keys = "";
  }

  draw(page, frame) {
    const keys = page.tiles.map((tile) => tile.key).join();
    if (keys !== this.keys) {
      this.node.replaceChildren(...page.tiles.map(build));
      this.keys = keys;
      this.node.className = page.tiles.some((tile) => tile.wide) ? "tiles beside" : "tiles";
    }
    page.tiles.forEach((tile, place) => drawTile(this.node.children[place], tile, frame));
  }

  // Measured once it is in the document.
  settle() {
    for (const tile of this.node.children) fit(tile.at.number, tile.at.line);
  }
}
