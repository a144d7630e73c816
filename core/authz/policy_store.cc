// SPDX-License-Identifier: Apache-2.0
#include "core/authz/policy_store.h"

#include <algorithm>

#include "core/rego/tester.h"

namespace aw::authz {
namespace {

// A policy_path that names nothing would deny everyone without a word: refuse it at load instead.
Result<void> check_path(rego::Policy const& policy, std::string const& policy_path) {
  std::string path = policy_path;
  if (path.starts_with("data.")) path.erase(0, 5);
  std::ranges::replace(path, '/', '.');
  while (path.ends_with('.')) path.pop_back();
  while (path.starts_with('.')) path.erase(0, 1);
  path = "data." + path;
  std::string packages;
  for (auto const& module : policy.modules()) {
    bool const below = module.package == path || module.package.starts_with(path + ".");
    if (below && !module.rules.empty()) return {};
    for (auto const& rule : module.rules) {
      if (rule.path == path || rule.path.starts_with(path + ".") ||
          path.starts_with(rule.path + ".")) {
        return {};
      }
    }
    if (packages.find(module.package) == std::string::npos) {
      packages += (packages.empty() ? "" : ", ") + module.package;
    }
  }
  return make_error(Code::policy_compile,
                    "authorization.policy_path \"" + policy_path + "\" names no package or rule",
                    "the policy has " + packages);
}

Result<std::size_t> run_own_tests(PolicyFiles const& files, Clock const& clock) {
  if (files.tests.empty()) return std::size_t{0};
  auto all = files.modules;
  all.insert(all.end(), files.tests.begin(), files.tests.end());
  AW_TRY(auto const policy, rego::compile(all, files.data));
  auto const report =
      rego::run_tests(*policy, {.eval = {.now = clock.now(), .clock = &clock}, .clock = &clock});
  for (auto const& test : report.results) {
    if (test.state != rego::TestState::failed && test.state != rego::TestState::error) continue;
    auto error = make_error(Code::policy_test_failed,
                            "policy test failed: " + test.name + "   " + test.location.file + ":" +
                                std::to_string(test.location.line),
                            "run `agentweave authz test` for the details");
    if (!test.message.empty()) error.message += ": " + test.message;
    return error;
  }
  return report.passed;
}

// One answer, to an empty question: what runs into its bounds here would do so for every caller.
Result<void> try_out(rego::Policy const& policy, rego::Query const& query, Clock const& clock) {
  rego::EvalOptions options{.now = clock.now(), .clock = &clock};
  options.limits.time = kTrialTime;
  auto const outcome =
      policy.evaluate(query, rego::Value::object(std::vector<rego::Entry>{}), options);
  if (outcome.ok() || outcome.error->code != "eval_cancel_error") return {};
  return make_error(Code::policy_eval,
                    "the policy does not answer in time: " + outcome.error->text(),
                    "it ran into its bounds with an empty input");
}

}  // namespace

std::string path_text(std::string_view policy_path) {
  bool const known =
      policy_path.empty() || policy_path.contains('/') || policy_path.starts_with("data.");
  return (known ? "" : "/") + std::string(policy_path);
}

Result<LoadedPolicy> load_policy(PolicyLocation const& location, std::string const& policy_path,
                                 Clock const& clock) {
  AW_TRY(auto files, read_policy_files(location));
  AW_TRY(auto policy, rego::compile(files.modules, files.data));
  AW_TRY(check_path(*policy, policy_path));
  AW_TRY(auto query, policy->prepare(path_text(policy_path)));
  AW_TRY(try_out(*policy, query, clock));
  AW_TRY(auto const tests, run_own_tests(files, clock));
  LoadedPolicy out;
  out.digest = "sha256:" + policy->digest();
  out.rules = policy->rule_count();
  out.tests = tests;
  out.revision = files.revision;
  out.policy = std::move(policy);
  out.query = std::move(query);
  out.sources = std::move(files.modules);
  return out;
}

PolicyStore::PolicyStore(Options options, Clock const& clock, log::Log& log,
                         std::shared_ptr<Meters> meters)
    : options_(std::move(options)), clock_(clock), log_(log), meters_(std::move(meters)) {}

PolicyStore::~PolicyStore() {
  looker_.request_stop();
  wake_.notify_all();
}

Result<std::unique_ptr<PolicyStore>> PolicyStore::open(Options options, Clock const& clock,
                                                       log::Log& log,
                                                       std::shared_ptr<Meters> meters) {
  auto store = std::unique_ptr<PolicyStore>(
      new PolicyStore(std::move(options), clock, log, std::move(meters)));
  if (store->options_.first == Options::First::now) AW_TRY(store->reload());
  if (store->options_.look_every.count() > 0) {
    auto* const self = store.get();
    store->looker_ =
        std::jthread([self](std::stop_token const& stop) { self->keep_looking(stop); });
  }
  return store;
}

Result<void> PolicyStore::reload() {
  std::lock_guard const one(loading_);
  auto location = options_.location;
  location.downloaded = downloaded_;
  if (options_.first == Options::First::later && downloaded_ == nullptr) return {};
  return load(location);
}

Result<void> PolicyStore::take_bundle(std::shared_ptr<const std::string> archive) {
  std::lock_guard const one(loading_);
  auto location = options_.location;
  location.downloaded = archive;
  AW_TRY(load(location));
  downloaded_ = std::move(archive);
  return {};
}

Result<void> PolicyStore::load(PolicyLocation const& location) {
  // Taken before reading: what changes meanwhile is seen by the next look.
  stamp_ = policy_stamp(location);
  auto loaded = load_policy(location, options_.policy_path, clock_);
  if (!loaded.ok()) {
    meters_->policy_refused();
    log_.failed(log::Component::authz, log::Level::error,
                watch_.version() == 0 ? "policy cannot be loaded"
                                      : "new policy refused, the last good one stays in force",
                loaded.error());
    std::lock_guard const lock(mutex_);
    last_error_ = loaded.error().text();
    return std::move(loaded).error();
  }
  {
    std::lock_guard const lock(mutex_);
    last_error_.clear();
  }
  auto const before = watch_.latest().value;
  if (before != nullptr && before->digest == loaded->digest) return {};  // same policy: same era
  loaded->generation = watch_.version() + 1;
  meters_->policy_loaded(loaded->generation, loaded->rules, loaded->digest, clock_.now());
  log_.info(log::Component::authz, "policy in force",
            {{"digest", loaded->digest},
             {"generation", std::to_string(loaded->generation)},
             {"revision", loaded->revision},
             {"rules", std::to_string(loaded->rules)},
             {"tests", std::to_string(loaded->tests)}});
  watch_.publish(std::move(*loaded));
  return {};
}

std::string PolicyStore::last_error() const {
  std::lock_guard const lock(mutex_);
  return last_error_;
}

void PolicyStore::keep_looking(std::stop_token const& stop) {
  std::mutex waiting;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(waiting);
      wake_.wait_for(lock, stop, options_.look_every, [] { return false; });
    }
    if (stop.stop_requested()) return;
    bool changed = false;
    {
      std::lock_guard const one(loading_);
      bool const waiting_for_first = watch_.version() == 0;
      changed = !waiting_for_first && policy_stamp(options_.location) != stamp_;
    }
    // Reported by reload itself.
    if (changed) static_cast<void>(reload().ok());
  }
}

}  // namespace aw::authz
