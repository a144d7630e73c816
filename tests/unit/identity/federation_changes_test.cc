// SPDX-License-Identifier: Apache-2.0
// What an operator changes while it runs: domains that are added and removed.
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core/base/fs.h"
#include "tests/unit/identity/federated.h"

using namespace aw;
using namespace aw::identity;
using namespace aw::identity::test;

namespace {

// Does this thread of ours wait for something, as the kernel has it?
bool waits(pid_t thread) {
  auto const stat = fs::read_file("/proc/self/task/" + std::to_string(thread) + "/stat");
  if (!stat.ok()) return false;
  auto const name_ends = stat->rfind(") ");
  return name_ends != std::string::npos && stat->substr(name_ends + 2, 1) == "S";
}

}  // namespace

TEST_CASE("a fetch that is being written when a domain is removed does not bring it back") {
  testing::ManualClock clock;
  auto const log = log::Log::silent();
  fixtures::TestCa const us("us.test", tls::KeyType::p256, clock.now());
  fixtures::TestCa const eu("eu.test", tls::KeyType::p256, clock.now());
  fixtures::TestCa const ap("ap.test", tls::KeyType::p256, clock.now());
  std::atomic<bool> slow = false;  // for the next one that writes
  std::atomic<bool> writing = false;
  std::atomic<bool> may_write = false;
  std::vector<std::string> on_disk;
  FederatedProvider provider(
      std::make_unique<OwnSource>(fixtures::snapshot(us, "/agent/a")),
      {.fetch =
           [&](FederationSource const& source, Bundle const*) {
             return Result<std::string>(
                 sequenced(source.domain == eu.domain() ? eu : ap, 1).json());
           },
       .clock = clock,
       .log = *log,
       .keep =
           [&](auto const&, auto const& bundles) {
             if (slow.exchange(false)) {
               writing = true;
               static_cast<void>(testing::eventually([&] { return may_write.load(); }));
             }
             on_disk.clear();
             for (auto const& [domain, one] : bundles) on_disk.push_back(domain.name());
             return Result<void>();
           },
       .fetching = FederatedProvider::Fetching::when_asked});
  io::Watch<Snapshot> watch;
  REQUIRE(provider.start(watch).ok());
  for (auto const* const domain : {"eu.test", "ap.test"}) {
    auto source = fixtures::must(
        parse_source({.trust_domain = domain, .url = "https://" + std::string(domain) + "/"}));
    source.from = FederationSource::From::added;
    provider.add(std::move(source), std::nullopt);
  }
  REQUIRE(provider.fetch(eu.domain()).ok());
  slow = true;
  std::thread fetches([&] { static_cast<void>(provider.fetch(ap.domain())); });
  REQUIRE(testing::eventually([&] { return writing.load(); }));
  std::atomic<pid_t> removing = 0;
  std::atomic<bool> removed = false;
  std::thread removes([&] {
    removing = ::gettid();
    static_cast<void>(provider.remove(eu.domain()));
    removed = true;
  });
  // It is gone from memory before it is written; it would be written first, were it let, and waits.
  CHECK(testing::eventually([&] { return !watch.latest().value->bundles.contains(eu.domain()); }));
  CHECK(testing::eventually([&] { return removed.load() || waits(removing.load()); }));
  may_write = true;
  fetches.join();
  removes.join();
  CHECK(on_disk == std::vector<std::string>{"ap.test"});
}

TEST_CASE("a removal that cannot be kept says so, and is written when it is asked for again") {
  Federated f;
  f.answer = sequenced(f.eu, 7).json();
  f.begin(FederationSource::From::added);
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  f.disk = make_error(Code::io, "no space left");
  auto const full = f.provider->remove(f.eu.domain());
  REQUIRE(full.ok());
  CHECK(full->kept.error().code == Code::io);
  CHECK_FALSE(f.knows(f.eu));
  CHECK(f.kept_bundles.contains(f.eu.domain()));
  f.disk = {};
  auto const again = f.provider->remove(f.eu.domain());
  REQUIRE(again.ok());
  CHECK(again->kept.ok());
  CHECK_FALSE(f.kept_bundles.contains(f.eu.domain()));
  CHECK(f.provider->remove(f.eu.domain()).error().code == Code::not_found);
}

