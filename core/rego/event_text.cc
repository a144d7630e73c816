// SPDX-License-Identifier: Apache-2.0
#include "core/rego/event_text.h"

#include <algorithm>

namespace aw::rego {
namespace {

constexpr std::size_t kGap = 5;
constexpr std::size_t kWidest = 64;

}  // namespace

std::vector<TraceEvent> chosen_events(std::span<const TraceEvent> events, EventDetail detail) {
  if (detail == EventDetail::full) return {events.begin(), events.end()};
  std::string_view const wanted = detail == EventDetail::notes ? "Note" : "Fail";
  std::vector<TraceEvent> out;
  std::vector<TraceEvent const*> open;  // the Enter above, by depth, until it is told
  for (auto const& event : events) {
    auto const depth = static_cast<std::size_t>(std::max(event.depth, 0));
    open.resize(std::min(open.size(), depth));
    if (event.op == "Enter") {
      open.resize(depth);
      open.push_back(&event);
      continue;
    }
    if (event.op != wanted) continue;
    for (auto& above : open) {
      if (above != nullptr) out.push_back(*above);
      above = nullptr;
    }
    out.push_back(event);
  }
  return out;
}

std::vector<std::string> event_lines(std::span<const TraceEvent> events) {
  std::size_t width = 0;
  for (auto const& event : events) width = std::max(width, event.location.text().size());
  width = std::min(width, kWidest);
  std::vector<std::string> out;
  for (auto const& event : events) {
    std::string line = event.location.text();
    if (line.size() > width) line = "…" + line.substr(line.size() - width + 1);
    line.append(width + kGap - std::min(width, event.location.text().size()), ' ');
    for (int i = 0; i < event.depth; ++i) line += "| ";
    line += event.op + " ";
    line += event.op == "Note" ? '"' + event.text + '"' : event.text;
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace aw::rego
