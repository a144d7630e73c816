// SPDX-License-Identifier: Apache-2.0
#include "core/identity/dev_issuer.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "core/base/random.h"
#include "core/tls/mint.h"

namespace aw::identity {
namespace {

using std::chrono::nanoseconds;

// Machines whose clocks disagree a little must not refuse a certificate that was made a moment ago;
// a short life is not stretched by more than a tenth.
nanoseconds backdate(nanoseconds ttl) {
  return std::min<nanoseconds>(std::chrono::seconds(10), ttl / 10);
}

constexpr auto kShortestTtl = std::chrono::seconds(2);
// The ticking thread looks at the clock this often, so that a suspended laptop catches up when it
// wakes.
constexpr nanoseconds kRotationLook = std::chrono::seconds(1);
constexpr nanoseconds kRetry = std::chrono::milliseconds(200);
constexpr std::size_t kMaxIdentities = 100;

Error bad_spec(std::string what) {
  return make_error(Code::config_out_of_range, "development issuer: " + std::move(what));
}

Result<void> check(DevIssuerSpec const& spec) {
  if (spec.identities.empty()) return bad_spec("no identity to issue");
  if (spec.identities.size() > kMaxIdentities) return bad_spec("too many identities");
  if (spec.svid_ttl < kShortestTtl)
    return bad_spec("the SVID life is shorter than " + format_duration(kShortestTtl));
  if (spec.ca_ttl < spec.svid_ttl) return bad_spec("the CA would live shorter than its SVIDs");
  std::set<std::string> seen;
  for (auto const& identity : spec.identities) {
    if (identity.id.trust_domain() != spec.domain || identity.id.path().empty())
      return bad_spec(identity.id.text() + " is no workload of " + spec.domain.name());
    if (!seen.insert(identity.id.text()).second)
      return bad_spec(identity.id.text() + " stands twice in the list");
    if (!identity.name.empty() && !seen.insert(identity.name).second)
      return bad_spec("two identities are named " + identity.name);
  }
  return {};
}

// 45–50 % of the life: not all workloads of a machine at once.
nanoseconds until_renewal(nanoseconds ttl) {
  auto const jitter = static_cast<std::uint64_t>(ttl.count() / 20);
  return ttl / 2 - nanoseconds(static_cast<std::int64_t>(random_u64() % (jitter + 1)));
}

}  // namespace

std::string_view stage_name(CaStage stage) {
  switch (stage) {
    case CaStage::steady:
      return "steady";
    case CaStage::prepared:
      return "prepared";
    case CaStage::active:
      return "active";
  }
  return "steady";
}

DevIssuer::DevIssuer(DevIssuerSpec spec, Clock const& clock)
    : spec_(std::move(spec)), clock_(clock) {}

Result<std::unique_ptr<DevIssuer>> DevIssuer::create(DevIssuerSpec spec, Clock const& clock) {
  AW_TRY(check(spec));
  std::unique_ptr<DevIssuer> issuer(new DevIssuer(std::move(spec), clock));
  AW_TRY(issuer->update([&self = *issuer](WallTime now) -> Result<void> {
    AW_TRY(auto root, self.make_root());
    self.roots_.push_back(std::move(root));
    self.sequence_ = 1;
    return self.renew_locked(now, self.spec_.svid_ttl);
  }));
  return issuer;
}

DevIssuer::~DevIssuer() { stop(); }

void DevIssuer::start() {
  thread_ = std::thread([this] { run(); });
}

void DevIssuer::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DevIssuer::run() {
  while (true) {
    auto const due = tick();
    // Making a key or a certificate can only fail for lack of memory or entropy: try again shortly,
    // the old SVIDs stand.
    auto const wait =
        due.ok() ? std::clamp<nanoseconds>(*due - clock_.now(), nanoseconds::zero(), kRotationLook)
                 : kRetry;
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, wait, [this] { return stopping_; })) return;
  }
}

Result<void> DevIssuer::update(std::function<Result<void>(WallTime)> const& change) {
  std::lock_guard const order(publishing_);
  auto const now = clock_.now();
  auto made = [&]() -> Result<Snapshot> {
    std::lock_guard const lock(mutex_);
    AW_TRY(change(now));
    return snapshot_locked(now);
  }();
  if (!made.ok()) return std::move(made).error();
  watch_.publish(std::move(made).value());
  return {};
}

