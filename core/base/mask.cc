// SPDX-License-Identifier: Apache-2.0
#include "core/base/mask.h"

#include <algorithm>

namespace aw {
namespace {

void hide(std::string& text, std::string_view secret) {
  for (auto at = text.find(secret); at != std::string::npos;
       at = text.find(secret, at + kRedacted.size())) {
    text.replace(at, secret.size(), kRedacted);
  }
}

}  // namespace

void Mask::add(Secret const& secret) {
  if (secret.reveal().size() < kLeast) return;
  std::lock_guard const lock(mutex_);
  if (std::ranges::any_of(secrets_, [&secret](Secret const& one) { return one == secret; })) return;
  secrets_.push_back(secret.clone());
  any_.store(true, std::memory_order_release);
  // The longest first: one may be the beginning of another.
  std::ranges::sort(secrets_, std::greater<>(),
                    [](Secret const& one) { return one.reveal().size(); });
}

std::string Mask::applied(std::string_view text) const {
  std::string out(text);
  if (!any_.load(std::memory_order_acquire)) return out;
  std::lock_guard const lock(mutex_);
  for (auto const& one : secrets_) hide(out, one.reveal());
  return out;
}

Error Mask::applied(Error error) const {
  error.message = applied(error.message);
  error.hint = applied(error.hint);
  for (auto& [name, value] : error.context) value = applied(value);
  return error;
}

}  // namespace aw
