// SPDX-License-Identifier: Apache-2.0
// The keys that sign this agent's card now: the SVID's, or those the configuration names.
//
// While a key rotates two sign: a card that was cached, or that is checked by somebody who has the
// older certificate, stays good. Any thread; values are immutable and shared.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/a2a/card_signature.h"
#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::a2a {

using CardKeys = std::shared_ptr<const std::vector<CardKey>>;

class CardKeyring {
 public:
  // `files`: PEM keys, the one that signs first; empty = the SVID's key. Code::key_malformed,
  // Code::key_permissions (readable by others), Code::io.
  static Result<std::unique_ptr<CardKeyring>> open(std::vector<std::string> const& files);

  // A new SVID: signs from now on, beside the one before it until that one's time is over. Nothing
  // to do where the configuration names the keys. Code::key_malformed.
  Result<void> rotate(identity::Svid const& svid, WallTime now);
  // Null before the first SVID was given, else the key that signs first stands first.
  [[nodiscard]] CardKeys keys() const;

 private:
  enum class Source : std::uint8_t { svid, files };
  explicit CardKeyring(Source source) : source_(source) {}

  Source const source_;
  mutable std::mutex mutex_;
  CardKeys keys_;
};

}  // namespace aw::a2a
