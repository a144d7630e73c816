// SPDX-License-Identifier: Apache-2.0
// Making elements. Whatever comes from the network goes into the page as text or as an attribute's value, never as markup; the
// page's policy (trusted types, no inline style) would refuse anything else.

function made(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export const el = (name, attributes = {}, ...children) => made(document.createElement(name), attributes, children);

const SVG = "http://www.w3.org/2000/svg";
export const svg = (name, attributes = {}, ...children) => made(document.createElementNS(SVG, name), attributes, children);

export const byId = (id) => document.getElementById(id);

export function say(words) {
  byId("said").textContent = words;
}

// spiffe://corp.example/agent/planner -> planner; what is no SPIFFE ID stays as it is.
export const shortName = (id) => (id.startsWith("spiffe://") ? id.slice(id.lastIndexOf("/") + 1) || id : id);

export function shortened(text, most) {
  const letters = [...text];
  return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : text;
}

export function spanText(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

export const timeText = (milliseconds) => new Date(milliseconds).toLocaleTimeString([], { hour12: false });
