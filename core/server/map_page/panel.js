// SPDX-License-Identifier: Apache-2.0
// What is behind an edge: its latest decisions, and of one decision the policy as it is written, each line with what became of
// it, and the input.
import { ask } from "./feed.js";
import { OUTCOMES, RANK } from "./calls.js";
import { byId, el, say, shortName, timeText } from "./dom.js";

const MARKS = { held: "✓", failed: "✗", not_reached: "·" };

export const verdictOf = (one) => (one.allowed ? (one.would_deny ? "would_deny" : "allowed") : "denied");

export function verdictWords(one) {
  if (one.allowed) return one.would_deny ? "≈ allowed, would be denied" : "✓ allowed";
  return `✕ denied${one.code ? ` ${one.code}` : ""}`;
}

function facts(rows) {
  return el("dl", {}, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]));
}

function opened(heading, ...children) {
  const panel = byId("panel");
  const close = el("button", { id: "close", "aria-label": "Close details" }, "×");
  close.addEventListener("click", closePanel);
  panel.replaceChildren(close, el("h2", { tabindex: "-1" }, heading), ...children);
  panel.hidden = false;
  return panel;
}

export function closePanel() {
  byId("panel").hidden = true;
  byId("calls").focus();
}

export function openNode(id, calls, rows, open) {
  const life = calls.lives[id];
  const own = rows.filter((row) => row.edge.from === id || row.edge.to === id);
  opened(shortName(id), facts([["identity", id], ["SVID since", life && timeText(life[0])], ["SVID until", life && timeText(life[1])]]),
    el("p", { class: "dim" }, id.startsWith("spiffe://") ? "" : "Whoever is there proved no identity: no request of theirs was read."),
    el("h3", {}, "Calls"), el("ol", { class: "decisions" }, ...own.map((row) => el("li", {}, edgeButton(row, open)))));
}

function edgeButton({ edge, count }, open) {
  const outcome = OUTCOMES[RANK[edge.outcome]];
  const button = el("button", { class: "decision", title: `${edge.from}\n${edge.to}` }, el("span", { class: `verdict ${edge.outcome}` }, `${outcome.mark} ${outcome.label}`),
    ` ${shortName(edge.from)} → ${shortName(edge.to)} `, el("span", { class: "dim" }, String(count)));
  button.addEventListener("click", () => open(edge.id));
  return button;
}

export async function openEdge(edge, count, calls, show) {
  const outcome = OUTCOMES[RANK[edge.outcome]];
  const list = el("ol", { class: "decisions" });
  opened(`${shortName(edge.from)} → ${shortName(edge.to)}`,
    facts([["caller", edge.from], ["callee", edge.to], ["outcome", `${outcome.mark} ${outcome.label}`], ["calls", count]]),
    el("h3", {}, edge.outcome === "refused_tls" ? "Latest refusals" : "Latest decisions"), list);
  say(`${outcome.label}: ${edge.from} to ${edge.to}, ${count} calls`);
  if (edge.outcome === "refused_tls" && edge.decisions.length === 0) {
    const own = calls.refusals.filter((one) => one.address === edge.from || edge.from.startsWith("other"));
    list.append(...own.map((one) => el("li", {}, el("span", { class: "verdict denied" }, `⊘ ${one.code}`), ` ${timeText(one.time)} ${one.title} `, el("span", { class: "dim" }, one.reason))));
    return;
  }
  try {
    const found = edge.decisions.length > 0 ? await ask(`/map/decisions?ids=${edge.decisions.join(",")}`) : [];
    list.replaceChildren(...found.map((one) => el("li", {}, decisionButton(one, show))));
    if (found.length === 0) list.replaceChildren(el("li", { class: "dim" }, "no longer kept"));
  } catch (error) {
    list.replaceChildren(el("li", { class: "failed" }, error.message));
  }
}

function decisionButton(one, show) {
  const button = el("button", { class: "decision", "data-decision": one.decision_id },
    el("span", { class: `verdict ${verdictOf(one)}` }, verdictWords(one)), ` ${one.action || one.method} `,
    el("span", { class: "dim" }, `${timeText(Date.parse(one.timestamp))} ${one.reason}`));
  button.addEventListener("click", () => openDecision(one.decision_id, show));
  return button;
}

// One rule, line by line. `rule` is "authz.rego:11".
function ruleLines(rule) {
  let number = Number(rule.rule.slice(rule.rule.lastIndexOf(":") + 1));
  return rule.source.split("\n").map((text) => {
    const here = rule.expressions.filter((expression) => expression.line === number);
    const state = here.some((one) => one.state === "failed") ? "failed" : here.at(-1)?.state ?? "plain";
    const notes = here.map((one) => MARKS[one.state] + noteOf(one)).join("  ");
    const line = el("div", { class: `line ${state}`, "data-line": number }, el("span", { class: "number" }, String(number)), el("code", {}, text.replaceAll("\t", "  ") || " "), notes ? el("span", { class: "note" }, notes) : null);
    number += 1;
    return line;
  });
}

function noteOf(expression) {
  if (expression.state !== "failed") return "";
  const values = Object.entries(expression.values);
  if (values.length === 0) return " has no value";
  const left = values.find(([name]) => expression.text.startsWith(`${name} in `));
  const right = values.find((one) => one !== left);
  if (left && right && values.length === 2) return ` ${JSON.stringify(left[1])} is not in ${right[1] === null ? `${right[0]}, which is undefined` : JSON.stringify(right[1])}`;
  return ` ${values.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", ")}`;
}

function policyOf(then) {
  const rules = then.trace.rules_evaluated.filter((rule) => !rule.default).slice(0, 40);
  const out = [];
  let file = "";
  for (const rule of rules) {
    const here = rule.rule.slice(0, rule.rule.lastIndexOf(":"));
    if (here !== file) out.push(el("h4", {}, (file = here)));
    out.push(el("div", { class: "rule" }, ...ruleLines(rule)));
  }
  const flips = then.trace.what_would_flip_it ?? [];
  if (flips.length > 0) out.push(el("h4", {}, "What would flip it, smallest first"), el("ol", { class: "flips" }, ...flips.map((one) => el("li", {}, one.text))));
  return out;
}

const code = (value) => el("pre", { tabindex: "0" }, JSON.stringify(value, null, 2));

export async function openDecision(id, show) {
  let one;
  try {
    one = await ask(`/map/decision?ids=${encodeURIComponent(id)}`);
  } catch (error) {
    return opened(id, el("p", { class: "failed" }, error.message));
  }
  const gates = el("button", { id: "to-gates" }, "Show its gates");
  gates.addEventListener("click", () => show(one));
  const panel = opened(one.action || one.method,
    el("p", { class: `verdict ${verdictOf(one)}` }, verdictWords(one)), one.title ? el("p", {}, one.title) : null,
    facts([["decision", one.decision_id], ["time", one.timestamp], ["caller", one.caller], ["callee", one.callee], ["reason", one.reason], ["rule", one.rule],
      ["policy", one.policy_digest], ["peer", one.remote_address], ["trace", one.trace_id]]), gates,
    el("h3", {}, "Policy"), ...(one.then ? policyOf(one.then) : [el("p", { class: "dim" }, one.unexplained ?? "")]),
    one.shadow ? el("h3", {}, "Shadow policy") : null, one.shadow ? code(one.shadow) : null,
    el("h3", {}, "Input"), one.input ? code(one.input) : el("p", { class: "dim" }, "Policy was not asked."));
  panel.querySelector("h2").focus();
  say(`decision ${verdictWords(one)}, ${one.reason}`);
  return one;
}
