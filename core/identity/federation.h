// SPDX-License-Identifier: Apache-2.0
// Bundles of other trust domains from their bundle endpoints (SPIFFE Federation §5), beside what
// the identity's own source brings.
//
// Wraps the provider of the identity and publishes its snapshots with the federated bundles added;
// a bundle that the source itself brings wins, and never is one merged into another. A bundle that
// cannot be renewed is trusted for kTrustedFor after it was last fetched, and not a moment longer.
// Fetches on a thread of its own; every method from any thread; what says so blocks.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/identity/config.h"
#include "core/identity/provider.h"

namespace aw::identity {

struct FederationSource {
  TrustDomain domain;
  std::string url;
  EndpointProfile profile = EndpointProfile::https_web;
  std::optional<SpiffeId> endpoint_id;  // https_spiffe: who must answer
  std::string ca_file;                  // https_web: authorities instead of the machine's
  // proposed: asked for, but not seen to work or not on record yet. It counts for nothing.
  enum class From { configured, added, proposed } from = From::configured;
};
// Code::config_out_of_range, Code::config_missing_key (https_spiffe without an endpoint's ID),
// Code::config_conflict (https_web with one: it would be taken for a check that is not made).
[[nodiscard]] Result<FederationSource> parse_source(FederationConfig const& config);
[[nodiscard]] std::string_view profile_name(EndpointProfile profile);  // "https_web"

// The endpoint's answer (SPIFFE JSON). Blocks. `trusted`: the bundle that must vouch for an
// https_spiffe endpoint; null when there is none yet.
using FetchBundle =
    std::function<Result<std::string>(FederationSource const& source, Bundle const* trusted)>;

enum class FederationState { own, from_source, ok, bootstrap, waiting, stale, expired };
[[nodiscard]] std::string_view federation_state_name(FederationState state);

struct FederationStatus {
  std::string domain;
  std::string source;  // "workload-api", "https_web", …
  FederationState state = FederationState::waiting;
  std::size_t authorities = 0;
  std::optional<std::uint64_t> sequence;
  std::optional<WallTime> fetched;
  std::optional<WallTime> next;
  std::optional<WallTime> trusted_until;
  std::string last_error;
};

// A bundle that an endpoint gave, and when it gave it.
using FetchedBundles = std::map<TrustDomain, std::pair<Bundle, WallTime>>;

class FederatedProvider final : public IdentityProvider {
 public:
  static constexpr std::chrono::hours kTrustedFor{48};
  static constexpr std::chrono::minutes kRefresh{5};  // where the bundle has no hint

  // when_asked: no thread; whoever has the clock in hand calls `fetch`.
  enum class Fetching { by_itself, when_asked };
  struct Needs {
    FetchBundle fetch;
    Clock const& clock;
    log::Log& log;
    // Told what was learned, to keep it over a restart; may be null. On the thread that fetched or
    // removed, never two at once, the latest last. Too old ones are told too: what comes later must
    // not be older than they are. An error is logged, and tried again with the next.
    std::function<Result<void>(std::vector<FederationSource> const& sources,
                               FetchedBundles const& bundles)>
        keep;
    Fetching fetching = Fetching::by_itself;
  };
  FederatedProvider(std::unique_ptr<IdentityProvider> own, Needs needs);
  ~FederatedProvider() override;  // stops

  [[nodiscard]] Result<void> start(io::Watch<Snapshot>& watch) override;
  void stop() override;
  [[nodiscard]] ProviderStatus status() const override;
  [[nodiscard]] Result<void> reload() override;  // the own source's

  [[nodiscard]] IdentityProvider& own() { return *own_; }

  // Adds the source, or takes the place of the one of its domain. `bundle` is what its endpoint
  // gave at `fetched`; without that time a bootstrap, trusted as if it had been fetched now.
  // `bootstrap`, for a bundle that was fetched: vouches for an https_spiffe endpoint, and for
  // nobody else, once that bundle is too old; not when it is known to be the older of the two.
  void add(FederationSource source, std::optional<Bundle> bundle,
           std::optional<WallTime> fetched = std::nullopt,
           std::optional<Bundle> bootstrap = std::nullopt);
  // Adding one while running: between the two, `fetch` shows whether it works, and nothing of it is
  // published, kept or listed. Nobody else changes the domain meanwhile, so who proposed it must
  // accept or withdraw it. Code::config_conflict when the domain is federated or proposed already.
  Result<void> propose(FederationSource source, std::optional<Bundle> const& bootstrap);
  // Code::not_found for what is not proposed; an error of keeping it, and then it is removed.
  Result<void> accept(TrustDomain const& domain);
  void withdraw(TrustDomain const& domain);  // nothing, for what is not proposed
  // Code::not_found, Code::config_conflict for a configured or proposed one. Members of the domain
  // are strangers when it returns. `kept`: why what is kept could not be rewritten, so that they
  // would be none after a restart; then removing it again tries that again.
  struct Removed {
    Result<void> kept;
  };
  Result<Removed> remove(TrustDomain const& domain);
  // Asks the endpoint now. Blocks. Code::not_found; what went wrong otherwise.
  Result<void> fetch(TrustDomain const& domain);
  [[nodiscard]] std::vector<FederationStatus> federated() const;

 private:
  struct Entry {
    FederationSource source;
    std::optional<Bundle> bundle;     // too old: still what a later one must not be older than
    std::optional<Bundle> bootstrap;  // for the endpoint alone
    WallTime fetched{};               // of the bundle
    WallTime next{};
    int failures = 0;
    std::uint64_t number = 0;  // another one's for each source, also of the same domain
    std::string last_error;
    bool confirmed = false;  // the endpoint gave this bundle, no bootstrap

    [[nodiscard]] bool proposed() const { return source.from == FederationSource::From::proposed; }
  };

  void run();
  void publish();
  [[nodiscard]] static Bundle const* voucher(Entry const& entry, WallTime now);
  Result<void> remember();
  [[nodiscard]] Result<Bundle> ask(FederationSource const& source);
  Result<void> learn(TrustDomain const& domain, std::uint64_t number, Result<Bundle> answer);
  [[nodiscard]] FederationStatus status_of(Entry const& entry, WallTime now) const;

  std::unique_ptr<IdentityProvider> const own_;
  Needs const needs_;
  io::Watch<Snapshot> seen_;  // what the own source says
  // Taken before mutex_, and never both of them.
  std::mutex publishing_;     // snapshots come out in order
  std::mutex keeping_;        // what is kept is written in the order it was collected
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  io::Watch<Snapshot>* watch_ = nullptr;  // null before start and after stop
  std::map<TrustDomain, Entry> entries_;
  std::set<TrustDomain> unwritten_;  // removed, but what is kept may still have them
  std::uint64_t generation_ = 0;
  std::uint64_t numbered_ = 0;
  WallTime over_at_ = WallTime::max();  // when the first of the published bundles is too old
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace aw::identity
