// SPDX-License-Identifier: Apache-2.0
// A trust domain in memory, for development: a CA, the SVIDs it issues, their rotation, and drills
// that go wrong on demand.
//
// Publishes whole snapshots: SVIDs in the order of the spec (the first is the default, each with
// its name as hint), the own bundle and the federated ones. Private keys exist in this process's
// memory only. Any thread may call any method; one lock; listeners of `snapshots()` run under no
// lock of this class. SVIDs are renewed at half their life, the CA at half of its own, by `tick`:
// from the issuer's own thread after `start`, or from whoever has the clock in hand.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/jwt_svid.h"
#include "core/identity/workload_source.h"
#include "core/tls/private_key.h"

namespace aw::identity {

// One workload of the domain.
struct DevIdentity {
  SpiffeId id;
  std::string name;  // the hint: what `call --as NAME` picks
  std::vector<std::string>
      dns_names;  // also in the certificate, for TLS clients that know no SPIFFE
};

// Lives are from now on; an SVID never outlives the CA that signed it.
struct DevIssuerSpec {
  TrustDomain domain;
  std::vector<DevIdentity> identities;  // at least one, all of `domain`, names and ids once each
  std::chrono::nanoseconds svid_ttl = std::chrono::hours(1);
  std::chrono::nanoseconds ca_ttl = std::chrono::hours(24);
  // How long a prepared CA stands in the bundle before it signs.
  std::chrono::nanoseconds ca_overlap = std::chrono::seconds(10);
  std::chrono::nanoseconds jwt_ttl = std::chrono::minutes(5);
};

// steady --rotate_ca--> prepared (new CA in the bundle, old one signs) --> active (new one signs,
// old one still in the bundle) --> steady (old one gone).
enum class CaStage { steady, prepared, active };
[[nodiscard]] std::string_view stage_name(CaStage stage);

class DevIssuer final : public WorkloadSource {
 public:
  // Makes the CA and the first SVIDs. Errors: Code::config_out_of_range for a spec that cannot be.
  // `clock` outlives it.
  static Result<std::unique_ptr<DevIssuer>> create(DevIssuerSpec spec, Clock const& clock);
  ~DevIssuer() override;  // stops
  DevIssuer(DevIssuer const&) = delete;
  DevIssuer& operator=(DevIssuer const&) = delete;

  void start();  // the thread that ticks; once
  void stop();   // joins it; twice is fine

  // Does what is due at the clock's now; returns when something will be due next.
  Result<WallTime> tick();

  [[nodiscard]] io::Watch<Snapshot> const& snapshots() const override { return watch_; }
  [[nodiscard]] io::Watch<Snapshot>& snapshots() { return watch_; }
  [[nodiscard]] Result<std::vector<IssuedJwt>> issue_jwt(
      std::optional<SpiffeId> const& id, std::vector<std::string> const& audience) override;

  [[nodiscard]] Bundle bundle()
      const;  // of the own trust domain, with sequence and JWT authorities
  [[nodiscard]] CaStage ca_stage() const;
  [[nodiscard]] WallTime renews_at() const;

  Result<void> renew();  // new SVIDs for all identities, now
  // Begins a CA rotation; `tick` carries it on. Code::check_failed while one is under way.
  Result<void> rotate_ca();
  // Goes to the rotation's next stage at once, whatever the clock says. Code::check_failed when
  // none is under way.
  Result<void> advance_ca();

  // Another trust domain's bundle, new or in place of the one we had; the same again changes
  // nothing. Code::config_out_of_range for our own.
  Result<void> add_federated(Bundle bundle);
  Result<void> remove_federated(TrustDomain const& domain);

  // Drills, ended by `restore`: the API says PermissionDenied; the SVIDs run out in `left` and are
  // not renewed.
  Result<void> withdraw();
  Result<void> let_expire(std::chrono::nanoseconds left);
  Result<void> restore();

 private:
  // What `tick` leaves undone.
  enum class Drill { none, withdrawn, expiring };
  // A CA and the JWT key that comes and goes with it.
  struct Root {
    tls::Certificate ca;
    tls::PrivateKey ca_key;
    tls::PrivateKey jwt_key;
    std::string jwt_key_id;
    WallTime last_leaf;  // when the latest SVID it signed expires
  };

  DevIssuer(DevIssuerSpec spec, Clock const& clock);
  void run();
  // All of the next need mutex_.
  Result<Root> make_root() const;
  Result<Svid> issue(DevIdentity const& identity, WallTime now, WallTime until);
  Result<void> renew_locked(WallTime now, std::chrono::nanoseconds ttl);
  Result<void> prepare_locked(WallTime now);
  Result<void> advance_locked(WallTime now);
  Result<void> tick_locked(WallTime now);
  [[nodiscard]] WallTime next_locked() const;
  Result<Bundle> bundle_locked() const;
  Result<Snapshot> snapshot_locked(WallTime now);
  // Runs `change` under the lock and publishes what came of it. Publishing keeps the order of the
  // changes.
  Result<void> update(std::function<Result<void>(WallTime)> const& change);

  DevIssuerSpec const spec_;
  Clock const& clock_;
  io::Watch<Snapshot> watch_;
  std::mutex publishing_;  // taken before mutex_, so that snapshots come out in order
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Root> roots_;  // steady: 1; prepared: signing, next; active: signing, old
  CaStage stage_ = CaStage::steady;
  WallTime stage_ends_;
  std::vector<Svid> svids_;
  WallTime renews_at_;
  Bundles federated_;
  Drill drill_ = Drill::none;
  std::uint64_t sequence_ = 0;  // of the bundle
  std::uint64_t generation_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace aw::identity
