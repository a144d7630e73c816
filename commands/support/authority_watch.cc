// SPDX-License-Identifier: Apache-2.0
#include "commands/support/authority_watch.h"

#include <algorithm>
#include <utility>

#include "commands/support/json_member.h"

namespace aw::commands {
namespace {

// Issuers renew at half an SVID's life, give or take a tenth of it.
constexpr int kEarly = 35;  // percent of the life that has passed

}  // namespace

std::vector<AuthorityWatch::Withdrawn> AuthorityWatch::next(identity::Bundle const& bundle,
                                                            WallTime now) {
  auto const& authorities = bundle.x509_authorities();
  std::vector<Withdrawn> out;
  for (auto const& before : authorities_) {
    bool const stays = std::ranges::find(authorities, before) != authorities.end();
    if (!stays && before.not_after() > now)
      out.push_back({before.fingerprint_sha256(), before.not_after() - now});
  }
  authorities_ = {authorities.begin(), authorities.end()};
  return out;
}

void AuthorityWatch::next_svid(identity::Svid const& svid, std::string const& issuer,
                               WallTime now) {
  auto const before = std::exchange(own_, Own{svid.leaf(), issuer});
  if (!before || before->leaf == svid.leaf() || before->issuer.empty()) return;
  if (issuer.empty() || before->issuer == issuer) return;
  auto const life = before->leaf.not_after() - before->leaf.not_before();
  if (now - before->leaf.not_before() < life / 100 * kEarly) tainted_.insert(before->issuer);
}

std::optional<ClosedConnections> closed_for(std::string const& status_json,
                                            std::string const& fingerprint) {
  auto const status = json::parse(status_json, {.bytes = 8U << 20, .depth = 16});
  if (!status.ok()) return std::nullopt;
  std::optional<ClosedConnections> out;
  for (auto const& change : member(*status, "trust_changes")) {
    for (auto const& one : member(change, "withdrawn")) {
      if (text_at(one, "fingerprint_sha256") != fingerprint) continue;
      auto const connections = member(change, "connections");
      auto const took = member(change, "took_milliseconds");
      if (!connections.is_number_unsigned() || !took.is_number_unsigned()) continue;
      out = {.connections = connections.get<std::uint64_t>(),
             .took = std::chrono::milliseconds(took.get<std::uint32_t>())};
    }
  }
  return out;
}

}  // namespace aw::commands
