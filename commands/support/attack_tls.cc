// SPDX-License-Identifier: Apache-2.0
// Who speaks no TLS, or an old one. Nothing of ours is shown: whatever the server is, it learns
// nothing from these.
#include <array>
#include <utility>

#include "commands/support/attack.h"

namespace aw::commands {
namespace {

constexpr char kTlsGate[] = "tls";

struct Opening {
  std::string_view tried;
  std::string_view bytes;
};

constexpr std::array<Opening, 3> kOpenings = {{
    {"plaintext HTTP/1.1",
     "GET /.well-known/agent-card.json HTTP/1.1\r\nHost: proof\r\nConnection: close\r\n\r\n"},
    {"plaintext HTTP/2", std::string_view("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                                          "\0\0\0\4\0\0\0\0\0",
                                          33)},
    {"bytes that are no TLS", "\x16\x03\x01\xff\xff garbage garbage garbage"},
}};

// Of TLS 1.2 a server may say an alert (21); of HTTP/1.1 and HTTP/2 (a SETTINGS frame) nothing.
bool speaks_plaintext(std::string_view bytes) {
  return bytes.starts_with("HTTP/") || (bytes.size() >= 9 && bytes[3] == 4 && bytes[0] == 0);
}

Attack attack_in_plaintext(Prey const& prey, Opening const& opening) {
  Attack attack{.gate = kTlsGate, .tried = std::string(opening.tried)};
  auto probe = tls::Probe::open({.host = prey.host,
                                 .port = prey.port,
                                 .patience = prey.patience,
                                 .wire = tls::ProbeSpec::Wire::plain});
  if (!probe.ok()) return not_done(std::move(attack), probe.error());
  auto const sent = probe->send(opening.bytes);
  auto const heard = probe->hear(speaks_plaintext);
  if (speaks_plaintext(heard.bytes)) {
    attack.verdict = Verdict::accepted;
    attack.seen = "answered in plaintext";
  } else if (heard.end == tls::Probe::End::silent) {
    // A record that is announced and never comes: the handshake's deadline ends it, not we.
    attack.verdict = Verdict::refused;
    attack.seen = "no answer";
  } else {
    attack.verdict = Verdict::refused;
    attack.seen = heard.bytes.empty() ? "closed without a word" : "a TLS alert";
    if (!sent.ok()) attack.seen = sent.error().message;
  }
  return attack;
}

Attack attack_old_version(Prey const& prey) {
  Attack attack{.gate = kTlsGate, .tried = "TLS 1.2"};
  auto const& svid = prey.self->snapshot().svid();
  auto probe = tls::Probe::open({.host = prey.host,
                                 .port = prey.port,
                                 .patience = prey.patience,
                                 .chain = svid.chain,
                                 .key = svid.key,
                                 .version = tls::Version::tls1_2});
  if (probe.ok()) {
    attack.verdict = Verdict::accepted;
    attack.seen = "the handshake was finished with " + probe->version();
    return attack;
  }
  if (probe.error().code != Code::handshake_failed)
    return not_done(std::move(attack), probe.error());
  attack.verdict = Verdict::refused;
  attack.seen = probe.error().message;
  return attack;
}

Attack attack_alpn(Prey const& prey) {
  Attack attack{.gate = kTlsGate, .tried = "a protocol nobody speaks (ALPN)"};
  auto const& svid = prey.self->snapshot().svid();
  auto probe = tls::Probe::open({.host = prey.host,
                                 .port = prey.port,
                                 .patience = prey.patience,
                                 .chain = svid.chain,
                                 .key = svid.key,
                                 .alpn = {"agentweave-proof"}});
  if (!probe.ok() && probe.error().code != Code::handshake_failed)
    return not_done(std::move(attack), probe.error());
  attack.verdict = probe.ok() ? Verdict::accepted : Verdict::refused;
  attack.seen = probe.ok() ? "the handshake was finished" : probe.error().message;
  return attack;
}

}  // namespace

Attacks attack_tls(Prey const& prey) {
  Attacks out;
  for (auto const& opening : kOpenings) out.push_back(attack_in_plaintext(prey, opening));
  out.push_back(attack_old_version(prey));
  out.push_back(attack_alpn(prey));
  return out;
}

}  // namespace aw::commands
