// SPDX-License-Identifier: Apache-2.0
// The page: one state, drawn anew when it changes, at most once a frame.
import { Calls, OUTCOMES, RANK } from "./calls.js";
import { byId, el, say, shortName } from "./dom.js";
import { follow } from "./feed.js";
import { openGates, showGates } from "./gates.js";
import { Graph } from "./graph.js";
import { closePanel, openEdge, openNode } from "./panel.js";
import { TimeLine } from "./time.js";

const calls = new Calls();
const hidden = new Set();
let rows = [];
let current = null; // the id of the edge the list stands on
let asked = false;

const graph = new Graph(byId("stage"), (id) => open(id), (id) => openNode(id, calls, rows, open));
const time = new TimeLine(redraw);

function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    if (calls.now !== undefined) draw();
  });
}

function draw() {
  const began = performance.now();
  const words = byId("find").value.trim().toLowerCase();
  const shown = (edge) => !hidden.has(edge.outcome) && (!words || `${edge.from} ${edge.to}`.toLowerCase().includes(words));
  rows = calls.within(calls.slot - time.back, time.span, shown);
  if (current !== null && !rows.some((row) => row.edge.id === current)) current = null;
  graph.draw(calls, rows, current);
  drawList();
  time.draw(calls);
  drawHead();
  document.documentElement.dataset.drawMs = (performance.now() - began).toFixed(1);
  document.documentElement.dataset.edges = rows.length;
  document.documentElement.dataset.nodes = graph.nodes.size;
}

function drawHead() {
  const agent = calls.agent;
  byId("agent").replaceChildren(el("strong", {}, agent.name), ` ${agent.spiffe_id} · ${agent.ready ? "✓ ready" : "✕ not ready"} · policy ${agent.policy_mode} ${agent.policy_digest.slice(0, 15)}`,
    calls.others > 0 ? ` · ${calls.others} connections or calls more than the map holds` : "");
}

const items = new Map(); // by edge: its row in the list

function item(edge) {
  const outcome = OUTCOMES[RANK[edge.outcome]];
  const count = el("span", { class: "count" });
  const row = el("li", { role: "option", id: `call-${edge.id}`, class: edge.outcome, title: `${edge.from}\n${edge.to}` },
    el("span", { class: "mark", "aria-hidden": "true" }, outcome.mark), el("span", { class: "who" }, `${shortName(edge.from)} → ${shortName(edge.to)}`), el("span", { class: "word" }, outcome.label), count);
  row.addEventListener("click", () => open(edge.id));
  items.set(edge.id, { row, count });
  return items.get(edge.id);
}

function drawList() {
  const list = byId("calls");
  const wanted = rows.map(({ edge, count }) => {
    const one = items.get(edge.id) ?? item(edge);
    if (one.count.textContent !== String(count)) one.count.textContent = count;
    one.row.setAttribute("aria-selected", String(edge.id === current));
    return one.row;
  });
  // Rows that stay are left alone: focus and place are kept.
  if (wanted.length !== list.children.length || wanted.some((row, index) => list.children[index] !== row)) list.replaceChildren(...wanted);
  if (items.size > 2 * rows.length + 100) for (const id of [...items.keys()]) if (!calls.edges.has(id)) items.delete(id);
  if (current === null) list.removeAttribute("aria-activedescendant");
  else list.setAttribute("aria-activedescendant", `call-${current}`);
  byId("none").hidden = rows.length > 0;
}

function stand(index) {
  if (rows.length === 0) return;
  const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
  current = row.edge.id;
  draw();
  items.get(current).row.scrollIntoView({ block: "nearest" });
  say(`${shortName(row.edge.from)} to ${shortName(row.edge.to)}, ${row.count} ${OUTCOMES[RANK[row.edge.outcome]].label}`);
}

function open(id) {
  const row = rows.find((one) => one.edge.id === id);
  if (!row) return;
  current = id;
  draw();
  openEdge(row.edge, row.count, calls, (one) => {
    showGates(one);
    view("gates");
  });
}

byId("calls").addEventListener("keydown", (event) => {
  const at = rows.findIndex((row) => row.edge.id === current);
  const moves = { ArrowDown: at + 1, ArrowUp: Math.max(0, at - 1), Home: 0, End: rows.length - 1, PageDown: at + 10, PageUp: Math.max(0, at - 10) };
  if (event.key in moves) stand(moves[event.key]);
  else if ((event.key === "Enter" || event.key === " ") && current !== null) open(current);
  else return;
  event.preventDefault();
});

function view(name) {
  for (const one of ["map", "gates"]) {
    byId(one).hidden = one !== name;
    byId(`view-${one}`).setAttribute("aria-pressed", String(one === name));
  }
  byId("side").hidden = name !== "map";
}

document.addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.ctrlKey || event.altKey || event.metaKey) return;
  const does = { Escape: closePanel, "+": () => graph.zoom(0.8), "-": () => graph.zoom(1.25), 0: () => graph.showAll(), m: () => view("map"), g: () => view("gates"), l: () => time.go(0, redraw), "/": () => byId("find").focus() }[event.key];
  if (!does || (event.key === "Escape" && byId("panel").hidden)) return;
  event.preventDefault();
  does();
});

function legend() {
  for (const outcome of OUTCOMES) {
    const box = el("input", { type: "checkbox", checked: true, "data-outcome": outcome.name });
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(outcome.name);
      else hidden.add(outcome.name);
      redraw();
    });
    byId("legend").append(el("label", { class: outcome.name }, box, el("span", { class: "mark" }, outcome.mark), outcome.label));
  }
}

const THEMES = { "": "as the system", light: "light", dark: "dark" };

function theme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme").textContent = `Theme: ${THEMES[name]}`;
}

byId("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length];
  localStorage.setItem("agentweave-map-theme", next);
  theme(next);
});
byId("view-map").addEventListener("click", () => view("map"));
byId("view-gates").addEventListener("click", () => view("gates"));
byId("find").addEventListener("input", redraw);

const saved = localStorage.getItem("agentweave-map-theme");
theme(saved in THEMES ? saved : "");
legend();
openGates();
const STATES = { live: "● live", away: "○ the agent does not answer; trying again", refused: "✕ this page was not let in, or for too long: run `agentweave map` for a new address" };
follow((news) => {
  calls.take(news);
  redraw();
}, (state) => {
  byId("feed").textContent = STATES[state];
  byId("feed").className = state;
});