Result<WallTime> DevIssuer::tick() {
  auto const now = clock_.now();
  bool due = false;
  {
    std::lock_guard const lock(mutex_);
    due = next_locked() <= now;
  }
  if (due) AW_TRY(update([this](WallTime at) { return tick_locked(at); }));
  std::lock_guard const lock(mutex_);
  return next_locked();
}

WallTime DevIssuer::next_locked() const {
  auto const ca =
      stage_ == CaStage::steady ? roots_.front().ca.not_after() - spec_.ca_ttl / 2 : stage_ends_;
  return drill_ == Drill::none ? std::min(ca, renews_at_) : ca;  // a drill's SVIDs are not renewed
}

Result<void> DevIssuer::tick_locked(WallTime now) {
  if (stage_ != CaStage::steady && now >= stage_ends_) {
    AW_TRY(advance_locked(now));
  } else if (stage_ == CaStage::steady && now >= roots_.front().ca.not_after() - spec_.ca_ttl / 2) {
    AW_TRY(prepare_locked(now));
  }
  if (drill_ == Drill::none && now >= renews_at_) AW_TRY(renew_locked(now, spec_.svid_ttl));
  return {};
}

Result<DevIssuer::Root> DevIssuer::make_root() const {
  auto const now = clock_.now();
  auto spec = tls::ca_spec(spec_.domain.id(), now - backdate(spec_.ca_ttl), now + spec_.ca_ttl);
  spec.organization = "agentweave development";
  AW_TRY(auto authority, tls::make_ca(spec));
  AW_TRY(auto jwt_key, tls::PrivateKey::generate(tls::KeyType::p256));
  AW_TRY(auto const jwt_public, jwt_key.public_key());
  AW_TRY(auto key_id, tls::thumbprint(jwt_public));
  return Root{.ca = std::move(authority.certificate),
              .ca_key = std::move(authority.key),
              .jwt_key = std::move(jwt_key),
              .jwt_key_id = std::move(key_id)};
}

Result<Svid> DevIssuer::issue(DevIdentity const& identity, WallTime now, WallTime until) {
  auto& root = roots_.front();
  auto spec = tls::leaf_spec(identity.id.text(),
                             std::max(now - backdate(until - now), root.ca.not_before()),
                             std::min(until, root.ca.not_after()));
  spec.organization = "agentweave development";
  spec.dns_names = identity.dns_names;
  AW_TRY(auto key, tls::PrivateKey::generate(tls::KeyType::p256));
  AW_TRY(auto certificate, tls::issue(spec, tls::Authority{root.ca, root.ca_key}, key));
  root.last_leaf = std::max(root.last_leaf, certificate.not_after());
  return make_svid({std::move(certificate)}, std::move(key), identity.name);
}

Result<void> DevIssuer::renew_locked(WallTime now, nanoseconds ttl) {
  std::vector<Svid> fresh;
  fresh.reserve(spec_.identities.size());
  for (auto const& identity : spec_.identities) {
    AW_TRY(auto svid, issue(identity, now, now + ttl));
    fresh.push_back(std::move(svid));
  }
  svids_ = std::move(fresh);
  renews_at_ = now + until_renewal(ttl);
  return {};
}

Result<void> DevIssuer::renew() {
  return update([this](WallTime now) { return renew_locked(now, spec_.svid_ttl); });
}

Result<void> DevIssuer::rotate_ca() {
  return update([this](WallTime now) -> Result<void> {
    if (stage_ != CaStage::steady)
      return make_error(Code::check_failed,
                        "a CA rotation is under way (" + std::string(stage_name(stage_)) + ")");
    return prepare_locked(now);
  });
}

Result<void> DevIssuer::advance_ca() {
  return update([this](WallTime now) -> Result<void> {
    if (stage_ == CaStage::steady)
      return make_error(Code::check_failed, "no CA rotation is under way");
    return advance_locked(now);
  });
}

Result<void> DevIssuer::prepare_locked(WallTime now) {
  AW_TRY(auto next, make_root());
  roots_.push_back(std::move(next));
  stage_ = CaStage::prepared;
  stage_ends_ = now + spec_.ca_overlap;
  ++sequence_;
  return {};
}

