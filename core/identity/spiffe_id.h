// SPDX-License-Identifier: Apache-2.0
// Names: a trust domain, and a workload in it (SPIFFE-ID §2).
//
// Values that cannot be wrong once parsed: compare, order, hash, copy freely; any thread. Errors:
// Code::spiffe_id_malformed.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::identity {

// There is no empty one.
class TrustDomain {
 public:
  static constexpr std::size_t kMaxBytes = 255;  // SPIFFE-ID §2.1

  // Just the name ("example.org"), lower case letters, digits, '.', '-', '_' (SPIFFE-ID §2.1).
  static Result<TrustDomain> parse(std::string_view name);

  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] std::string id() const { return "spiffe://" + name_; }

  friend auto operator<=>(TrustDomain const&, TrustDomain const&) = default;

 private:
  friend class SpiffeId;
  explicit TrustDomain(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

// There is no empty one; equal texts are equal IDs. A peer's has a path, a signer's has none:
// svid.h asks.
class SpiffeId {
 public:
  static constexpr std::size_t kMaxBytes = 2048;  // SPIFFE-ID §2.3

  // A whole ID, with or without a path: "spiffe://example.org/agent/search". Nothing is normalised:
  // what is not written exactly as the standard has it is refused (no ports, no user info, no
  // query, no escapes, no upper-case scheme or domain, no empty or dot segments).
  static Result<SpiffeId> parse(std::string_view text);
  // `path` begins with a slash, or is empty.
  static Result<SpiffeId> make(TrustDomain const& domain, std::string_view path);

  [[nodiscard]] TrustDomain const& trust_domain() const { return domain_; }
  [[nodiscard]] std::string_view path() const;  // "/agent/search" or empty
  [[nodiscard]] std::string const& text() const { return text_; }
  [[nodiscard]] std::string_view last_segment() const;  // "search"; empty without a path

  friend auto operator<=>(SpiffeId const& a, SpiffeId const& b) { return a.text_ <=> b.text_; }
  friend bool operator==(SpiffeId const& a, SpiffeId const& b) { return a.text_ == b.text_; }

 private:
  SpiffeId(TrustDomain domain, std::string text)
      : domain_(std::move(domain)), text_(std::move(text)) {}
  TrustDomain domain_;
  std::string text_;
};

}  // namespace aw::identity

template <>
struct std::hash<aw::identity::TrustDomain> {
  std::size_t operator()(aw::identity::TrustDomain const& domain) const noexcept {
    return std::hash<std::string>{}(domain.name());
  }
};
template <>
struct std::hash<aw::identity::SpiffeId> {
  std::size_t operator()(aw::identity::SpiffeId const& id) const noexcept {
    return std::hash<std::string>{}(id.text());
  }
};
