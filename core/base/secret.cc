// SPDX-License-Identifier: Apache-2.0
#include "core/base/secret.h"

#include <string.h>  // explicit_bzero

#include <utility>

namespace aw {

void wipe(std::span<char> bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());  // nothing may have no address
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

// A short string lives inside the object: moving copies it, so the source is wiped by hand.
Secret::Secret(std::string bytes) : bytes_(bytes) { wipe(bytes); }
Secret::~Secret() { wipe(bytes_); }

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) {
  other.bytes_.resize(other.bytes_.capacity());
  wipe(other.bytes_);
  other.bytes_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe(bytes_);
  bytes_ = std::move(other.bytes_);
  other.bytes_.resize(other.bytes_.capacity());
  wipe(other.bytes_);
  other.bytes_.clear();
  return *this;
}

Secret Secret::clone() const { return Secret(bytes_); }

bool operator==(Secret const& a, Secret const& b) {
  return equal_constant_time(a.bytes_, b.bytes_);
}

}  // namespace aw
