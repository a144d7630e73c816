// needs: aw_server
// SPDX-License-Identifier: Apache-2.0
// Whom a request of our own agent names, and a peer's card on its way back: first line the target,
// second the host, the rest a card.
#include "core/server/outbound_target.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace aw;
  std::string_view text(reinterpret_cast<char const*>(data), size);
  auto const line = [&text] {
    auto const end = text.find('\n');
    auto const out = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return out;
  };
  http::Request request;
  request.set_target(line());
  request.authority = line();
  auto const own = identity::TrustDomain::parse("corp.test");
  a2a::DiscoveryConfig const peers{
      .peers = {{.spiffe_id = "spiffe://corp.test/agent/a", .address = "https://a.example:1"}}};
  auto const by_path = server::outbound_target(request, *own, peers);
  request.form = http::TargetForm::absolute;
  auto const target = server::outbound_target(request, *own, peers);
  // An agent has a path, and what is sent on is a path too.
  if (target.ok() && (target->id.path().empty() || target->target.empty())) __builtin_trap();
  // A proxy's client may ask for what a page may, and that is the same then.
  if (by_path.ok() && (!target.ok() || target->id != by_path->id)) __builtin_trap();
  if (auto const card = server::card_through(text, "http://127.0.0.1:1/agents/a"); card.ok())
    if (!json::parse(*card).ok()) __builtin_trap();
  return 0;
}
