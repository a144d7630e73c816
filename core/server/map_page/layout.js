// SPDX-License-Identifier: Apache-2.0
// Where everything stands: a box a trust domain, the agent's own in the middle, the others left and right of it. No forces and
// no chance: the same nodes stand in the same places, and a new one moves as few as can be. Knows no page.
import { domainOf } from "./calls.js";

export const RADIUS = 15;
const CELL = { width: 124, height: 92 };
const PAD = 16;
const HEAD = 30;
const GAP = { across: 110, down: 34 };

// A grid that is wider than high; the agent itself in the middle of its own.
function box(domain, ids, self) {
  const columns = Math.max(1, Math.ceil(Math.sqrt(ids.length * 0.8)));
  const rows = Math.ceil(ids.length / columns);
  const sorted = ids.filter((id) => id !== self).sort();
  if (ids.includes(self)) sorted.splice(Math.floor(ids.length / 2), 0, self);
  return { domain, ids: sorted, columns, width: columns * CELL.width + 2 * PAD, height: rows * CELL.height + HEAD + PAD };
}

function place(column, x, width, nodes, boxes) {
  const height = column.reduce((sum, one) => sum + one.height + GAP.down, -GAP.down);
  let y = -height / 2;
  for (const one of column) {
    const left = x + (width - one.width) / 2;
    boxes.push({ domain: one.domain, x: left, y, width: one.width, height: one.height });
    one.ids.forEach((id, index) => {
      nodes.set(id, {
        x: left + PAD + ((index % one.columns) + 0.5) * CELL.width,
        y: y + HEAD + (Math.floor(index / one.columns) + 0.42) * CELL.height,
      });
    });
    y += one.height + GAP.down;
  }
}

// `ids`: all nodes. Positions by id, boxes, and the rectangle around them.
export function layout(ids, self) {
  const byDomain = Map.groupBy(ids, domainOf);
  const own = domainOf(self);
  const others = [...byDomain].filter(([domain]) => domain !== own).map(([domain, members]) => box(domain, members, self));
  others.sort((a, b) => b.height - a.height || (a.domain < b.domain ? -1 : 1));
  const sides = [[], []];
  const heights = [0, 0];
  for (const one of others) {
    const side = heights[0] <= heights[1] ? 0 : 1;
    sides[side].push(one);
    heights[side] += one.height + GAP.down;
  }
  const columns = [sides[0], byDomain.has(own) ? [box(own, byDomain.get(own), self)] : [], sides[1]];
  const nodes = new Map();
  const boxes = [];
  let x = 0;
  for (const column of columns) {
    if (column.length === 0) continue;
    const width = Math.max(...column.map((one) => one.width));
    place(column, x, width, nodes, boxes);
    x += width + GAP.across;
  }
  const top = Math.min(0, ...boxes.map((one) => one.y));
  const bottom = Math.max(0, ...boxes.map((one) => one.y + one.height));
  return { nodes, boxes, frame: { x: -20, y: top - 20, width: Math.max(200, x - GAP.across + 40), height: bottom - top + 40 } };
}

// A curve from one node to another, each outcome on its own; where its mark stands.
export function curve(from, to, lane) {
  const bend = 12 + lane * 13;
  if (from === to) {
    const top = from.y - RADIUS - 26 - lane * 8;
    return { path: `M${from.x - 9},${from.y - RADIUS} C${from.x - 34},${top} ${from.x + 34},${top} ${from.x + 9},${from.y - RADIUS - 2}`, mark: { x: from.x, y: top + 6 } };
  }
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy);
  const [ux, uy] = [dx / length, dy / length];
  const bent = { x: (from.x + to.x) / 2 - uy * bend * 2, y: (from.y + to.y) / 2 + ux * bend * 2 };
  const edge = (at, r) => {
    const d = Math.hypot(bent.x - at.x, bent.y - at.y) || 1;
    return { x: at.x + ((bent.x - at.x) / d) * r, y: at.y + ((bent.y - at.y) / d) * r };
  };
  const a = edge(from, RADIUS + 5);
  const b = edge(to, RADIUS + 9);
  return {
    path: `M${a.x.toFixed(1)},${a.y.toFixed(1)} Q${bent.x.toFixed(1)},${bent.y.toFixed(1)} ${b.x.toFixed(1)},${b.y.toFixed(1)}`,
    mark: { x: (a.x + 2 * bent.x + b.x) / 4, y: (a.y + 2 * bent.y + b.y) / 4 },
  };
}
