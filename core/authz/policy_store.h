// SPDX-License-Identifier: Apache-2.0
// The policy in force, and how the next one takes its place.
//
// Loading happens on the store's own thread (or the caller's of `reload`), never on an event loop:
// files are read, a candidate is compiled and its tests are run beside the live policy, and only a
// good one is published, whole. A bad one leaves the last good in force and says so in log, metric
// and status. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/authz/meters.h"
#include "core/authz/policy_files.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/result.h"
#include "core/io/watch.h"
#include "core/rego/policy.h"

namespace aw::authz {

// Immutable once published.
// What every decision of its generation is made with.
struct LoadedPolicy {
  std::shared_ptr<const rego::Policy> policy;
  rego::Query query;   // of the configured policy_path
  std::string digest;  // "sha256:…" over sources and data
  std::uint64_t generation = 0;
  std::size_t rules = 0;
  std::size_t tests = 0;
  std::string revision;               // the bundle's own name for itself
  std::vector<rego::Source> sources;  // what explanations quote
};

// Reads, compiles, tests, and asks the question once: a policy that does not answer within
// kTrialTime is refused. Pure but for reading; blocks. Errors: policy_*; for a failed test
// policy_test_failed naming it.
inline constexpr std::chrono::milliseconds kTrialTime{250};
[[nodiscard]] Result<LoadedPolicy> load_policy(PolicyLocation const& location,
                                               std::string const& policy_path, Clock const& clock);

// A policy_path as rego::Policy::prepare takes one for a path: `authz`, of one part, would be a
// query's text there.
[[nodiscard]] std::string path_text(std::string_view policy_path);

// Looks at its files once in `look_every`; the same content again is no new generation.
class PolicyStore {
 public:
  struct Options {
    PolicyLocation location;
    std::string policy_path;
    std::chrono::nanoseconds look_every = std::chrono::seconds(1);  // zero: only on `reload`
    // later: there is none yet (everything is denied), `take_bundle` brings it.
    enum class First { now, later } first = First::now;
  };
  // The first policy must be good, unless it comes later. `clock` and `log` outlive the store.
  static Result<std::unique_ptr<PolicyStore>> open(Options options, Clock const& clock,
                                                   log::Log& log, std::shared_ptr<Meters> meters);
  ~PolicyStore();
  PolicyStore(PolicyStore const&) = delete;
  PolicyStore& operator=(PolicyStore const&) = delete;

  // Null until the first is loaded. Keep it for the length of a decision.
  [[nodiscard]] std::shared_ptr<const LoadedPolicy> latest() const { return watch_.latest().value; }
  [[nodiscard]] std::uint64_t generation() const { return watch_.version(); }
  [[nodiscard]] io::Watch<LoadedPolicy>& watch() { return watch_; }
  // Now, on the caller's thread; blocks. An error means that the last good policy stays.
  [[nodiscard]] Result<void> reload();
  // A bundle that was downloaded: verified, compiled and tested like any other candidate, together
  // with the files. On an error the last good policy, and its bundle, stay.
  [[nodiscard]] Result<void> take_bundle(std::shared_ptr<const std::string> archive);
  [[nodiscard]] std::string last_error() const;  // of the last reload; empty after a success

 private:
  PolicyStore(Options options, Clock const& clock, log::Log& log, std::shared_ptr<Meters> meters);
  void keep_looking(std::stop_token const& stop);
  // With loading_ held.
  [[nodiscard]] Result<void> load(PolicyLocation const& location);

  Options const options_;
  Clock const& clock_;
  log::Log& log_;
  std::shared_ptr<Meters> const meters_;
  io::Watch<LoadedPolicy> watch_;
  std::mutex loading_;                             // one load at a time
  std::string stamp_;                              // guarded by loading_: of the files last tried
  std::shared_ptr<const std::string> downloaded_;  // guarded by loading_: the bundle in force
  mutable std::mutex mutex_;
  std::string last_error_;  // guarded by mutex_
  std::condition_variable_any wake_;
  std::jthread looker_;  // last: joined before the rest goes
};

}  // namespace aw::authz
