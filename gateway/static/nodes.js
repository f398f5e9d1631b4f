// The few ways in which this page touches the document. What hasn't changed isn't written: drawing a frame makes no nodes.

export function make(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function mark(node, className) {
  if (node.className !== className) node.className = className;
}

export function widen(node, share) {
  const width = `${(Math.min(Math.max(share, 0), 1) * 100).toFixed(1)}%`;
  if (node.style.width !== width) node.style.width = width;
}

// A number is never cut: one too long for its place is drawn smaller, down to what can still be read across the room.
export function fit(node, room) {
  if (node.fitted === `${node.textContent}|${room.clientWidth}`) return;
  node.style.fontSize = "";
  const [needed, there] = [node.scrollWidth, room.clientWidth];
  if (needed > there && there > 0) node.style.fontSize = `${Math.floor((parseFloat(getComputedStyle(node).fontSize) * there) / needed) - 1}px`;
  node.fitted = `${node.textContent}|${room.clientWidth}`;
}

// As many children as there are rows, each drawn from its row.
export function keepRows(parent, rows, create, draw) {
  while (parent.children.length > rows.length) parent.lastElementChild.remove();
  while (parent.children.length < rows.length) parent.append(create());
  rows.forEach((row, place) => draw(parent.children[place], row, place));
}
