// SPDX-License-Identifier: Apache-2.0
// The second view: one request on its way through the gates, as far as it came.
import { ask } from "./feed.js";
import { byId, el, say, timeText } from "./dom.js";
import { verdictOf, verdictWords } from "./panel.js";

// In the order of the pipeline. `to` names the gate as decisions do.
const INBOUND = [
  { name: "TLS handshake", does: "a client certificate, its chain verified by the bundle of its own trust domain", shows: (one) => one.remote_address },
  { name: "Peer identity", to: "identity", does: "exactly one SPIFFE ID, of a domain that is allowed, not expired", shows: (one) => one.caller },
  { name: "Limits", to: "limits", does: "sizes, concurrency, this caller's rate", shows: () => "" },
  { name: "Replay", to: "replay", does: "nonce and timestamp: fresh, and never seen", shows: () => "" },
  { name: "Understood", to: "understood", does: "a known operation, mapped to an action", shows: (one) => one.action || one.method },
  { name: "Authorization", to: "authorization", does: "may this caller do this here?", shows: (one) => [one.reason, one.rule, one.duration_ns ? `${(one.duration_ns / 1e6).toFixed(2)} ms` : "", one.cached ? "remembered" : ""].filter(Boolean).join(" · ") },
  { name: "Audit record", does: "durable, before anything happens because of it", shows: (one) => one.decision_id },
  { name: "Dispatch", to: "dispatch", does: "to the agent's own code", shows: (one) => one.task_id },
  { name: "Outcome", does: "metrics, trace", shows: (one) => one.trace_id && `trace ${one.trace_id}` },
];
// Our own agent calls: there is no handshake to judge, and nothing to be replayed.
const OUTBOUND = INBOUND.filter((gate) => ["Understood", "Authorization", "Audit record", "Dispatch", "Outcome"].includes(gate.name));

const AFTER = { "Audit record": "✓ the refusal is on record", Outcome: "✓ counted" };

function stopAt(gates, one) {
  if (one.allowed) return gates.length;
  if (one.code === "AW6001") return gates.findIndex((gate) => gate.name === "Audit record");
  const at = gates.findIndex((gate) => gate.to === one.gate);
  return at < 0 ? 0 : at;
}

export function showGates(one) {
  const gates = one.direction === "outbound" ? OUTBOUND : INBOUND;
  const stop = stopAt(gates, one);
  const steps = gates.map((gate, index) => {
    const after = index > stop && AFTER[gate.name]; // what is done for a refusal too
    const state = index < stop || after ? "passed" : index === stop ? "stopped" : "not-reached";
    const words = { passed: "✓ passed", stopped: `✕ stopped here${one.code ? `: ${one.code}` : ""}`, "not-reached": "· not reached" }[state];
    const shown = state === "not-reached" ? "" : [index === stop && one.title !== "denied" ? one.title : "", gate.shows(one)].filter(Boolean).join(" · ");
    return el("li", { class: `gate ${state}`, "data-gate": gate.name }, el("h3", {}, `${index + 1}. ${gate.name}`),
      el("p", { class: "state" }, after || words), el("p", { class: "dim" }, gate.does), el("p", { class: "shown" }, shown));
  });
  fill(el("p", { class: `verdict ${verdictOf(one)}` }, `${verdictWords(one)}: ${one.action || one.method}`),
    el("p", { class: "dim" }, `${one.decision_id} · ${timeText(Date.parse(one.timestamp))} · ${one.caller} → ${one.callee}`), el("ol", { class: "pipeline" }, ...steps));
  say(stop < gates.length ? `stopped at ${gates[stop].name}` : "passed every gate");
}

function fill(...children) {
  const input = el("input", { id: "decision-id", size: 34, autocomplete: "off", placeholder: "d-01J9…, as in a caller's 403" });
  const form = el("form", { id: "by-id" }, el("label", {}, "Decision ", input), el("button", {}, "Show"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      showGates(await ask(`/map/decision?ids=${encodeURIComponent(input.value.trim())}`));
    } catch (error) {
      fill(el("p", { class: "failed", role: "alert" }, error.message));
    }
  });
  byId("gates").replaceChildren(el("h2", {}, "Gates of a request"), form, ...children);
}

export const openGates = () => fill(el("p", { class: "dim" }, "Choose a call on the map and one of its decisions, or give a decision's id."));
