// Wins: each deal once, one after another, silently, for some seconds.
import { moneyText } from "./format.js";
import { keepSeen, seenWins } from "./keep.js";
import { make } from "./nodes.js";

const SHOWN_MS = 6000;
const PAUSE_MS = 600;
const IN_A_ROW = 3; // then the board gets its turn
const REST_MS = 20000;
const QUEUE_MAX = 10;
const NEWS_MS = 120000; // what a page missed by more than this is no news

export class Cheer {
  constructor(node, wall) {
    this.node = node;
    this.wall = wall;
    this.seen = seenWins(wall);
    this.queue = [];
    this.isBusy = false;
    this.inARow = 0;
  }

  hear(wins, nowMs) {
    const fresh = wins.filter((win) => !this.seen.has(win.mark));
    if (fresh.length === 0) return;
    for (const win of fresh) {
      this.seen.add(win.mark);
      if (nowMs - win.at_ms <= NEWS_MS) this.queue.push(win);
    }
    this.queue.splice(0, Math.max(0, this.queue.length - QUEUE_MAX));
    keepSeen(this.wall, this.seen);
    this.next();
  }

  next() {
    if (this.isBusy || this.queue.length === 0) return;
    this.isBusy = true;
    const win = this.queue.shift();
    this.node.dataset.mark = win.mark;
    this.node.replaceChildren(
      make("p", "won", "★ Deal won ★"),
      make("p", "who", win.name ?? win.team ?? "The company"),
      make("p", "amount", moneyText(win.amount_minor, win.currency, win.exponent, 10)),
      make("p", "team", win.name && win.team ? `team ${win.team}` : " "),
    );
    this.node.hidden = false;
    setTimeout(() => {
      this.node.hidden = true;
      const rests = ++this.inARow >= IN_A_ROW;
      if (rests || this.queue.length === 0) this.inARow = 0;
      setTimeout(() => {
        this.isBusy = false;
        this.next();
      }, rests ? REST_MS : PAUSE_MS);
    }, SHOWN_MS);
  }
}
