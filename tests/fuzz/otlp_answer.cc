// needs: aw_trace
// SPDX-License-Identifier: Apache-2.0
// Whatever a collector answers, in either encoding: a count that is not negative.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/trace/otlp.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const answer(reinterpret_cast<char const*>(data), size);
  for (auto const protocol : {aw::trace::Protocol::http_json, aw::trace::Protocol::http_protobuf})
    if (aw::trace::rejected_spans(protocol, answer) < 0) std::abort();
  return 0;
}
