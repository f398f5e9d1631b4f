// Pages that are lists: who is first, how goals stand, who publishes.
import { agoText, asOfText, countText, intervalText, paceOf, shareText, shownStatus, statusOf, valueText, whenText } from "./format.js";
import { keepRows, make, mark, widen, write } from "./nodes.js";

const POLICIES = {
  full: "every rank", top_n: "the first three", team_only: "teams only", personal_best: "personal bests", off: "switched off",
};

function foot() {
  return make("p", "foot", make("span"), make("span"));
}

function row(...names) {
  const node = make("div", "row", ...names.map((name) => make("span", name)));
  node.tabIndex = 0;
  return node;
}

// A bar along the lower edge of a row, from one share of its width to another.
function stretch(node, from, to) {
  const [left, width] = [from, Math.max(Math.min(to, 1) - from, 0)].map((share) => `${(share * 100).toFixed(1)}%`);
  if (node.style.left !== left) node.style.left = left;
  if (node.style.width !== width) node.style.width = width;
}

function changeText(change) {
  if (!change) return { text: "", grade: "" };
  return change > 0 ? { text: `▲ ${change}`, grade: "good" } : { text: `▼ ${-change}`, grade: "bad" };
}

export class RankingPage {
  constructor() {
    this.node = make("section", "list ranking", (this.rows = make("div", "rows")), (this.foot = foot()));
    this.empty = make("p", "empty");
  }

  draw(page, frame) {
    mark(this.node, `list ranking${frame.stale ? " stale" : ""}`);
    this.rows.hidden = page.rows.length === 0;
    if (page.rows.length === 0) {
      write(this.empty, page.policy === "off" ? "Leaderboards are switched off here" : "Nobody has a number yet");
      if (!this.empty.isConnected) this.node.prepend(this.empty);
    } else this.empty.remove();
    keepRows(this.rows, page.rows, () => row("rank", "change", "name", "figure", "gap right quiet", "ground right quiet", "span"), (node, each) => this.drawRow(node, each, page, frame));
    const statuses = [...new Set(page.rows.map((each) => shownStatus(each.status, frame).text))];
    const beside = page.rows.some((each) => each.interval) ? " · bar: 95 % interval" : page.policy === "personal_best" ? "" : " · −: behind the rank above";
    write(this.foot.firstChild, `${page.scope_kind === "team" ? "teams" : "reps"}: ${countText(page.of)} · ${POLICIES[page.policy] ?? page.policy}${beside}`);
    write(this.foot.lastChild, [statuses.slice(0, 2).join(" "), asOfText(frame.as_of, frame)].filter(Boolean).join(" · "));
  }

  drawRow(node, each, page, frame) {
    const [rank, change, name, figure, gap, ground, span] = node.children;
    node.dataset.key = `${page.kpi}|${each.scope}|${page.window}`;
    mark(node, `row${each.rank === 1 ? " first" : ""}`);
    const few = each.status === "insufficient";
    const moved = changeText(each.facets.change);
    write(rank, each.rank === null ? (few ? "~" : "") : `${each.rank}`);
    write(change, moved.text);
    mark(change, `change ${moved.grade}`);
    write(name, each.name);
    write(figure, few ? "too few" : valueText(each.facets.value, page.unit, frame, 9));
    mark(figure, `figure${few ? " quiet" : ""}`);
    const best = each.facets.best;
    if (best !== undefined) write(gap, `best ${valueText(best, page.unit, frame, 8)}`);
    else if (each.interval) write(gap, intervalText(each.interval));
    else write(gap, each.rank === 1 || few ? "" : `−${valueText(each.facets.gap_to_next, page.unit, frame, 8)}`);
    write(ground, `n ${countText(each.n)}`);
    const first = page.rows[0].facets.value;
    if (each.interval && !few) stretch(span, each.interval[0], each.interval[1]);
    else stretch(span, 0, few || !(first > 0) || page.direction !== "up" ? 0 : each.facets.value / first);
  }

  settle() {}
}

export class GoalsPage {
  constructor() {
    this.node = make("section", "list goals", (this.rows = make("div", "rows")), (this.foot = foot()));
    this.empty = make("p", "empty", "No targets are set; they are published as sales.target.set");
  }

  draw(page, frame) {
    mark(this.node, `list goals${frame.stale ? " stale" : ""}`);
    this.rows.hidden = page.rows.length === 0;
    if (page.rows.length === 0) {
      if (!this.empty.isConnected) this.node.prepend(this.empty);
    } else this.empty.remove();
    const create = () => {
      const node = row("name", "figure", "gauge", "pace", "gap right quiet");
      node.children[2].append(make("div", "done"), make("div", "mark"));
      return node;
    };
    const windows = new Set(page.rows.map((each) => each.window));
    this.isMixed = windows.size > 1;
    keepRows(this.rows, page.rows, create, (node, each) => this.drawRow(node, each, frame));
    const n = page.rows.reduce((sum, each) => Math.max(sum, each.n), 0);
    const status = page.rows.length ? shownStatus(page.rows[0].status, frame).text : "";
    const when = windows.size === 1 ? `${PERIODS[page.rows[0].window] ?? page.rows[0].window} · ` : "";
    write(this.foot.firstChild, `${page.of > page.rows.length ? `${page.rows.length} of ${page.of} · ` : ""}${when}n ${countText(n)} · white: expected by now`);
    write(this.foot.lastChild, [status, asOfText(frame.as_of, frame)].filter(Boolean).join(" · "));
  }

