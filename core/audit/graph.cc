// SPDX-License-Identifier: Apache-2.0
#include "core/audit/graph.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/base/markup.h"
#include "core/base/text.h"

namespace aw::audit {
namespace {

constexpr std::string_view kOthers = "…";
constexpr int kNodeWidth = 210;
constexpr int kNodeHeight = 40;

std::string member_text(json::Json const& record, char const* name) {
  auto const found = record.find(name);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// "3 allowed, 1 denied"
std::string counts(CallGraph::Edge const& edge) {
  std::string out;
  auto const add = [&out](std::uint64_t count, std::string_view word) {
    if (count == 0) return;
    if (!out.empty()) out += ", ";
    out += std::to_string(count) + " " + std::string(word);
  };
  add(edge.allowed, "allowed");
  add(edge.denied, "denied");
  add(edge.would_deny, "would be denied");
  return out;
}

bool only_denied(CallGraph::Edge const& edge) { return edge.denied > 0 && edge.allowed == 0; }

// Quotes and line breaks would end a label of either language.
std::string label_text(std::string const& text) {
  auto out = text::printable(text);
  std::ranges::replace(out, '"', '\'');
  std::ranges::replace(out, '\\', '/');
  return out;
}

struct Point {
  double x = 0;
  double y = 0;
};

std::string number(double value) { return std::to_string(std::lround(value)); }

// spiffe://corp.example/agent/billing -> {"agent/billing", "corp.example"}
std::pair<std::string, std::string> split_id(std::string const& id) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!id.starts_with(kScheme)) return {id, ""};
  auto const slash = id.find('/', kScheme.size());
  if (slash == std::string::npos) return {id.substr(kScheme.size()), ""};
  return {id.substr(slash + 1), id.substr(kScheme.size(), slash - kScheme.size())};
}

std::string svg_node(std::string const& id, Point at) {
  auto const [name, domain] = split_id(id);
  auto const x = number(at.x - kNodeWidth / 2.0);
  auto const y = number(at.y - kNodeHeight / 2.0);
  auto const line = [&at](double below, std::string_view style, std::string const& words) {
    return "<text x=\"" + number(at.x) + "\" y=\"" + number(at.y + below) + "\" class=\"" +
           std::string(style) + "\">" + text::escape_xml(words) + "</text>";
  };
  return "<g><title>" + text::escape_xml(id) + "</title><rect x=\"" + x + "\" y=\"" + y +
         "\" width=\"" + std::to_string(kNodeWidth) + "\" height=\"" + std::to_string(kNodeHeight) +
         "\" rx=\"6\"/>" + line(-3, "n", name.size() > 28 ? name.substr(0, 27) + "…" : name) +
         line(13, "d", domain.size() > 32 ? domain.substr(0, 31) + "…" : domain) + "</g>\n";
}

std::string svg_edge(std::string const& title, CallGraph::Edge const& edge, Point a, Point b) {
  auto const total = static_cast<double>(edge.allowed + edge.denied + edge.would_deny);
  auto const width = 1.0 + std::log10(std::max(1.0, total));
  // Bent to one side, so that the two directions of a pair do not lie on each other.
  Point const middle{(a.x + b.x) / 2 + (b.y - a.y) * 0.12, (a.y + b.y) / 2 - (b.x - a.x) * 0.12};
  auto const* const kind = only_denied(edge) ? "x" : edge.denied > 0 ? "m" : "a";
  auto const path = a.x == b.x && a.y == b.y
                        ? "M" + number(a.x - 40) + " " + number(a.y - 20) + "c-20 -60 100 -60 80 0"
                        : "M" + number(a.x) + " " + number(a.y) + "Q" + number(middle.x) + " " +
                              number(middle.y) + " " + number(b.x) + " " + number(b.y);
  return "<g><title>" + text::escape_xml(title) + "</title><path class=\"" + kind +
         "\" stroke-width=\"" + number(width * 10) + "e-1\" d=\"" + path +
         "\"/><text class=\"c\" x=\"" + number((middle.x + (a.x + b.x) / 2) / 2) + "\" y=\"" +
         number((middle.y + (a.y + b.y) / 2) / 2) + "\">" + text::escape_markup(counts(edge)) +
         "</text></g>\n";
}

}  // namespace

std::string CallGraph::node(std::string const& id) {
  if (!known_.contains(id)) {
    if (known_.size() >= kMostNodes) return std::string(kOthers);
    known_.emplace(id, 0);
  }
  return id;
}

