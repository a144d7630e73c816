// SPDX-License-Identifier: Apache-2.0
// What is known of the last fifteen minutes: edges with their calls a slot, lives of SVIDs. Knows no page.

// Worst first: the order of lists. The marks and dashes tell them apart without colours.
export const OUTCOMES = [
  { name: "denied", label: "denied", mark: "✕" },
  { name: "replay", label: "replayed", mark: "↻" },
  { name: "refused_tls", label: "refused at TLS", mark: "⊘" },
  { name: "would_deny", label: "would be denied", mark: "≈" },
  { name: "allowed", label: "allowed", mark: "✓" },
];
export const RANK = Object.fromEntries(OUTCOMES.map((outcome, index) => [outcome.name, index]));

const NOBODY = "no verified identity";

export function domainOf(id) {
  const match = /^spiffe:\/\/([^/]+)/.exec(id);
  if (match) return match[1];
  return id === "other" ? "more than the map holds" : NOBODY;
}

export class Calls {
  constructor() {
    this.clear();
    this.agent = {};
    this.refusals = [];
    this.others = 0;
  }

  clear() {
    this.edges = new Map();
    this.lives = {};
  }

  take(news) {
    if (news.whole) this.clear();
    this.now = news.now;
    this.slot = news.slot;
    this.slots = news.slots;
    this.slotMs = news.slot_ms;
    this.zero = news.slot_zero;
    this.agent = news.agent;
    this.others = news.others;
    if (news.refusals) this.refusals = news.refusals;
    Object.assign(this.lives, news.lives, { [news.agent.spiffe_id]: news.agent.life });
    for (const edge of news.edges) {
      if (!(edge.outcome in RANK)) continue;
      const known = this.edges.get(edge.id) ?? { ...edge, counts: new Map() };
      known.decisions = edge.decisions;
      for (const [slot, count] of edge.counts) known.counts.set(slot, count);
      this.edges.set(edge.id, known);
    }
    this.forget();
  }

  // What is older than the map: an agent that lives long has many callers in time.
  forget() {
    const first = this.slot - this.slots + 1;
    for (const edge of this.edges.values()) {
      for (const slot of edge.counts.keys()) if (slot < first) edge.counts.delete(slot);
      if (edge.counts.size === 0) this.edges.delete(edge.id);
    }
  }

  // The edges with calls in slots (until - span, until], with their number; worst first, then by name, so that rows stay in place.
  within(until, span, shown) {
    const out = [];
    for (const edge of this.edges.values()) {
      if (!shown(edge)) continue;
      let count = 0;
      for (const [slot, calls] of edge.counts) if (slot > until - span && slot <= until) count += calls;
      if (count > 0) out.push({ edge, count });
    }
    const name = (one) => `${one.edge.from}\n${one.edge.to}`;
    return out.sort((a, b) => RANK[a.edge.outcome] - RANK[b.edge.outcome] || (name(a) < name(b) ? -1 : 1));
  }

  // Calls a slot, oldest slot first: an array an outcome.
  history() {
    const first = this.slot - this.slots + 1;
    const out = OUTCOMES.map(() => new Array(this.slots).fill(0));
    for (const edge of this.edges.values()) {
      for (const [slot, calls] of edge.counts) if (slot >= first) out[RANK[edge.outcome]][slot - first] += calls;
    }
    return out;
  }

  slotEnd(slot) {
    return this.zero + (slot + 1) * this.slotMs;
  }
}
