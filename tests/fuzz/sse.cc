// needs: aw_http
// SPDX-License-Identifier: Apache-2.0
// An event stream: the same events whole and byte by byte.
#include "core/http/sse.h"

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

std::vector<aw::http::SseEvent> parse(std::string_view bytes, std::size_t step, bool& fine) {
  aw::http::SseParser parser(1024);
  std::vector<aw::http::SseEvent> out;
  fine = true;
  for (std::size_t at = 0; at < bytes.size() && fine; at += step) {
    fine = parser.feed(bytes.substr(at, step)).ok();
    while (auto event = parser.next()) out.push_back(std::move(*event));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  bool whole = false;
  bool parts = false;
  auto const a = parse(bytes, size, whole);
  auto const b = parse(bytes, 1, parts);
  if (whole && parts && a != b) std::abort();
  return 0;
}
