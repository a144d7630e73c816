// SPDX-License-Identifier: Apache-2.0
#include "core/server/trace.h"

#include <algorithm>

#include "core/base/random.h"

namespace aw::server {
namespace {

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool all_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

// W3C Trace Context §3.2: version-traceid-parentid-flags; an id of zeros is no id, version ff is
// forbidden.
bool well_formed(std::string_view t) {
  if (t.size() < 55 || t[2] != '-' || t[35] != '-' || t[52] != '-') return false;
  auto const version = t.substr(0, 2);
  if (!is_hex(version) || version == "ff" || (version == "00" && t.size() != 55)) return false;
  auto const trace = t.substr(3, 32);
  auto const parent = t.substr(36, 16);
  return is_hex(trace) && !all_zero(trace) && is_hex(parent) && !all_zero(parent) &&
         is_hex(t.substr(53, 2));
}

}  // namespace

std::string Trace::traceparent() const {
  std::string out;
  out.reserve(55);
  return out.append("00-").append(trace_id).append("-").append(span_id).append("-").append(flags);
}

bool Trace::sampled() const {
  return std::string_view("13579bdf").find(flags.back()) != std::string_view::npos;
}

Trace continue_trace(std::optional<std::string_view> traceparent) {
  Trace out{.span_id = random_hex(8)};
  if (traceparent && well_formed(*traceparent)) {
    out.trace_id = traceparent->substr(3, 32);
    out.parent_id = traceparent->substr(36, 16);
    out.flags = traceparent->substr(53, 2);
  } else {
    out.trace_id = random_hex(16);
  }
  return out;
}

}  // namespace aw::server
