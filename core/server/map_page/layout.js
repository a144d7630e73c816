// SPDX-License-Identifier: Apache-2.0
// Where everything stands: a box a trust domain, the agent's own in the middle with the agent at its heart, the others left and
// right. No forces and no chance: the same nodes stand in the same places. Knows no page.
import { domainOf } from "./calls.js";

export const RADIUS = 15;
const CELL = { width: 114, height: 90 };
const PAD = 16;
const HEAD = 30;
const GAP = { across: 70, down: 34 };

const titleWidth = (domain) => Math.min(320, [...domain].length * 7.6 + 30);

// Where the members of a box stand, measured from its upper left corner.
function grid(domain, ids) {
  const columns = Math.max(1, Math.ceil(Math.sqrt(ids.length * 0.8)));
  const rows = Math.ceil(ids.length / columns);
  const width = Math.max(columns * CELL.width + 2 * PAD, titleWidth(domain));
  const left = (width - columns * CELL.width) / 2;
  const spots = ids.sort().map((id, index) => [id, {
    x: left + ((index % columns) + 0.5) * CELL.width,
    y: HEAD + (Math.floor(index / columns) + 0.42) * CELL.height,
  }]);
  return { domain, spots, width, height: rows * CELL.height + HEAD + PAD };
}

// Around ourselves, ring by ring, so that no call passes over another caller: almost all of them lead to us.
function rings(domain, ids, self) {
  const others = ids.filter((id) => id !== self).sort();
  const spots = [[self, { x: 0, y: 0 }]];
  let radius = 0;
  for (let placed = 0; placed < others.length; ) {
    radius += radius === 0 ? 124 : 112;
    const fits = Math.floor((2 * Math.PI * radius) / CELL.width);
    const here = others.slice(placed, placed + fits);
    here.forEach((id, index) => {
      const angle = (2 * Math.PI * (index + 0.5 * (radius % 2))) / here.length - Math.PI / 2;
      spots.push([id, { x: radius * 1.15 * Math.cos(angle), y: radius * Math.sin(angle) }]);
    });
    placed += here.length;
  }
  const across = Math.max(radius * 1.15 + CELL.width / 2, titleWidth(domain) / 2);
  const down = radius + CELL.height / 2;
  for (const [, spot] of spots) {
    spot.x += across + PAD;
    spot.y += down + HEAD - 8;
  }
  return { domain, spots, width: 2 * (across + PAD), height: 2 * down + HEAD + PAD };
}

function place(column, x, width, nodes, boxes) {
  const height = column.reduce((sum, one) => sum + one.height + GAP.down, -GAP.down);
  let y = -height / 2;
  for (const one of column) {
    const left = x + (width - one.width) / 2;
    boxes.push({ domain: one.domain, x: left, y, width: one.width, height: one.height });
    for (const [id, spot] of one.spots) nodes.set(id, { x: left + spot.x, y: y + spot.y });
    y += one.height + GAP.down;
  }
}

// `ids`: all nodes. Positions by id, boxes, and the rectangle around them.
export function layout(ids, self) {
  const byDomain = Map.groupBy(ids, domainOf);
  const own = domainOf(self);
  const others = [...byDomain].filter(([domain]) => domain !== own).map(([domain, members]) => grid(domain, members));
  others.sort((a, b) => b.height - a.height || (a.domain < b.domain ? -1 : 1));
  const sides = [[], []];
  const heights = [0, 0];
  for (const one of others) {
    const side = heights[0] <= heights[1] ? 0 : 1;
    sides[side].push(one);
    heights[side] += one.height + GAP.down;
  }
  const columns = [sides[0], [rings(own, byDomain.get(own) ?? [], self)], sides[1]];
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
