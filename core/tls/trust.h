// SPDX-License-Identifier: Apache-2.0
// A set of authorities that chains are built to: one trust domain's, never two domains' together.
//
// Built once, then immutable and cheap to copy; any thread may verify at the same time. There is no
// default trust: what is not in `authorities` is not trusted. Errors of `verify`:
// Code::svid_expired (also not yet valid), Code::peer_unverified.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/tls/certificate.h"

namespace aw::tls {

class TrustStore {
 public:
  static constexpr int kMaxDepth = 8;  // certificates between the leaf and its anchor

  // Code::bundle_malformed when `authorities` holds what the library refuses.
  // An empty list is allowed and trusts nobody.
  static Result<TrustStore> make(std::span<const Certificate> authorities);

  // RFC 5280 §6 for `leaf` at `now`: signatures, validity, path length, name constraints, critical
  // extensions, key and digest strength (112 bits). Any authority is an anchor, self-signed or not.
  // Returns the verified chain, leaf first, anchor last.
  // `intermediates` are what the peer sent, in any order, and are trusted for nothing. Names and
  // SPIFFE rules are not looked at: identity/peer.h does. CPU only; does not block.
  [[nodiscard]] Result<std::vector<Certificate>> verify(Certificate const& leaf,
                                                        std::span<const Certificate> intermediates,
                                                        WallTime now) const;

 private:
  struct Impl;
  explicit TrustStore(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace aw::tls
