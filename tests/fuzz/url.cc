// needs: aw_http
// SPDX-License-Identifier: Apache-2.0
// An address out of a card, a bundle's federation or a configuration: what is taken is one host and
// one origin-form target, and reads the same when written out.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/http/client.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace aw::http;
  auto const url = parse_url({reinterpret_cast<char const*>(data), size});
  if (!url.ok()) return 0;
  auto const& at = url->endpoint;
  auto const foreign = [](std::string_view text, std::string_view characters) {
    for (char const c : text)
      if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || characters.contains(c)) return true;
    return false;
  };
  if (!url->target.starts_with('/') || foreign(url->target, "#")) std::abort();
  if (at.scheme == Scheme::unix_socket) {
    if (!at.socket_path.starts_with('/') || at.socket_path.size() > 107) std::abort();
    return 0;
  }
  if (at.host.empty() || at.port == 0 || foreign(at.host, "@/?#[]\\")) std::abort();
  auto const again = parse_url(at.text() + url->target);
  if (!again.ok() || again->endpoint != at || again->target != url->target) std::abort();
  return 0;
}
