// SPDX-License-Identifier: Apache-2.0
// Who shows no certificate, or a wrong one: the listener must end the handshake, not answer.
//
// Without an authority that the listener trusts, faults are in certificates that an unknown
// authority signed, and the text says that their fault alone was not seen.
#include <functional>
#include <span>
#include <utility>

#include "commands/support/attack.h"

namespace aw::commands {
namespace {

constexpr char kCertificateGate[] = "certificate";
constexpr std::chrono::hours kAnHour{1};
constexpr std::chrono::minutes kClocksDiffer{10};  // at the most, between us and the listener

struct Forged {
  std::vector<tls::Certificate> chain;
  tls::PrivateKey key;
};

// The authorities at hand: one that nobody knows, and perhaps one that the listener trusts.
struct Forge {
  Prey const& prey;
  WallTime now;
  tls::Authority unknown;

  [[nodiscard]] tls::Authority const& best() const {
    return prey.authority ? *prey.authority : unknown;
  }
  [[nodiscard]] std::string own_id() const { return prey.self->self().text(); }
  [[nodiscard]] tls::LeafSpec spec(std::string uri) const {
    return tls::leaf_spec(std::move(uri), now - kAnHour, now + kAnHour);
  }
};

Result<Forged> forge(tls::LeafSpec const& spec, tls::Authority const& issuer) {
  AW_TRY(auto key, tls::PrivateKey::generate(tls::KeyType::p256));
  AW_TRY(auto leaf, tls::issue(spec, issuer, key));
  return Forged{{std::move(leaf)}, std::move(key)};
}

Result<tls::Authority> new_authority(std::string const& domain, WallTime now) {
  return tls::make_ca(tls::ca_spec("spiffe://" + domain, now - kAnHour, now + 24 * kAnHour));
}

Result<Forged> nothing(Forge const& /*forge*/) { return Forged{}; }

Result<Forged> self_signed(Forge const& with) {
  AW_TRY(auto key, tls::PrivateKey::generate(tls::KeyType::p256));
  AW_TRY(auto leaf, tls::self_sign(with.spec(with.own_id()), key));
  return Forged{{std::move(leaf)}, std::move(key)};
}

Result<Forged> unknown_authority(Forge const& with) {
  AW_TRY(auto forged, forge(with.spec(with.own_id()), with.unknown));
  forged.chain.push_back(with.unknown.certificate);
  return forged;
}

// Our own SVID is no authority, and its key is the one that we do have.
Result<Forged> signed_by_a_leaf(Forge const& with) {
  auto const& svid = with.prey.self->snapshot().svid();
  tls::Authority const leaf{.certificate = svid.leaf(), .key = svid.key};
  AW_TRY(auto forged, forge(with.spec(with.own_id() + "/proof"), leaf));
  forged.chain.insert(forged.chain.end(), svid.chain.begin(), svid.chain.end());
  return forged;
}

Result<Forged> foreign_authority(Forge const& with) {
  AW_TRY(auto const authority, new_authority("foreign.invalid", with.now));
  AW_TRY(auto forged, forge(with.spec("spiffe://foreign.invalid/agent/proof"), authority));
  forged.chain.push_back(authority.certificate);
  return forged;
}

Result<Forged> foreign_domain(Forge const& with) {
  return forge(with.spec("spiffe://foreign.invalid/agent/proof"), with.best());
}

Result<Forged> expired(Forge const& with) {
  auto spec = with.spec(with.own_id());
  spec.not_after = with.now - kClocksDiffer;
  return forge(spec, with.best());
}

Result<Forged> not_yet_valid(Forge const& with) {
  auto spec = with.spec(with.own_id());
  spec.not_before = with.now + kAnHour;
  spec.not_after = with.now + 2 * kAnHour;
  return forge(spec, with.best());
}

Result<Forged> two_uris(Forge const& with) {
  auto spec = with.spec(with.own_id());
  spec.uris.push_back(with.own_id() + "/proof");
  return forge(spec, with.best());
}

Result<Forged> no_spiffe_id(Forge const& with) {
  auto spec = with.spec(with.own_id());
  spec.uris.clear();
  spec.dns_names = {"proof.invalid"};
  return forge(spec, with.best());
}

Result<Forged> authority_as_leaf(Forge const& with) {
  auto spec = with.spec(with.own_id());
  spec.basic_constraints = tls::BasicConstraints::authority;
  spec.key_usage.push_back(tls::KeyUsage::key_cert_sign);
  return forge(spec, with.best());
}

struct Trick {
  std::string_view tried;
  enum class Signer : std::uint8_t { any, best } signer;  // best: alone only with an authority
  Result<Forged> (*make)(Forge const&);
};

constexpr Trick kTricks[] = {
    {"no client certificate", Trick::Signer::any, nothing},
    {"self-signed certificate with our own SPIFFE ID", Trick::Signer::any, self_signed},
    {"certificate of an unknown authority", Trick::Signer::any, unknown_authority},
    {"certificate signed by our own leaf", Trick::Signer::any, signed_by_a_leaf},
    {"certificate of a foreign trust domain", Trick::Signer::any, foreign_authority},
    {"foreign trust domain, signed by ours", Trick::Signer::best, foreign_domain},
    {"expired certificate", Trick::Signer::best, expired},
    {"certificate that is not valid yet", Trick::Signer::best, not_yet_valid},
    {"two URI SANs", Trick::Signer::best, two_uris},
    {"no SPIFFE ID", Trick::Signer::best, no_spiffe_id},
    {"authority's certificate as a client's", Trick::Signer::best, authority_as_leaf},
};

// The refusal comes in the handshake, or in TLS 1.3 with the first byte that is waited for.
Attack show_forged(Prey const& prey, Attack attack, Forged const& forged) {
  auto probe = tls::Probe::open({.host = prey.host,
                                 .port = prey.port,
                                 .patience = prey.patience,
                                 .chain = forged.chain,
                                 .key = forged.key,
                                 .alpn = {"http/1.1"}});
  if (!probe.ok()) {
    if (probe.error().code != Code::handshake_failed)
      return not_done(std::move(attack), probe.error());
    attack.verdict = Verdict::refused;
    attack.seen = probe.error().message;
    return attack;
  }
  auto const sent = probe->send("GET " + std::string(kCardPath) +
                                " HTTP/1.1\r\nHost: proof\r\nConnection: close\r\n\r\n");
  auto const heard = probe->hear();
  bool const ended =
      heard.end == tls::Probe::End::broken || heard.end == tls::Probe::End::closed || !sent.ok();
  if (!heard.bytes.empty()) {
    auto const statuses = statuses_in(heard.bytes);
    attack.verdict = Verdict::accepted;
    attack.seen = "the handshake was finished, and a request answered" +
                  (statuses.empty() ? std::string() : " " + std::to_string(statuses.front()));
  } else {
    attack.verdict = ended ? Verdict::refused : Verdict::unclear;
    attack.seen = !ended              ? "no answer, and the connection stays open"
                  : heard.why.empty() ? "closed without a word"
                                      : heard.why;
  }
  return attack;
}

}  // namespace

Attacks attack_certificates(Prey const& prey) {
  Attacks out;
  auto const now = prey.clock.now();
  auto unknown = new_authority(prey.id.trust_domain().name(), now);
  if (!unknown.ok())
    return {not_done({.gate = kCertificateGate, .tried = "bad certificates"}, unknown.error())};
  Forge const with{.prey = prey, .now = now, .unknown = *std::move(unknown)};
  for (auto const& trick : kTricks) {
    Attack attack{.gate = kCertificateGate, .tried = std::string(trick.tried)};
    auto const forged = trick.make(with);
    if (!forged.ok()) {
      out.push_back(not_done(std::move(attack), forged.error()));
      continue;
    }
    attack = show_forged(prey, std::move(attack), *forged);
    if (trick.signer == Trick::Signer::best && !prey.authority &&
        attack.verdict == Verdict::refused)
      attack.seen += " (its authority is unknown too; the fault alone: give --authority)";
    out.push_back(std::move(attack));
  }
  return out;
}

}  // namespace aw::commands
