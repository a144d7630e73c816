// SPDX-License-Identifier: Apache-2.0
#include "core/identity/federation.h"

#include <algorithm>
#include <utility>

namespace aw::identity {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kSoonest = 10s;  // whatever the hint says
constexpr std::chrono::seconds kLatest = 1h;
constexpr std::chrono::seconds kFirstRetry = 5s;
constexpr std::chrono::seconds kLook = 1s;  // how soon a due fetch is seen

std::chrono::seconds refresh_of(Bundle const& bundle) {
  return std::clamp<std::chrono::seconds>(
      bundle.refresh_hint().value_or(FederatedProvider::kRefresh), kSoonest, kLatest);
}

std::chrono::seconds retry_after(int failures) {
  return std::min<std::chrono::seconds>(kFirstRetry * (1 << std::min(failures, 10)),
                                        FederatedProvider::kRefresh);
}

// SPIFFE Federation §4: what is older than what we have is not taken.
Result<void> newer(Bundle const& have, Bundle const& got) {
  if (!have.sequence() || !got.sequence() || *got.sequence() >= *have.sequence()) return {};
  return make_error(Code::bundle_malformed, "the endpoint's bundle has sequence " +
                                                std::to_string(*got.sequence()) + ", we have " +
                                                std::to_string(*have.sequence()));
}

}  // namespace

std::string_view profile_name(EndpointProfile profile) {
  return profile == EndpointProfile::https_web ? "https_web" : "https_spiffe";
}

std::string_view federation_state_name(FederationState state) {
  switch (state) {
    case FederationState::own:
      return "own";
    case FederationState::from_source:
    case FederationState::ok:
      return "ok";
    case FederationState::bootstrap:
      return "bootstrap";
    case FederationState::waiting:
      return "waiting";
    case FederationState::stale:
      return "STALE";
    case FederationState::expired:
      return "EXPIRED";
  }
  return "waiting";
}

Result<FederationSource> parse_source(FederationConfig const& config) {
  AW_TRY(auto domain, TrustDomain::parse(config.trust_domain));
  FederationSource out{.domain = std::move(domain),
                       .url = config.url,
                       .profile = config.profile,
                       .endpoint_id = std::nullopt,
                       .ca_file = config.ca_path};
  if (!config.url.starts_with("https://"))
    return make_error(Code::config_out_of_range,
                      "a bundle endpoint is https://, not " + config.url);
  if (config.profile == EndpointProfile::https_web) {
    if (config.endpoint_spiffe_id.empty()) return out;
    return make_error(Code::config_conflict,
                      "an endpoint_spiffe_id proves nothing with the profile https_web (" +
                          config.trust_domain + ")",
                      "set profile: https_spiffe, or leave the ID out");
  }
  if (config.endpoint_spiffe_id.empty())
    return make_error(Code::config_missing_key,
                      "https_spiffe needs the SPIFFE ID of the endpoint of " + config.trust_domain);
  AW_TRY(out.endpoint_id, SpiffeId::parse(config.endpoint_spiffe_id));
  return out;
}

FederatedProvider::FederatedProvider(std::unique_ptr<IdentityProvider> own, Needs needs)
    : own_(std::move(own)), needs_(std::move(needs)) {
  seen_.on_change([this](io::Watch<Snapshot>::Seen const& /*seen*/) { publish(); });
}

FederatedProvider::~FederatedProvider() { stop(); }

Result<void> FederatedProvider::start(io::Watch<Snapshot>& watch) {
  {
    std::lock_guard const lock(mutex_);
    watch_ = &watch;
  }
  AW_TRY(own_->start(seen_));
  if (needs_.fetching == Fetching::by_itself) thread_ = std::thread([this] { run(); });
  return {};
}

