// needs: aw_server
// SPDX-License-Identifier: Apache-2.0
// What any caller writes into the headers that we read ourselves: a trace is always well formed,
// and a nonce that was admitted is never admitted again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/server/replay.h"
#include "core/server/trace.h"

namespace {

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void check_trace(std::string_view header) {
  auto const trace = aw::server::continue_trace(header);
  bool const begun = trace.parent_id.empty();
  if (!is_hex(trace.trace_id, 32) || !is_hex(trace.span_id, 16) || !is_hex(trace.flags, 2) ||
      (!begun && !is_hex(trace.parent_id, 16)))
    std::abort();
  if (!begun && header.find(trace.trace_id) != 3) std::abort();
  auto const next = aw::server::continue_trace(trace.traceparent());
  if (next.trace_id != trace.trace_id || next.parent_id != trace.span_id) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const all(reinterpret_cast<char const*>(data), size);
  check_trace(all);
  auto const cut = all.find('\n');
  static aw::SystemClock const clock;
  auto const guard = aw::server::ReplayGuard::open({}, {}, clock);
  if (!guard.ok()) std::abort();
  aw::server::Freshness sent{.nonce = all.substr(0, cut), .timestamp = std::nullopt};
  if (cut != std::string_view::npos) sent.timestamp = all.substr(cut + 1);
  bool const first = (*guard)->admit("spiffe://a.test/agent/a", sent).ok();
  if (first && (*guard)->admit("spiffe://a.test/agent/a", sent).ok()) std::abort();
  if (!first && (*guard)->size() != 0) std::abort();
  return 0;
}
