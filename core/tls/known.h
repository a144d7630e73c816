// SPDX-License-Identifier: Apache-2.0
// The certificates that an endpoint's peers have shown, read once. Included by this room's .cc
// files only.
//
// A caller shows the same certificate at each of its connections. To decode its key again costs a
// tenth of a handshake, to keep it again a sixth of an idle connection's memory. Reading is a pure
// function of the bytes, so what stands here says nothing about trust: that is asked every time.
//
// Any thread; the lock is held for a look-up. Bounded in entries and bytes: full, it begins anew.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/tls/certificate.h"

namespace aw::tls {

class KnownCertificates {
 public:
  static constexpr std::size_t kMost = 1024;
  static constexpr std::size_t kMostBytes = 4U << 10U;  // of one; a larger one is read each time

  // By its whole DER encoding.
  [[nodiscard]] std::optional<Certificate> find(std::string_view der) const;
  // Only what a check has accepted, so that strangers cannot push it out.
  void keep(std::string_view der, Certificate const& certificate);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Certificate, Hash, std::equal_to<>> known_;  // guarded by mutex_
};

}  // namespace aw::tls
