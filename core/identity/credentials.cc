// SPDX-License-Identifier: Apache-2.0
#include "core/identity/credentials.h"

#include <map>
#include <mutex>

namespace aw::identity {
namespace {

// What the contexts' checks need; they may outlive the Credentials (a connection keeps its
// context), so they share it. Never points back to a context.
class Checker {
 public:
  Checker(std::shared_ptr<const Snapshot> snapshot, std::set<TrustDomain> allowed,
          Clock const& clock)
      : snapshot_(std::move(snapshot)), allowed_(std::move(allowed)), clock_(clock) {}

  Result<std::shared_ptr<const Peer>> verify(std::span<const tls::Certificate> sent) const {
    WallTime const now = clock_.now();
    std::string const key = chain_key(sent);
    if (auto known = recall(key, now)) return known;
    AW_TRY(Peer peer, verify_peer(sent, snapshot_->bundles, allowed_, now));
    peer.xfcc = xfcc(self(), peer);
    auto shared = std::make_shared<const Peer>(std::move(peer));
    remember(key, shared);
    return shared;
  }

  [[nodiscard]] Snapshot const& snapshot() const { return *snapshot_; }
  [[nodiscard]] std::shared_ptr<const Snapshot> const& snapshot_pointer() const {
    return snapshot_;
  }
  [[nodiscard]] SpiffeId const& self() const { return snapshot_->svid().id; }

 private:
  static constexpr std::size_t kMostRemembered = 1024;

  static std::string chain_key(std::span<const tls::Certificate> sent) {
    std::string key;
    for (auto const& certificate : sent.first(std::min<std::size_t>(sent.size(), 16))) {
      key += certificate.fingerprint_sha256();
    }
    return key;
  }

  // Everything but the time is the same for the same bytes, bundles and allowed list.
  std::shared_ptr<const Peer> recall(std::string const& key, WallTime now) const {
    std::lock_guard const lock(mutex_);
    auto const found = verified_.find(key);
    if (found == verified_.end()) return nullptr;
    if (now < found->second->not_before || now >= found->second->not_after) {
      verified_.erase(found);
      return nullptr;
    }
    return found->second;
  }

  void remember(std::string const& key, std::shared_ptr<const Peer> const& peer) const {
    std::lock_guard const lock(mutex_);
    if (verified_.size() >= kMostRemembered) verified_.clear();
    verified_.insert_or_assign(key, peer);
  }

  std::shared_ptr<const Snapshot> const snapshot_;
  std::set<TrustDomain> const allowed_;
  Clock const& clock_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const Peer>> verified_;
};

tls::VerifyPeer check_with(std::shared_ptr<const Checker> checker) {
  return [checker = std::move(checker)](std::span<const tls::Certificate> sent) -> Result<void> {
    AW_TRY(auto const unused, checker->verify(sent));
    static_cast<void>(unused);
    return {};
  };
}

tls::ContextSpec context_spec(Svid const& svid, CredentialsSpec const& spec,
                              std::shared_ptr<const Checker> checker) {
  return {.chain = svid.chain,
          .key = svid.key,
          .verify = check_with(std::move(checker)),
          .alpn = {},
          .min_version = spec.min_version,
          .crypto = spec.crypto};
}

}  // namespace

struct Credentials::Impl {
  std::shared_ptr<const Checker> checker;
  std::shared_ptr<const tls::Context> server;
  std::shared_ptr<const tls::Context> client;
};

Credentials::Credentials(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Credentials::~Credentials() = default;

Result<std::shared_ptr<const Credentials>> Credentials::make(
    std::shared_ptr<const Snapshot> snapshot, CredentialsSpec spec, Clock const& clock) {
  if (snapshot == nullptr || !snapshot->has_identity()) {
    return make_error(Code::no_svid, "there is no identity to serve or call with");
  }
  Svid const& svid = snapshot->svid();  // lives on in the checker
  if (clock.now() >= svid.not_after()) {
    return make_error(Code::svid_expired, "the X.509-SVID of " + svid.id.text() + " ended at " +
                                              format_rfc3339(svid.not_after()));
  }
  spec.allowed.insert(svid.id.trust_domain());
  auto impl = std::make_shared<Impl>();
  impl->checker = std::make_shared<const Checker>(std::move(snapshot), spec.allowed, clock);
  auto server = context_spec(svid, spec, impl->checker);
  server.alpn = spec.server_alpn;
  AW_TRY(impl->server, tls::Context::server(std::move(server)));
  auto client = context_spec(svid, spec, impl->checker);
  client.alpn = spec.client_alpn;
  AW_TRY(impl->client, tls::Context::client(std::move(client)));
  return std::shared_ptr<const Credentials>(new Credentials(std::move(impl)));
}

std::shared_ptr<const tls::Context> Credentials::server() const { return impl_->server; }
std::shared_ptr<const tls::Context> Credentials::client() const { return impl_->client; }

std::shared_ptr<const tls::Context> Credentials::client_for(SpiffeId const& expected) const {
  return impl_->client->with_check(
      [expected](std::span<const tls::Certificate> sent) -> Result<void> {
        AW_TRY(SpiffeId const got, check_leaf(sent.front()));
        if (got == expected) return {};
        return make_error(Code::peer_mismatch, "peer verification failed: expected SPIFFE ID " +
                                                   expected.text() + ", got " + got.text());
      });
}

Result<std::shared_ptr<const Peer>> Credentials::verify(
    std::span<const tls::Certificate> sent) const {
  return impl_->checker->verify(sent);
}

Snapshot const& Credentials::snapshot() const { return impl_->checker->snapshot(); }
SpiffeId const& Credentials::self() const { return impl_->checker->self(); }
WallTime Credentials::not_after() const { return snapshot().svid().not_after(); }

bool Credentials::built_from(std::shared_ptr<const Snapshot> const& latest) const {
  return latest != nullptr && latest == impl_->checker->snapshot_pointer();
}

}  // namespace aw::identity