TEST_CASE("what is only proposed is neither published, listed nor kept, until it is accepted") {
  Federated f;
  fixtures::TestCa const ap("ap.test", tls::KeyType::p256, f.clock.now());
  f.answer = sequenced(f.eu, 7).json();
  f.begin(FederationSource::From::configured);
  auto const source = by_web("ap.test");
  auto const listed = [&] { return f.provider->federated().size() == 3; };  // with ours
  REQUIRE(f.provider->propose(source, sequenced(ap, 1)).ok());
  CHECK_FALSE(f.knows(ap));
  f.answer = sequenced(ap, 1).json();
  REQUIRE(f.provider->fetch(ap.domain()).ok());
  f.answer = sequenced(f.eu, 7).json();
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  CHECK_FALSE(f.knows(ap));
  CHECK_FALSE(listed());
  CHECK(f.kept_sources == std::vector<std::string>{"eu.test"});
  CHECK_FALSE(f.kept_bundles.contains(ap.domain()));
  REQUIRE(f.provider->accept(ap.domain()).ok());
  CHECK(f.knows(ap));
  CHECK(listed());
  CHECK(f.kept_sources == std::vector<std::string>{"ap.test", "eu.test"});
  CHECK(f.kept_bundles.contains(ap.domain()));
  CHECK(f.provider->accept(ap.domain()).error().code == Code::not_found);
  f.provider->withdraw(ap.domain());
  CHECK(f.knows(ap));
}

TEST_CASE("of two who add one domain the second is refused, and changes nothing of the first's") {
  Federated f;
  REQUIRE(f.provider->start(f.watch).ok());
  auto const source = by_web("eu.test");
  f.answer = sequenced(f.eu, 7).json();
  REQUIRE(f.provider->propose(source, std::nullopt).ok());
  CHECK(f.provider->propose(source, std::nullopt).error().code == Code::config_conflict);
  CHECK(f.provider->remove(f.eu.domain()).error().code == Code::config_conflict);
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  REQUIRE(f.provider->accept(f.eu.domain()).ok());
  CHECK(f.provider->propose(source, std::nullopt).error().code == Code::config_conflict);
  CHECK(f.knows(f.eu));
}

TEST_CASE("the answer of a source that was removed is not taken for the one that has its place") {
  Federated f;
  f.begin(FederationSource::From::added);
  f.answer = sequenced(f.eu, 7).json();
  f.meanwhile = [&f] {
    REQUIRE(f.provider->remove(f.eu.domain()).ok());
    REQUIRE(f.provider->propose(by_spiffe_id(), sequenced(f.eu, 1)).ok());
  };
  CHECK(f.provider->fetch(f.eu.domain()).error().code == Code::not_found);
  f.meanwhile = {};
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(f.vouched->sequence() == 1);
}

TEST_CASE("what was withdrawn, or cannot be kept, is not added and may be proposed again") {
  Federated f;
  REQUIRE(f.provider->start(f.watch).ok());
  auto const source = by_web("eu.test");
  f.answer = sequenced(f.eu, 7).json();
  REQUIRE(f.provider->propose(source, std::nullopt).ok());
  f.provider->withdraw(f.eu.domain());
  CHECK(f.provider->accept(f.eu.domain()).error().code == Code::not_found);
  REQUIRE(f.provider->propose(source, std::nullopt).ok());
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  f.disk = make_error(Code::io, "no space left");
  CHECK(f.provider->accept(f.eu.domain()).error().code == Code::io);
  CHECK_FALSE(f.knows(f.eu));
  f.disk = {};
  CHECK(f.provider->propose(source, std::nullopt).ok());
}

TEST_CASE("what is proposed does not vouch for another domain's endpoint") {
  Federated f;
  REQUIRE(f.provider->start(f.watch).ok());
  fixtures::TestCa const ap("ap.test", tls::KeyType::p256, f.clock.now());
  REQUIRE(f.provider->propose(by_spiffe_id(), sequenced(f.eu, 7)).ok());
  f.provider->add(fixtures::must(parse_source({.trust_domain = "ap.test",
                                               .url = "https://eu.test/ap",
                                               .profile = EndpointProfile::https_spiffe,
                                               .endpoint_spiffe_id = "spiffe://eu.test/server"})),
                  std::nullopt);
  static_cast<void>(f.provider->fetch(ap.domain()));
  CHECK_FALSE(f.vouched);
  static_cast<void>(f.provider->fetch(f.eu.domain()));
  CHECK(f.vouched);
}

TEST_CASE("what is configured is not removed while running") {
  Federated f;
  f.begin(FederationSource::From::configured);
  CHECK(f.provider->remove(f.eu.domain()).error().code == Code::config_conflict);
}
