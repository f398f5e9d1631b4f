// The hero's trend: this month against the one before, day by day, drawn by uPlot. Its words stand beside it, in letters
// that can be read across the room.
import { make, mark, write } from "./nodes.js";

const INFO = "#56b4e9";
const QUIET = "#b3bcc8";

export function hasTrend(tile) {
  return Boolean(tile.trend && tile.trend.now.length + tile.trend.before.length > 1);
}

function columnsOf(trend) {
  const days = Math.max(trend.now.length, trend.before.length);
  const line = (values) => Array.from({ length: days }, (_, day) => values[day] ?? null);
  return [Array.from({ length: days }, (_, day) => day + 1), line(trend.now), line(trend.before)];
}

function monthText(first, back) {
  const date = new Date(`${first}T12:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() - back);
  return new Intl.DateTimeFormat("en-GB", { month: "long", timeZone: "UTC" }).format(date);
}

function begin(node, legend) {
  mark(legend, "legend quiet");
  legend.replaceChildren(make("span", "now"), make("span", "then"));
  node.place = make("div", "chart");
  node.replaceChildren(node.place);
}

export function drawTrend(node, tile, legend) {
  mark(node, "more trend");
  if (!node.place) begin(node, legend);
  write(legend.children[0], monthText(tile.trend.month, 0));
  write(legend.children[1], monthText(tile.trend.month, 1));
  const [width, height] = [node.place.clientWidth, node.place.clientHeight];
  const wanted = JSON.stringify([tile.trend, width, height]);
  if (wanted === node.drawn || !width || !height || !globalThis.uPlot) return;
  node.drawn = wanted;
  const columns = columnsOf(tile.trend);
  if (node.plot) {
    node.plot.setSize({ width, height });
    node.plot.setData(columns);
    return;
  }
  const thick = Math.max(3, innerWidth / 240);
  const options = {
    width, height, legend: { show: false }, cursor: { show: false }, padding: [thick, thick, thick, thick],
    scales: { x: { time: false }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 1, 1)] } },
    axes: [{ show: false }, { show: false }],
    series: [
      {},
      { stroke: INFO, width: thick, fill: "rgba(86, 180, 233, .16)", points: { show: tile.trend.now.length === 1, size: thick * 3, fill: INFO } },
      { stroke: QUIET, width: thick * 0.6, dash: [thick * 2, thick * 2], points: { show: false } },
    ],
  };
  node.plot = new globalThis.uPlot(options, columns, node.place);
}
