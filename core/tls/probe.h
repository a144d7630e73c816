// SPDX-License-Identifier: Apache-2.0
// A client that behaves as badly as it is told: for attacks on a listener of ours.
//
// Shows any certificate or none, speaks old versions or no TLS at all, and never judges the server:
// whoever uses it looks at `server_chain` before saying anything that matters. Blocks; one owner,
// one thread; every wait ends after `patience`. Errors: Code::connect, Code::timeout,
// Code::handshake_failed (with what the peer's alert said), Code::io, Code::tls_setup.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tls/certificate.h"
#include "core/tls/config.h"
#include "core/tls/private_key.h"

namespace aw::tls {

struct ProbeSpec {
  std::string host;
  std::uint16_t port = 0;
  std::chrono::nanoseconds patience = std::chrono::seconds(3);
  enum class Wire : std::uint8_t { tls, plain } wire = Wire::tls;
  std::vector<Certificate> chain;  // leaf first; empty = none is shown
  PrivateKey key;
  Version version = Version::tls1_3;  // this one only
  std::vector<std::string> alpn;
};

class Probe {
 public:
  // Connected, and with Wire::tls the handshake is over. A TLS 1.3 server's refusal of the
  // certificate comes with the first `hear`.
  static Result<Probe> open(ProbeSpec const& spec);
  Probe(Probe&&) noexcept;
  Probe& operator=(Probe&&) noexcept;
  ~Probe();

  // All of it, or why not: a server that has heard enough may close before the end.
  [[nodiscard]] Result<void> send(std::string_view bytes);

  // closed: with a TLS goodbye or plainly; broken: an alert or a reset; silent: nothing for as long
  // as patience; enough: `enough` said so, or `kMostHeard` came.
  enum class End : std::uint8_t { closed, broken, silent, enough };
  struct Heard {
    std::string bytes;
    End end = End::silent;
    std::string why;  // of `broken`: "alert unknown ca", "connection reset by peer"
  };
  static constexpr std::size_t kMostHeard = 1U << 20;
  // What the server says until it ends or `enough` (of all that came so far) holds.
  using Enough = std::function<bool(std::string_view so_far)>;
  [[nodiscard]] Heard hear(Enough const& enough = {});

  [[nodiscard]] std::vector<Certificate> const& server_chain() const;  // as sent; empty when plain
  [[nodiscard]] std::string alpn() const;
  [[nodiscard]] std::string version() const;  // "TLSv1.3"; empty when plain
  [[nodiscard]] std::string cipher() const;

 private:
  struct Impl;
  explicit Probe(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::tls
