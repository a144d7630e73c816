// SPDX-License-Identifier: Apache-2.0
// The last fifteen minutes: bars of all calls, and which part of them the map shows.
import { OUTCOMES } from "./calls.js";
import { byId, svg, timeText } from "./dom.js";

const HEIGHT = 40;

export class TimeLine {
  constructor(changed) {
    this.bars = OUTCOMES.map((outcome) => svg("path", { class: outcome.name }));
    this.window = svg("rect", { class: "window", y: 0, height: HEIGHT });
    byId("bars").append(svg("svg", { viewBox: `0 0 900 ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": "Calls over the last fifteen minutes" }, this.window, ...this.bars));
    this.back = 0; // slots before now
    byId("scrub").addEventListener("input", () => this.go(Number(byId("scrub").max) - Number(byId("scrub").value), changed));
    byId("live").addEventListener("click", () => this.go(0, changed));
    byId("span").addEventListener("change", changed);
  }

  go(back, changed) {
    this.back = back;
    changed();
  }

  get span() {
    return Number(byId("span").value);
  }

  draw(calls) {
    const history = calls.history();
    const slots = calls.slots;
    const step = 900 / slots;
    const totals = Array.from({ length: slots }, (_, slot) => history.reduce((sum, one) => sum + one[slot], 0));
    const most = Math.max(1, ...totals);
    // A root, so that one denied call is seen beside a thousand allowed ones.
    const high = (count, slot) => (Math.sqrt(totals[slot] / most) * (HEIGHT - 2) * Math.sqrt(count)) / history.reduce((sum, one) => sum + Math.sqrt(one[slot]), 0);
    const base = new Array(slots).fill(0);
    history.forEach((counts, index) => {
      let path = "";
      counts.forEach((count, slot) => {
        if (count === 0) return;
        const own = Math.max(1.5, high(count, slot));
        path += `M${(slot * step + 1).toFixed(1)},${(HEIGHT - base[slot]).toFixed(1)}h${(step - 2).toFixed(1)}v${(-own).toFixed(1)}h${(2 - step).toFixed(1)}z`;
        base[slot] += own;
      });
      this.bars[index].setAttribute("d", path);
    });
    const end = slots - this.back;
    const first = Math.max(0, end - this.span);
    this.window.setAttribute("x", first * step);
    this.window.setAttribute("width", Math.max(0, end - first) * step);
    const scrub = byId("scrub");
    scrub.max = slots - 1;
    scrub.value = slots - 1 - this.back;
    const words = this.back === 0 ? "now" : timeText(calls.slotEnd(calls.slot - this.back));
    byId("moment").textContent = words;
    scrub.setAttribute("aria-valuetext", words);
    byId("live").setAttribute("aria-pressed", String(this.back === 0));
  }
}
