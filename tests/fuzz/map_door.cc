// needs: aw_server
// SPDX-License-Identifier: Apache-2.0
// What a browser, or whoever, sends to the trust map's door: lines of host, origin, site, cookie,
// key and query. Nobody who was not let in is let in, and what is let in names this machine.
#include "core/server/map_door.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static aw::SystemClock const clock;
  static aw::server::MapDoor door(clock);
  static auto const let = door.enter(door.issue_ticket());
  std::string_view rest(reinterpret_cast<char const*>(data), size);
  std::array<std::string_view, 6> parts{};
  for (auto& part : parts) {
    part = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  auto const ask = [&parts](std::string_view cookie, std::string_view key) {
    aw::http::Request out;
    out.authority = parts[0];
    if (!parts[1].empty()) out.headers.add("origin", parts[1]);
    if (!parts[2].empty()) out.headers.add("sec-fetch-site", parts[2]);
    out.headers.add("cookie", cookie);
    out.headers.add(aw::server::MapDoor::kKeyHeader, key);
    return out;
  };
  if (door.admits(ask(parts[3], parts[4]))) std::abort();
  if (door.enter(aw::server::query_value(parts[5], "ticket"))) std::abort();
  // With the right cookie and key all hangs on where the request comes from.
  auto const cookie = let->set_cookie.substr(0, let->set_cookie.find(';'));
  bool const admitted = door.admits(ask(std::string(parts[3]) + ";" + cookie, let->key));
  bool const ours = parts[1].empty() || parts[1] == "http://" + std::string(parts[0]);
  bool const same = parts[2].empty() || parts[2] == "same-origin";
  if (admitted && (!ours || !same)) std::abort();
  return 0;
}
