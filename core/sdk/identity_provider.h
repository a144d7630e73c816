// SPDX-License-Identifier: Apache-2.0
// Where an identity comes from, when it is neither the SPIFFE Workload API nor files; and what is
// told of an identity.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"

namespace aw::sdk {

// Everything at one moment, as a whole. An empty chain says that the identity is withdrawn: nothing
// is accepted and nobody called any more.
struct IdentityMaterial {
  std::string certificate_chain;  // PEM, leaf first; an X.509-SVID
  Secret private_key;             // PEM, of the leaf
  // Trust domain -> its authorities (PEM). The own one must be there.
  std::map<std::string, std::string> bundles;
};

class IdentityProvider {
 public:
  // Any thread, also from within `start`; says what is wrong with the material, which is then not
  // taken (the last good one stands). Not to be called after `stop` has returned.
  using Publish = std::function<Result<void>(IdentityMaterial material)>;

  virtual ~IdentityProvider() = default;
  // Once. Does not wait for the first identity: publishes it as soon as it has it. An error means
  // that there can never be one.
  virtual Result<void> start(Publish publish) = 0;
  // Joins what publishes. Twice is fine.
  virtual void stop() = 0;
};

// What `on_svid_update` hears of each new SVID.
struct SvidInfo {
  std::string spiffe_id;
  std::string fingerprint;  // SHA-256 of the leaf, hex
  WallTime not_before;
  WallTime not_after;
};

}  // namespace aw::sdk
