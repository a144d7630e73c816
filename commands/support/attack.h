// SPDX-License-Identifier: Apache-2.0
// Attacks on a listener of ours, one after the other, and what came of each: what `doctor --prove`
// does.
//
// Harmless to the agent behind it: what is asked for is its public card, or an action that nobody
// has. Nothing is said to a server that did not prove the SPIFFE ID it should have. Blocks, about
// a second in all against a listener that refuses at once; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/credentials.h"
#include "core/tls/mint.h"
#include "core/tls/probe.h"

namespace aw::commands {

// refused: as it must be. accepted: the gate is open. unclear: neither could be seen, which proves
// nothing and so counts as not refused. not_observable: from out here nobody can see it.
enum class Verdict : std::uint8_t { unclear, refused, accepted, not_observable };
[[nodiscard]] std::string_view verdict_word(Verdict verdict);

// One try, and what came of it.
struct Attack {
  std::string gate;   // "tls", "certificate", "replay", "framing", "limits", "routes", …
  std::string tried;  // "expired certificate"
  Verdict verdict = Verdict::unclear;
  std::string seen;  // "alert certificate expired"
};
using Attacks = std::vector<Attack>;

// Whom to attack, and what is known of it.
struct Prey {
  std::string host;
  std::uint16_t port = 0;
  identity::SpiffeId id;  // that it must prove before anything is said to it
  std::shared_ptr<const identity::Credentials> self;  // who we are, when we are polite
  Clock const& clock;
  std::chrono::nanoseconds patience;  // of one wait
  std::size_t max_head_bytes;
  std::size_t max_body_bytes;
  // An authority that the listener trusts: certificates then have one fault only.
  std::optional<tls::Authority> authority;
  std::string echo;  // an action that answers with the headers it got; empty = none
};

// What a polite client gets: everything else is measured by it.
struct Control {
  std::string address;
  std::string version;  // "TLSv1.3"
  std::string cipher;
  int status = 0;  // of the card
};
// Errors: connect, timeout, handshake_failed, peer_mismatch, check_failed (no answer).
[[nodiscard]] Result<Control> ask_politely(Prey const& prey);

[[nodiscard]] Attacks attack_all(Prey const& prey, Control const& control);

// --- its parts
[[nodiscard]] Attacks attack_tls(Prey const& prey);           // attack_tls.cc
[[nodiscard]] Attacks attack_certificates(Prey const& prey);  // attack_certificate.cc
[[nodiscard]] Attacks attack_framing(Prey const& prey, Control const& control);  // attack_http.cc
[[nodiscard]] Attacks attack_limits(Prey const& prey, Control const& control);
[[nodiscard]] Attacks attack_routes(Prey const& prey, Control const& control);
[[nodiscard]] Attacks attack_replay(Prey const& prey);                         // attack_request.cc
[[nodiscard]] Attacks attack_headers(Prey const& prey);                        // attack_request.cc
[[nodiscard]] Attacks attack_http2(Prey const& prey, Control const& control);  // attack_http2.cc

// --- what they share (attack.cc)
inline constexpr std::string_view kCardPath = "/.well-known/agent-card.json";

// A connection as ourselves, to a server that proved to be `prey.id`.
[[nodiscard]] Result<tls::Probe> open_politely(Prey const& prey, std::vector<std::string> alpn);
// The status codes of the HTTP/1.1 answers in `bytes`, in order.
[[nodiscard]] std::vector<int> statuses_in(std::string_view bytes);
// What an HTTP/1.1 answer to a bad request says about the gate that should have refused it.
[[nodiscard]] Attack judged(Attack attack, tls::Probe::Heard const& heard, Control const& control);
// The attack that could not be carried out.
[[nodiscard]] Attack not_done(Attack attack, Error const& why);

}  // namespace aw::commands