void FederatedProvider::stop() {
  own_->stop();
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    watch_ = nullptr;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

ProviderStatus FederatedProvider::status() const { return own_->status(); }
Result<void> FederatedProvider::reload() { return own_->reload(); }

// What the own source says, with what was fetched and is not too old.
void FederatedProvider::publish() {
  std::lock_guard const in_order(publishing_);
  auto const own = seen_.latest().value;
  if (!own) return;
  Snapshot out = *own;
  io::Watch<Snapshot>* watch = nullptr;
  {
    std::lock_guard const lock(mutex_);
    auto const now = needs_.clock.now();
    over_at_ = WallTime::max();
    for (auto const& [domain, entry] : entries_) {
      if (!entry.bundle || entry.proposed() || now >= entry.fetched + kTrustedFor) continue;
      out.bundles.emplace(domain, *entry.bundle);
      over_at_ = std::min<WallTime>(over_at_, entry.fetched + kTrustedFor);
    }
    out.generation = ++generation_;
    watch = watch_;
  }
  if (watch != nullptr) watch->publish(std::move(out));
}

void FederatedProvider::add(FederationSource source, std::optional<Bundle> bundle,
                            std::optional<WallTime> fetched, std::optional<Bundle> bootstrap) {
  {
    std::lock_guard const lock(mutex_);
    auto const domain = source.domain;
    if (!fetched) bootstrap = bundle;
    Entry entry{.source = std::move(source),
                .bundle = std::move(bundle),
                .bootstrap = std::move(bootstrap),
                .confirmed = fetched.has_value()};
    auto const now = needs_.clock.now();
    // A clock that ran ahead when it was fetched must not prolong the trust in it.
    entry.fetched = std::min(fetched.value_or(now), now);
    entry.next = now;
    entry.number = ++numbered_;
    entries_.insert_or_assign(domain, std::move(entry));
  }
  publish();
  wake_.notify_all();
}

Result<void> FederatedProvider::propose(FederationSource source,
                                        std::optional<Bundle> const& bootstrap) {
  std::lock_guard const lock(mutex_);
  auto const domain = source.domain;
  if (auto const found = entries_.find(domain); found != entries_.end()) {
    return make_error(
        Code::config_conflict,
        domain.name() + (found->second.proposed() ? " is being added" : " is federated already"));
  }
  source.from = FederationSource::From::proposed;
  auto const now = needs_.clock.now();
  entries_.emplace(domain, Entry{.source = std::move(source),
                                 .bundle = bootstrap,
                                 .bootstrap = bootstrap,
                                 .fetched = now,
                                 .next = now,
                                 .number = ++numbered_});
  return {};
}

Result<void> FederatedProvider::accept(TrustDomain const& domain) {
  {
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(domain);
    if (found == entries_.end() || !found->second.proposed())
      return make_error(Code::not_found, domain.name() + " is not being added");
    found->second.source.from = FederationSource::From::added;
  }
  auto kept = remember();
  if (kept.ok()) {
    publish();
    wake_.notify_all();
  } else {
    static_cast<void>(remove(domain));
  }
  return kept;
}

void FederatedProvider::withdraw(TrustDomain const& domain) {
  std::lock_guard const lock(mutex_);
  auto const found = entries_.find(domain);
  if (found != entries_.end() && found->second.proposed()) entries_.erase(found);
}

Result<FederatedProvider::Removed> FederatedProvider::remove(TrustDomain const& domain) {
  {
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(domain);
    if (found != entries_.end()) {
      if (found->second.source.from == FederationSource::From::configured)
        return make_error(Code::config_conflict, domain.name() + " is configured",
                          "take it out of identity.federation");
      if (found->second.proposed())
        return make_error(Code::config_conflict, domain.name() + " is being added",
                          "ask again when that is done, in ten seconds at the latest");
      entries_.erase(found);
      if (needs_.keep) unwritten_.insert(domain);
    } else if (!unwritten_.contains(domain)) {
      return make_error(Code::not_found, "there is no federation with " + domain.name());
    }
  }
  publish();
  return Removed{.kept = remember()};
}

// Who authenticates an endpoint: what the domain's endpoint gave last; when that is too old, what
// the operator brought. Without it a domain that was away for two days would never come back.
Bundle const* FederatedProvider::voucher(Entry const& entry, WallTime now) {
  if (entry.bundle && now < entry.fetched + kTrustedFor) return &*entry.bundle;
  if (!entry.bootstrap) return nullptr;
  bool const older = entry.bundle && !newer(*entry.bundle, *entry.bootstrap).ok();
  return older ? nullptr : &*entry.bootstrap;
}

Result<Bundle> FederatedProvider::ask(FederationSource const& source) {
  std::optional<Bundle> trusted;
  if (source.endpoint_id) {
    auto const& endpoint_domain = source.endpoint_id->trust_domain();
    auto const own = seen_.latest().value;
    std::lock_guard const lock(mutex_);
    auto const entry = entries_.find(endpoint_domain);
    // What is only proposed vouches for its own endpoint, not for another domain's.
    bool const known =
        entry != entries_.end() && (!entry->second.proposed() || endpoint_domain == source.domain);
    auto const* const bundle = known ? voucher(entry->second, needs_.clock.now()) : nullptr;
    if (bundle != nullptr) trusted = *bundle;
    if (own && own->bundles.contains(endpoint_domain)) trusted = own->bundles.at(endpoint_domain);
  }
  AW_TRY(auto const text, needs_.fetch(source, trusted ? &*trusted : nullptr));
  return Bundle::parse_json(source.domain, text);
}

Result<void> FederatedProvider::learn(TrustDomain const& domain, std::uint64_t number,
                                      Result<Bundle> answer) {
  auto const now = needs_.clock.now();
  std::lock_guard const lock(mutex_);
  auto const found = entries_.find(domain);
  // The answer of a source that was removed says nothing for the one that has its place.
  if (found == entries_.end() || found->second.number != number)
    return make_error(Code::not_found, domain.name() + " was removed");
  auto& entry = found->second;
  Result<void> said;
  if (!answer.ok()) said = answer.error();
  if (said.ok() && entry.bundle) said = newer(*entry.bundle, *answer);
  if (said.ok() && answer->x509_authorities().empty())
    said = make_error(Code::bundle_malformed, "the endpoint's bundle has no X.509 authority");
  if (!said.ok()) {
    entry.last_error = said.error().message;
    entry.next = now + retry_after(entry.failures++);
    return said;
  }
  entry.bundle = std::move(answer).value();
  entry.fetched = now;
  entry.next = now + refresh_of(*entry.bundle);
  entry.failures = 0;
  entry.last_error.clear();
  entry.confirmed = true;
  return {};
}

Result<void> FederatedProvider::fetch(TrustDomain const& domain) {
  std::optional<FederationSource> source;
  std::uint64_t number = 0;
  {
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(domain);
    if (found != entries_.end()) {
      source = found->second.source;
      number = found->second.number;
    }
  }
  if (!source) return make_error(Code::not_found, "there is no federation with " + domain.name());
  auto said = learn(domain, number, ask(*source));
  if (!said.ok()) {
    needs_.log.failed(log::Component::identity, log::Level::warning,
                      "bundle of " + domain.name() + " not renewed", said.error());
  }
  publish();  // also when it failed: what we have may be too old by now
  if (said.ok()) static_cast<void>(remember());  // logged
  return said;
}

Result<void> FederatedProvider::remember() {
  if (!needs_.keep) return {};
  // Else a fetch that collected before a removal could write after it.
  std::lock_guard const in_order(keeping_);
  std::vector<FederationSource> sources;
  FetchedBundles bundles;
  std::set<TrustDomain> gone;
  {
    std::lock_guard const lock(mutex_);
    gone = unwritten_;
    for (auto const& [domain, entry] : entries_) {
      // Kept, it would be a source after a crash that no record tells of.
      if (entry.proposed()) continue;
      sources.push_back(entry.source);
      if (entry.bundle && entry.confirmed)
        bundles.emplace(domain, std::pair(*entry.bundle, entry.fetched));
    }
  }
  auto kept = needs_.keep(sources, bundles);
  if (!kept.ok()) {
    needs_.log.failed(log::Component::identity, log::Level::error, "federation not kept",
                      kept.error());
    return kept;
  }
  std::lock_guard const lock(mutex_);
  for (auto const& domain : gone) unwritten_.erase(domain);
  return kept;
}

void FederatedProvider::run() {
  while (true) {
    std::optional<TrustDomain> due;
    {
      std::unique_lock lock(mutex_);
      if (stopping_) return;
      auto const now = needs_.clock.now();
      auto const found = std::ranges::find_if(entries_, [now](auto const& one) {
        return !one.second.proposed() && one.second.next <= now;
      });
      // What is too old goes at once, not with the next fetch.
      if (now < over_at_) {
        if (found == entries_.end()) {
          wake_.wait_for(lock, kLook);
          continue;
        }
        due = found->first;
      }
    }
    if (due) {
      static_cast<void>(fetch(*due));  // logged, and in the status
    } else {
      publish();
    }
  }
}

FederationStatus FederatedProvider::status_of(Entry const& entry, WallTime now) const {
  FederationStatus out{.domain = entry.source.domain.name(),
                       .source = std::string(profile_name(entry.source.profile)),
                       .next = entry.next,
                       .last_error = entry.last_error};
  if (!entry.bundle) return out;
  out.authorities = entry.bundle->x509_authorities().size();
  out.sequence = entry.bundle->sequence();
  out.fetched = entry.fetched;
  out.trusted_until = entry.fetched + kTrustedFor;
  if (now >= *out.trusted_until) {
    out.state = FederationState::expired;
  } else if (!entry.confirmed) {
    out.state = FederationState::bootstrap;
  } else {
    out.state = entry.failures > 0 ? FederationState::stale : FederationState::ok;
  }
  return out;
}

std::vector<FederationStatus> FederatedProvider::federated() const {
  std::vector<FederationStatus> out;
  auto const own = seen_.latest().value;
  auto const now = needs_.clock.now();
  if (own) {
    for (auto const& [domain, bundle] : own->bundles) {
      bool const ours = own->has_identity() && domain == own->svid().id.trust_domain();
      out.push_back({.domain = domain.name(),
                     .source = "workload-api",
                     .state = ours ? FederationState::own : FederationState::from_source,
                     .authorities = bundle.x509_authorities().size(),
                     .sequence = bundle.sequence(),
                     .fetched = own->received});
    }
  }
  std::lock_guard const lock(mutex_);
  for (auto const& [domain, entry] : entries_) {
    if (own && own->bundles.contains(domain)) continue;  // the own source's wins
    if (entry.proposed()) continue;
    out.push_back(status_of(entry, now));
  }
  return out;
}

}  // namespace aw::identity
