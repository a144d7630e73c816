// SPDX-License-Identifier: Apache-2.0
// What a TLS endpoint is before it has a connection: certificate, key, rules, the check of peers.
//
// Immutable; shared by all loops; replaced as a whole when the identity rotates (connections keep
// the one they began with). Mutual always: a server demands a certificate, and both sides hand what
// was sent to `verify`. No tickets, no resumption, no 0-RTT, no renegotiation, no compression.
// Errors: Code::tls_setup.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/tls/certificate.h"
#include "core/tls/config.h"
#include "core/tls/private_key.h"

namespace aw::tls {

// Decides about the chain the peer sent (leaf first, at most Certificate::kMaxChain). Called on the
// connection's loop during the handshake: it must not block. An error ends the handshake with an
// alert, and stands in Stream::verify_error().
using VerifyPeer = std::function<Result<void>(std::span<const Certificate> sent_chain)>;

enum class Role { server, client };

// Chain and key must belong together; `key` empty, `chain` empty or `verify` missing is an error,
// never a context that checks nothing.
struct ContextSpec {
  std::vector<Certificate> chain;  // leaf first
  PrivateKey key;
  VerifyPeer verify;              // required
  std::vector<std::string> alpn;  // in order of preference: {"h2", "http/1.1"}; empty = no ALPN
  Version min_version = Version::tls1_3;
  Crypto crypto = Crypto::lean;
};

// A client of the public kind (https OPA endpoints): server certificate checked against the
// machine's authorities or `ca_file`, and against the host name given to the Stream.
// No client certificate is sent: the other side does not know who calls.
struct WebSpec {
  std::string ca_file;  // PEM; empty = the machine's
  std::vector<std::string> alpn;
  Version min_version = Version::tls1_2;
};

// Made by one of the three; there is no empty one. Building reads keys and costs about as much as
// a handshake, so: once an identity, not once a connection.
class Context {
 public:
  static Result<std::shared_ptr<const Context>> server(ContextSpec spec);
  static Result<std::shared_ptr<const Context>> client(ContextSpec spec);
  static Result<std::shared_ptr<const Context>> web_client(WebSpec spec);

  // The same endpoint that demands `also` of each peer, after its own check: for a client that
  // expects one exact peer. Cheap.
  // Not for a web client, whose peers the library checks: a Stream over that is Code::tls_setup.
  [[nodiscard]] std::shared_ptr<const Context> with_check(VerifyPeer also) const;

  [[nodiscard]] Role role() const;

  struct Impl;  // openssl.h, inside this room only
  explicit Context(std::shared_ptr<const Impl> impl);
  ~Context();
  Context(Context const&) = delete;
  Context& operator=(Context const&) = delete;
  [[nodiscard]] Impl const& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace aw::tls
