// SPDX-License-Identifier: Apache-2.0
// The drawing. Elements are made once and then only changed: a thousand edges cost one look a second.
import { byId, shortName, shortened, spanText, svg } from "./dom.js";
import { OUTCOMES, RANK } from "./calls.js";
import { RADIUS, curve, layout } from "./layout.js";

const LIFE = RADIUS + 4;

export class Graph {
  // `choose` gets an edge's id, `look` a node's.
  constructor(stage, choose, look) {
    this.choose = choose;
    this.look = look;
    this.root = svg("svg", { role: "img", "aria-label": "Agents and the calls between them; the list beside it says the same" });
    const arrow = (name) => svg("marker", { id: `arrow-${name}`, class: name, viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, svg("path", { d: "M0,0 L8,4 L0,8 z" }));
    this.root.append(svg("defs", {}, ...OUTCOMES.map((outcome) => arrow(outcome.name))));
    this.layers = ["boxes", "edges", "nodes"].map((name) => svg("g", { class: name }));
    this.root.append(...this.layers);
    stage.append(this.root);
    this.nodes = new Map();
    this.edges = new Map();
    this.names = "";
    this.watchPointer(stage);
  }

  draw(calls, rows, chosen) {
    const ids = new Set([calls.agent.spiffe_id]);
    for (const edge of calls.edges.values()) ids.add(edge.from).add(edge.to);
    this.arrange([...ids], calls.agent.spiffe_id);
    this.drawEdges(rows, chosen);
    for (const [id, node] of this.nodes) this.drawLife(node, calls.lives[id], calls.now);
    const busy = new Set(rows.flatMap((row) => [row.edge.from, row.edge.to]));
    for (const [id, node] of this.nodes) node.group.classList.toggle("quiet", !busy.has(id) && id !== calls.agent.spiffe_id);
  }

  // Only when somebody came or went.
  arrange(ids, self) {
    const names = ids.sort().join("\n") + "\n\n" + self;
    if (names === this.names) return;
    this.names = names;
    const places = layout(ids, self);
    this.places = places.nodes;
    this.frame = places.frame;
    this.layers[0].replaceChildren(...places.boxes.map((box) => this.box(box)));
    this.nodes = new Map(ids.map((id) => [id, this.node(id, places.nodes.get(id), id === self)]));
    this.layers[2].replaceChildren(...[...this.nodes.values()].map((node) => node.group));
    this.edges.clear();
    this.layers[1].replaceChildren();
    if (!this.moved) this.showAll();
  }

  box(box) {
    const room = Math.floor((box.width - 16) / 8);
    return svg("g", {},
      svg("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: 10 }),
      svg("text", { x: box.x + 12, y: box.y + 20 }, shortened(box.domain, room), svg("title", {}, box.domain)));
  }

  node(id, at, own) {
    const group = svg("g", { class: own ? "node own" : "node", transform: `translate(${at.x.toFixed(1)},${at.y.toFixed(1)})` });
    const shape = id.startsWith("spiffe://")
      ? svg("circle", { r: RADIUS, class: "body" })
      : svg("rect", { x: -RADIUS, y: -RADIUS, width: 2 * RADIUS, height: 2 * RADIUS, rx: 3, class: "body" });
    const ring = svg("circle", { r: LIFE, class: "life", pathLength: 100, transform: "rotate(-90)", "stroke-dasharray": "0 100" });
    const title = svg("title", {}, id);
    group.append(svg("circle", { r: LIFE, class: "track" }), ring, shape,
      svg("text", { y: 5, class: "initial" }, own ? "★" : [...shortName(id)][0] ?? "?"),
      svg("text", { y: RADIUS + 22, class: "name" }, shortened(shortName(id), 17)),
      svg("text", { y: RADIUS + 36, class: "left" }), title);
    group.addEventListener("click", () => this.look(id));
    return { group, ring, title, id };
  }

  drawLife(node, life, now) {
    const left = life ? life[1] - now : 0;
    const share = life ? Math.max(0, Math.min(1, left / Math.max(1, life[1] - life[0]))) : 0;
    node.ring.setAttribute("stroke-dasharray", `${(share * 100).toFixed(1)} 100`);
    node.group.dataset.life = !life ? "unknown" : left <= 0 ? "over" : share < 0.2 ? "short" : "long";
    const words = !life ? "" : left <= 0 ? "SVID expired" : `${spanText(left)} left`;
    node.group.querySelector(".left").textContent = words;
    node.title.textContent = words ? `${node.id}\nSVID: ${words} (${Math.round(share * 100)}%)` : node.id;
  }

  drawEdges(rows, chosen) {
    this.root.classList.toggle("many", rows.length > 60);
    this.root.classList.toggle("one", chosen !== null);
    const seen = new Set();
    for (const { edge, count } of rows) {
      seen.add(edge.id);
      const shape = this.edges.get(edge.id) ?? this.edge(edge);
      shape.line.setAttribute("stroke-width", (1.2 + Math.log10(count) * 1.1).toFixed(2));
      shape.group.classList.toggle("chosen", edge.id === chosen);
      if (edge.id === chosen && this.layers[1].lastChild !== shape.group) this.layers[1].append(shape.group);
      const words = `${shortName(edge.from)} → ${shortName(edge.to)}: ${count} ${OUTCOMES[RANK[edge.outcome]].label}`;
      if (shape.title.textContent !== words) shape.title.textContent = words;
    }
    for (const [id, shape] of this.edges) shape.group.classList.toggle("gone", !seen.has(id));
  }

  edge(edge) {
    const { path, mark } = curve(this.places.get(edge.from), this.places.get(edge.to), OUTCOMES.length - 1 - RANK[edge.outcome]);
    const line = svg("path", { d: path, class: "line", "marker-end": `url(#arrow-${edge.outcome})` });
    const title = svg("title");
    const group = svg("g", { class: `edge ${edge.outcome}`, "data-edge": edge.id }, line, svg("path", { d: path, class: "reach" }), title);
    if (edge.outcome !== "allowed") {
      group.append(svg("circle", { cx: mark.x.toFixed(1), cy: mark.y.toFixed(1), r: 8, class: "plate" }),
        svg("text", { x: mark.x.toFixed(1), y: (mark.y + 4).toFixed(1), class: "mark" }, OUTCOMES[RANK[edge.outcome]].mark));
    }
    group.addEventListener("click", () => this.choose(edge.id));
    this.layers[1].append(group);
    const shape = { group, line, title };
    this.edges.set(edge.id, shape);
    return shape;
  }

  showAll() {
    this.moved = false;
    this.view = { ...this.frame };
    this.apply();
  }

  zoom(factor, at = { x: 0.5, y: 0.5 }) {
    this.moved = true;
    const view = this.view;
    const width = Math.min(Math.max(view.width * factor, 120), this.frame.width * 4);
    const scale = width / view.width;
    view.x += view.width * at.x * (1 - scale);
    view.y += view.height * at.y * (1 - scale);
    view.width = width;
    view.height *= scale;
    this.move();
  }

  // A large drawing is moved as the picture it is, and drawn anew when the hand rests.
  move() {
    if (!this.root.classList.contains("many")) return this.apply();
    const area = this.root.parentNode.getBoundingClientRect();
    const scale = (view) => Math.min(area.width / view.width, area.height / view.height);
    const middle = (view) => ({ x: view.x + view.width / 2, y: view.y + view.height / 2 });
    const [from, to, size] = [middle(this.drawn), middle(this.view), scale(this.view)];
    this.root.style.transform = `translate(${(from.x - to.x) * size}px, ${(from.y - to.y) * size}px) scale(${size / scale(this.drawn)})`;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.apply(), 150);
  }

  apply() {
    clearTimeout(this.resting);
    this.drawn = { ...this.view };
    this.root.style.transform = "";
    const { x, y, width, height } = this.view;
    this.root.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    // What could not be read from so far away only costs time.
    this.root.classList.toggle("far", width > 2400);
  }

  watchPointer(stage) {
    let held = null;
    this.root.addEventListener("wheel", (event) => {
      event.preventDefault();
      const area = stage.getBoundingClientRect();
      this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, { x: (event.clientX - area.x) / area.width, y: (event.clientY - area.y) / area.height });
    }, { passive: false });
    this.root.addEventListener("pointerdown", (event) => { held = { x: event.clientX, y: event.clientY }; });
    window.addEventListener("pointerup", () => { held = null; });
    this.root.addEventListener("pointermove", (event) => {
      if (!held || event.buttons === 0) return;
      const area = stage.getBoundingClientRect();
      const scale = Math.max(this.view.width / area.width, this.view.height / area.height);
      this.view.x -= (event.clientX - held.x) * scale;
      this.view.y -= (event.clientY - held.y) * scale;
      held = { x: event.clientX, y: event.clientY };
      this.moved = true;
      this.move();
    });
    for (const button of byId("zoom").children) {
      button.addEventListener("click", () => (button.dataset.zoom === "all" ? this.showAll() : this.zoom(button.dataset.zoom === "in" ? 0.8 : 1.25)));
    }
  }
}