void CallGraph::add(json::Json const& record) {
  if (!record.is_object()) return;
  auto const decision = member_text(record, "decision");
  auto const caller = member_text(record, "caller_spiffe_id");
  auto const callee = member_text(record, "callee_spiffe_id");
  if (decision.empty() || caller.empty() || callee.empty()) return;
  auto& edge = edges_[{node(caller), node(callee)}];
  auto const flag = record.find("would_deny");  // of whatever kind: the log is as it was found
  bool const would = flag != record.end() && flag->is_boolean() && flag->get<bool>();
  ++(would ? edge.would_deny : decision == "allow" ? edge.allowed : edge.denied);
  auto action = member_text(record, "action");
  if (action.empty()) action = member_text(record, "code");
  if (edge.actions.size() < kMostActions || edge.actions.contains(action)) ++edge.actions[action];
}

std::vector<std::string> CallGraph::nodes() const {
  std::vector<std::string> out;
  out.reserve(known_.size() + 1);
  for (auto const& [id, unused] : known_) out.push_back(id);
  for (auto const& [pair, edge] : edges_) {
    if (pair.first == kOthers || pair.second == kOthers) {
      out.emplace_back(kOthers);
      break;
    }
  }
  return out;
}

json::Json CallGraph::json() const {
  json::Json edges = json::Json::array();
  for (auto const& [pair, edge] : edges_) {
    edges.push_back({{"caller", pair.first},
                     {"callee", pair.second},
                     {"allowed", edge.allowed},
                     {"denied", edge.denied},
                     {"would_deny", edge.would_deny},
                     {"actions", edge.actions}});
  }
  return {{"nodes", nodes()}, {"edges", std::move(edges)}};
}

std::string CallGraph::dot() const {
  std::string out = "digraph calls {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n";
  for (auto const& id : nodes()) out += "  \"" + label_text(id) + "\";\n";
  for (auto const& [pair, edge] : edges_) {
    out += "  \"" + label_text(pair.first) + "\" -> \"" + label_text(pair.second) + "\" [label=\"" +
           counts(edge) + "\"";
    if (edge.denied > 0) out += ", color=firebrick";
    if (only_denied(edge)) out += ", style=dashed";
    out += "];\n";
  }
  return out + "}\n";
}

std::string CallGraph::mermaid() const {
  std::string out = "flowchart LR\n";
  std::map<std::string, std::string> names;
  for (auto const& id : nodes()) {
    auto const name = "n" + std::to_string(names.size());
    names.emplace(id, name);
    out += "  " + name + "[\"" + label_text(id) + "\"]\n";
  }
  for (auto const& [pair, edge] : edges_) {
    out += "  " + names[pair.first] + (only_denied(edge) ? " -. \"" : " -- \"") + counts(edge) +
           (only_denied(edge) ? "\" .-> " : "\" --> ") + names[pair.second] + "\n";
  }
  return out;
}

std::string CallGraph::svg() const {
  auto const all = nodes();
  auto const count = static_cast<double>(std::max<std::size_t>(all.size(), 1));
  auto const radius = std::max(160.0, count * 34);
  auto const width = 2 * radius + kNodeWidth + 80;
  auto const height = 2 * radius + 160;
  std::map<std::string, Point> places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto const angle = 2 * std::numbers::pi * static_cast<double>(i) / count - std::numbers::pi / 2;
    places[all[i]] = {width / 2 + radius * std::cos(angle), height / 2 + radius * std::sin(angle)};
  }
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) +
                    " " + number(height) +
                    "\" role=\"img\"><title>Calls</title>\n<style>"
                    "svg{background:#fff;font:12px system-ui,sans-serif}rect{fill:#f4f6fa;"
                    "stroke:#556}text{text-anchor:middle;fill:#223}.d{font-size:10px;fill:#667}"
                    ".c{font-size:10px;paint-order:stroke;stroke:#fff;stroke-width:3}"
                    "path{fill:none}.a{stroke:#0072b2}.m{stroke:#e69f00}"
                    ".x{stroke:#d55e00;stroke-dasharray:6 4}</style>\n";
  for (auto const& [pair, edge] : edges_) {
    out += svg_edge(pair.first + " → " + pair.second + ": " + counts(edge), edge,
                    places[pair.first], places[pair.second]);
  }
  for (auto const& id : all) out += svg_node(id, places[id]);
  return out + "</svg>\n";
}

}  // namespace aw::audit
