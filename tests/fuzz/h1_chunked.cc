// needs: aw_http
// SPDX-License-Identifier: Apache-2.0
// A chunked body: never more than allowed, and the same byte by byte.
#include <cstdint>
#include <cstdlib>

#include "core/http/h1_body.h"

namespace {

constexpr std::size_t kMax = 4096;

bool decode(std::string_view bytes, std::size_t step, std::string& out) {
  aw::http::BodyDecoder decoder;
  if (!decoder.begin({.body = aw::http::BodyKind::chunked}, kMax)) std::abort();
  while (!bytes.empty() && !decoder.done()) {
    auto const used = decoder.feed(bytes.substr(0, step), out);
    if (!used) return false;
    bytes.remove_prefix(*used);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  std::string whole;
  std::string parts;
  bool const fine = decode(bytes, bytes.size(), whole);
  bool const same = decode(bytes, 1, parts);
  if (whole.size() > kMax || parts.size() > kMax) std::abort();
  if (fine != same || (fine && whole != parts)) std::abort();
  return 0;
}