Result<void> DevIssuer::advance_locked(WallTime now) {
  if (stage_ == CaStage::prepared) {
    std::swap(roots_[0], roots_[1]);
    stage_ = CaStage::active;
    ++sequence_;
    if (drill_ == Drill::none) AW_TRY(renew_locked(now, spec_.svid_ttl));
    // The old CA goes with the last SVID it signed.
    stage_ends_ = std::max(roots_[1].last_leaf, now + spec_.ca_overlap);
    return {};
  }
  roots_.pop_back();
  stage_ = CaStage::steady;
  ++sequence_;
  return {};
}

Result<Bundle> DevIssuer::bundle_locked() const {
  BundleContent content;
  for (auto const& root : roots_) {
    content.x509_authorities.push_back(root.ca);
    AW_TRY(auto key, root.jwt_key.public_key());
    content.jwt_authorities.push_back({root.jwt_key_id, std::move(key)});
  }
  content.sequence = sequence_;
  return Bundle::make(spec_.domain, std::move(content));
}

Result<Snapshot> DevIssuer::snapshot_locked(WallTime now) {
  Snapshot out;
  out.generation = ++generation_;
  out.received = now;
  if (drill_ == Drill::withdrawn) return out;
  AW_TRY(auto own, bundle_locked());
  out.svids = svids_;
  out.bundles = federated_;
  out.bundles.insert_or_assign(spec_.domain, std::move(own));
  return out;
}

Bundle DevIssuer::bundle() const {
  // Not out of the latest snapshot: a withdrawn one holds no bundles, and the trust domain stands
  // all the same.
  std::lock_guard const lock(mutex_);
  return bundle_locked().value();
}

CaStage DevIssuer::ca_stage() const {
  std::lock_guard const lock(mutex_);
  return stage_;
}

WallTime DevIssuer::renews_at() const {
  std::lock_guard const lock(mutex_);
  return renews_at_;
}

Result<void> DevIssuer::add_federated(Bundle bundle) {
  if (bundle.trust_domain() == spec_.domain)
    return bad_spec("a trust domain is not federated with itself (" + spec_.domain.name() + ")");
  {
    // Two issuers that follow each other would otherwise publish for ever.
    std::lock_guard const lock(mutex_);
    auto const known = federated_.find(bundle.trust_domain());
    if (known != federated_.end() && known->second == bundle) return {};
  }
  return update([this, &bundle](WallTime /*now*/) -> Result<void> {
    auto const domain = bundle.trust_domain();
    federated_.insert_or_assign(domain, std::move(bundle));
    return {};
  });
}

Result<void> DevIssuer::remove_federated(TrustDomain const& domain) {
  return update([this, &domain](WallTime /*now*/) -> Result<void> {
    federated_.erase(domain);
    return {};
  });
}

Result<void> DevIssuer::withdraw() {
  return update([this](WallTime /*now*/) -> Result<void> {
    drill_ = Drill::withdrawn;
    return {};
  });
}

Result<void> DevIssuer::let_expire(nanoseconds left) {
  return update([this, left](WallTime now) -> Result<void> {
    AW_TRY(renew_locked(now, left));
    drill_ = Drill::expiring;
    return {};
  });
}

Result<void> DevIssuer::restore() {
  return update([this](WallTime now) -> Result<void> {
    drill_ = Drill::none;
    return renew_locked(now, spec_.svid_ttl);
  });
}

Result<std::vector<IssuedJwt>> DevIssuer::issue_jwt(std::optional<SpiffeId> const& id,
                                                    std::vector<std::string> const& audience) {
  std::lock_guard const lock(mutex_);
  std::vector<IssuedJwt> out;
  if (drill_ == Drill::withdrawn)
    return make_error(Code::workload_api_denied, "the identity is withdrawn");
  auto const now = clock_.now();
  auto const& root = roots_.front();
  for (auto const& identity : spec_.identities) {
    if (id && *id != identity.id) continue;
    JwtSpec const spec{
        .id = identity.id, .audience = audience, .issued = now, .expires = now + spec_.jwt_ttl};
    AW_TRY(auto token, sign_jwt_svid(spec, root.jwt_key_id, root.jwt_key));
    out.push_back({identity.id, std::move(token), identity.name});
  }
  if (out.empty()) return make_error(Code::workload_api_denied, "no such identity here");
  return out;
}

}  // namespace aw::identity