  drawRow(node, each, frame) {
    const [name, figure, gauge, pace, gap] = node.children;
    node.dataset.key = `${each.kpi}|${each.scope}|${each.window}`;
    const judged = paceOf(each.facets.pace);
    write(name, this.isMixed ? `${each.name} ${each.window}` : each.name);
    write(figure, each.value === null ? "–" : shareText(each.value, 0));
    widen(gauge.firstChild, each.value ?? 0);
    const left = `${Math.min(99, (100 * (each.facets.expected ?? 0)) / (each.denominator || 1)).toFixed(1)}%`;
    if (gauge.lastChild.style.left !== left) gauge.lastChild.style.left = left;
    write(pace, judged?.text ?? "no pace");
    mark(pace, `pace ${judged?.grade ?? "quiet"}`);
    const open = each.facets.gap ?? 0;
    const amount = valueText(Math.abs(open), each.counts === "money" ? "money" : "number", frame, 7);
    write(gap, open > 0 ? `${amount} to go` : `+${amount}`);
  }

  settle() {}
}

const PERIODS = { mtd: "this month", qtd: "this quarter", ytd: "this year" };
const [FEW, NAMED] = [4, 6]; // rows that leave room for words; names that stand there
const SEVERITIES = { critical: ["!!", "bad"], warning: ["!", "warn"], info: ["~", "info"] };

export class AlertsPage {
  constructor() {
    this.told = make("p", "told quiet");
    this.node = make("section", "list alerts", (this.rows = make("div", "rows")), this.told, (this.foot = foot()));
  }

  draw(page, frame) {
    keepRows(this.rows, page.rows, () => row("grade", "name", "right quiet", "right quiet"), (node, each) => {
      const [sign, grade] = SEVERITIES[each.severity] ?? ["!", "warn"];
      node.dataset.alert = each.id;
      write(node.children[0], sign);
      mark(node.children[0], `grade ${grade}`);
      write(node.children[1], each.title);
      write(node.children[2], each.who ?? each.scope);
      write(node.children[3], each.state === "firing" ? `since ${whenText(each.since_ms, frame)}` : each.state);
    });
    // A few alerts leave room for what the gravest has to say.
    const [gravest] = page.rows;
    const few = page.rows.length <= FEW;
    mark(this.node, `list alerts${few ? " few" : ""}`);
    this.told.hidden = !few;
    const others = (gravest.members ?? []).slice(1, 1 + NAMED);
    const more = (gravest.of ?? 0) - 1 - others.length;
    const also = others.length ? ` Also: ${others.map((each) => each.who).join(", ")}${more > 0 ? ` and ${more} more` : ""}.` : "";
    write(this.told, `${gravest.text} ${gravest.next_step}${also}`);
    write(this.foot.firstChild, `${page.of} open`);
    write(this.foot.lastChild, asOfText(frame.as_of, frame));
  }

  settle() {}
}

export class TrustPage {
  constructor() {
    this.number = make("span", "number");
    this.unit = make("span", "unit");
    this.what = make("div", "kinds");
    this.which = make("div", "which");
    this.lag = make("p");
    this.rows = make("div", "rows");
    const tile = make("article", "tile", make("h2", "", "Numbers live"), make("div", "", this.number, this.unit), this.lag, this.what, this.which);
    this.node = make("section", "trust", tile, make("div", "list", this.rows, (this.foot = foot())));
  }

  draw(page, frame) {
    const isOld = frame.oldMs !== undefined;
    const all = Object.values(page.statuses).reduce((sum, count) => sum + count, 0);
    const statuses = isOld ? { old: all } : page.statuses;
    const counted = Object.entries(statuses).sort((a, b) => b[1] - a[1]);
    write(this.number, `${statuses.live ?? 0}`);
    write(this.unit, `of ${all}`);
    write(this.lag, isOld ? "! no gateway" : frame.stale ? "! pipeline is behind" : "● pipeline keeps up");
    mark(this.lag, isOld || frame.stale ? "warn" : "good");
    const doubts = isOld || frame.stale ? [] : page.doubts ?? [];
    keepRows(this.which, doubts, () => make("p", "quiet"), (node, each) => {
      const team = each.scope.startsWith("team:") ? `, ${each.scope.slice(5)}` : "";
      write(node, `${statusOf(each.status).text.slice(0, 1)} ${each.title}${team}`);
    });
    const others = counted.filter(([status]) => status !== "live").slice(0, 5);
    keepRows(this.what, others, () => make("p"), (node, [status, count]) => {
      write(node, `${statusOf(status).text} ${count}`);
      mark(node, statusOf(status).grade);
    });
    keepRows(this.rows, page.sources, () => {
      const node = row("name", "right");
      node.children[0].append(make("span"), make("span", "beat quiet"));
      return node;
    }, (node, each) => {
      write(node.children[0].firstChild, each.source);
      write(node.children[0].lastChild, each.interval_s ? `a sign of life each ${agoText(each.interval_s * 1000)}` : "no heartbeat");
      const ago = agoText(frame.made_ms - each.last_ms + (frame.oldMs ?? 0));
      const isKnown = !isOld && !frame.stale; // else it may have spoken, and we didn't hear
      write(node.children[1], each.silent && isKnown ? `! silent ${ago}` : `${isKnown ? "●" : "–"} ${ago} ago`);
      mark(node.children[1], `right ${!isKnown ? "quiet" : each.silent ? "bad" : "good"}`);
    });
    write(this.foot.firstChild, page.of ? `${page.of} sources, ${page.silent} silent` : "no source yet");
    write(this.foot.lastChild, asOfText(frame.as_of, frame));
  }

  settle() {}
}
