// needs: aw_http
// SPDX-License-Identifier: Apache-2.0
// A request's head, whole and cut anywhere: both readings agree, and what is accepted is sound.
#include <cstdint>
#include <cstdlib>

#include "core/http/h1_head.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  aw::http::RequestHead whole({});
  aw::http::Request request;
  request.clear();
  auto const size_whole = whole.parse(bytes, request);
  aw::http::RequestHead parts({});
  aw::http::Request again;
  again.clear();
  auto const first = parts.parse(bytes.substr(0, size / 2), again);
  if (first && *first == 0) {
    auto const second = parts.parse(bytes, again);
    if (second.has_value() != size_whole.has_value()) std::abort();
    if (second && *second != *size_whole) std::abort();
  }
  if (!size_whole || *size_whole == 0) return 0;
  if (request.headers.has("host")) std::abort();
  if (request.headers.has("content-length") && request.headers.has("transfer-encoding"))
    std::abort();
  for (auto const field : request.headers) {
    if (!aw::http::is_token(field.name) || !aw::http::is_field_value(field.value)) std::abort();
  }
  return 0;
}
