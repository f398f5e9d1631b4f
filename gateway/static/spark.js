// The last days of a small tile's number, drawn beside it: a bar for what each day brought, a line for what is counted over
// many days. Without words: the number itself, and what changed, are written.
const SPACE = "http://www.w3.org/2000/svg";
const [WIDE, HIGH, LEAST] = [140, 40, 1.5];

function shape(name, attributes) {
  const node = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function bars(values) {
  const most = Math.max(...values.map((value) => value ?? 0), 1);
  const step = WIDE / values.length;
  return values.map((value, day) => {
    const height = Math.max((HIGH * Math.max(value ?? 0, 0)) / most, LEAST);
    const place = { x: (day * step).toFixed(2), y: (HIGH - height).toFixed(2), width: (step * 0.68).toFixed(2), height: height.toFixed(2) };
    return shape("rect", { ...place, class: day === values.length - 1 ? "now" : "then" });
  });
}

function line(values) {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const at = (value, day) => [
    ((day * (WIDE - 8)) / (values.length - 1) + 4).toFixed(2),
    (high === low ? HIGH / 2 : 4 + ((HIGH - 8) * (high - value)) / (high - low)).toFixed(2),
  ];
  const points = values.map((value, day) => (value === null ? null : at(value, day))).filter(Boolean);
  const [x, y] = points.at(-1);
  return [shape("polyline", { points: points.map((point) => point.join()).join(" "), class: "way" }), shape("path", { d: `M${x} ${y}h.01`, class: "here" })];
}

export function drawSpark(node, tile) {
  const values = tile.spark ?? [];
  const wanted = JSON.stringify(values);
  if (wanted === node.drawn) return;
  node.drawn = wanted;
  if (values.filter((value) => value !== null).length < 2) {
    node.replaceChildren();
    return;
  }
  const picture = shape("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  picture.append(...(tile.window === "today" ? bars(values) : line(values)));
  node.replaceChildren(picture);
}
