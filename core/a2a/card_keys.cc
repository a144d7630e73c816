// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/card_keys.h"

#include "core/tls/key_file.h"

namespace aw::a2a {

Result<std::unique_ptr<CardKeyring>> CardKeyring::open(std::vector<std::string> const& files) {
  std::unique_ptr<CardKeyring> ring(new CardKeyring(files.empty() ? Source::svid : Source::files));
  std::vector<CardKey> keys;
  for (auto const& file : files) {
    AW_TRY(auto key, with_context(tls::load_private_key(file), "card key"));
    AW_TRY(auto made, with_context(card_key(std::move(key)), file));
    keys.push_back(std::move(made));
  }
  ring->keys_ = std::make_shared<const std::vector<CardKey>>(std::move(keys));
  return ring;
}

Result<void> CardKeyring::rotate(identity::Svid const& svid, WallTime now) {
  if (source_ == Source::files) return {};
  AW_TRY(auto next, card_key(svid));
  std::lock_guard const lock(mutex_);
  std::vector<CardKey> keys;
  keys.push_back(std::move(next));
  bool const before =
      !keys_->empty() && keys_->front().kid != keys.front().kid && keys_->front().not_after > now;
  if (before) keys.push_back(keys_->front());
  keys_ = std::make_shared<const std::vector<CardKey>>(std::move(keys));
  return {};
}

CardKeys CardKeyring::keys() const {
  std::lock_guard const lock(mutex_);
  return keys_;
}

}  // namespace aw::a2a
