// needs: aw_http
// SPDX-License-Identifier: Apache-2.0
// An answer's head, then its body as framed.
#include <cstdint>
#include <cstdlib>

#include "core/http/h1_body.h"
#include "core/http/h1_head.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<char const*>(data), size);
  aw::http::ResponseHead head({});
  aw::http::Response response;
  auto const used = head.parse(bytes, aw::http::Asked::anything_else, response);
  if (!used || *used == 0) return 0;
  if (response.status < 100 || response.status > 999) std::abort();
  bytes.remove_prefix(*used);
  aw::http::BodyDecoder body;
  if (!body.begin(head.framing(), 4096)) return 0;
  std::string out;
  while (!bytes.empty() && !body.done()) {
    auto const took = body.feed(bytes, out);
    if (!took) return 0;
    bytes.remove_prefix(*took);
  }
  if (out.size() > 4096) std::abort();
  return 0;
}
