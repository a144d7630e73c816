// SPDX-License-Identifier: Apache-2.0
#include "core/authz/decision_cache.h"

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

#include "core/authz/log_only.h"
#include "fixture.h"

using namespace aw;
using namespace aw::authz;

using Key = DecisionCache::Key;

namespace {

// Says what it is told, counts how often it was asked.
class FakeDecider final : public AuthorizationProvider {
 public:
  io::Task<AuthzDecision> authorize(AuthzContext const& /*context*/) override {
    ++asked;
    co_return says;
  }
  [[nodiscard]] ProviderStatus status() const override {
    return {.state = ProviderStatus::State::ready, .kind = "custom"};
  }
  [[nodiscard]] std::uint64_t revision() const override { return revision_is; }

  AuthzDecision says = allow("listed");
  std::uint64_t revision_is = 1;
  int asked = 0;
};

struct Cached {
  Bench bench;
  FakeDecider decider;
  CachedAuthorization cache{decider,
                            {.ttl = std::chrono::seconds(60), .max_entries = 1000},
                            bench.clock,
                            std::make_shared<Meters>(bench.registry, std::vector<std::string>{})};
  AuthzDecision ask(AuthzContext const& context) {
    return io::run_blocking(cache.authorize(context));
  }
};

}  // namespace

TEST_CASE("the same question is answered from the cache until its time is over") {
  Cached cached;
  CHECK_FALSE(cached.ask(question("refund")).cached);
  auto const hit = cached.ask(question("refund"));
  CHECK(hit.allowed());
  CHECK(hit.cached);
  CHECK(hit.reason == "listed");
  CHECK(cached.decider.asked == 1);
  cached.bench.clock.advance(std::chrono::seconds(60));
  CHECK_FALSE(cached.ask(question("refund")).cached);
  CHECK(cached.decider.asked == 2);
  CHECK(cached.bench.has_line("agentweave_authz_cache_hits_total 1"));
}

TEST_CASE("denials by policy are remembered too") {
  Cached cached;
  cached.decider.says = deny("no_matching_rule");
  CHECK_FALSE(cached.ask(question("refund")).allowed());
  CHECK_FALSE(cached.ask(question("refund")).allowed());
  CHECK(cached.decider.asked == 1);
}

TEST_CASE("failures are never remembered") {
  for (auto const code : {Code::pdp_unavailable, Code::policy_eval, Code::policy_result_malformed,
                          Code::decision_timeout}) {
    Cached cached;
    cached.decider.says = deny("x", code);
    static_cast<void>(cached.ask(question("refund")));
    static_cast<void>(cached.ask(question("refund")));
    CHECK(cached.decider.asked == 2);
  }
}

TEST_CASE("a new policy makes every remembered decision old at once") {
  Cached cached;
  CHECK(cached.ask(question("refund")).allowed());
  cached.decider.says = deny("no_matching_rule");
  cached.decider.revision_is = 2;
  CHECK_FALSE(cached.ask(question("refund")).allowed());
}

TEST_CASE("every part of the question is part of the key, except time and the request's own ids") {
  auto const base = question("refund");
  std::set<std::string> keys = {cache_key(base)};
  auto const differs = [&keys](AuthzContext const& context) {
    return keys.insert(cache_key(context)).second;
  };
  auto other = base;
  other.caller = spiffe("spiffe://corp.example/agent/other");
  CHECK(differs(other));
  other = base;
  other.callee = spiffe("spiffe://corp.example/agent/other");
  CHECK(differs(other));
  other = base;
  other.direction = Direction::outbound;
  CHECK(differs(other));
  for (auto const member : {&AuthzContext::action, &AuthzContext::method, &AuthzContext::binding,
                            &AuthzContext::skill, &AuthzContext::task_id, &AuthzContext::context_id,
                            &AuthzContext::remote_address, &AuthzContext::context_json}) {
    other = base;
    other.*member = "other";
    CHECK(differs(other));
  }
  other = base;
  other.time += std::chrono::hours(1);
  other.request_id = "r-2";
  CHECK(cache_key(other) == cache_key(base));
  other.remote_address = "10.1.1.1:1";
  auto same = other;
  same.remote_address = "10.1.1.1:2";
  CHECK(cache_key(other) == cache_key(same));
}

TEST_CASE("two questions cannot run together into one key") {
  auto a = question("ab");
  a.method = "c";
  auto b = question("a");
  b.method = "bc";
  CHECK(cache_key(a) != cache_key(b));
}

TEST_CASE("is bounded, and drops what was not asked for longest") {
  DecisionCache cache({.ttl = std::chrono::seconds(60), .max_entries = 160});
  SteadyTime const now{std::chrono::hours(1)};
  for (int i = 0; i < 1000; ++i) cache.put(Key::of("key-" + std::to_string(i)), allow("x"), 1, now);
  CHECK(cache.size() <= 160);
  CHECK(cache.find(Key::of("key-999"), 1, now).has_value());
  CHECK_FALSE(cache.find(Key::of("key-0"), 1, now).has_value());
  cache.clear();
  CHECK(cache.size() == 0);
}

TEST_CASE("is used from many threads") {
  DecisionCache cache({.ttl = std::chrono::seconds(60), .max_entries = 64});
  SteadyTime const now{std::chrono::hours(1)};
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        auto const key = std::to_string(i % 200);
        cache.put(Key::of(key), allow(key), 1, now);
        auto const hit = cache.find(Key::of(key), 1, now);
        if (hit && hit->reason != key) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("log-only lets through what policy denies, and says so") {
  FakeDecider decider;
  decider.says = deny("no_matching_rule");
  LogOnly log_only(decider);
  auto const context = question("refund");
  auto decision = io::run_blocking(log_only.authorize(context));
  CHECK(decision.allowed());
  CHECK(decision.would_deny);
  CHECK(decision.reason == "no_matching_rule");
  CHECK(decision.code == Code::denied_by_policy);
  CHECK(log_only.status().mode == "log-only");
  decider.says = allow("listed");
  decision = io::run_blocking(log_only.authorize(context));
  CHECK(decision.allowed());
  CHECK_FALSE(decision.would_deny);
}
