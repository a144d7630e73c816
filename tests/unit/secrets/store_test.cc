// SPDX-License-Identifier: Apache-2.0
#include "core/secrets/store.h"

#include <doctest/doctest.h>

#include <map>

#include "core/secrets/web.h"
#include "core/testing/manual_clock.h"

using namespace aw;
using namespace aw::secrets;

namespace {

// A keeper that a test can change, and that counts how often it is asked.
struct Kept {
  std::map<std::string, std::string> values;
  int asked = 0;
};
class MapProvider final : public SecretsProvider {
 public:
  explicit MapProvider(Kept& kept) : kept_(kept) {}
  Result<Secret> fetch(Entry const& entry) override {
    ++kept_.asked;
    auto const found = kept_.values.find(entry.name);
    if (found == kept_.values.end()) return make_error(Code::secret_unavailable, "nobody answers");
    return Secret(found->second);
  }
  [[nodiscard]] std::string source(Entry const& entry) const override {
    return "map " + entry.name;
  }

 private:
  Kept& kept_;
};

struct Bench {
  testing::ManualClock clock;
  Kept kept;
  std::unique_ptr<Store> store;

  explicit Bench(std::chrono::nanoseconds ttl = std::chrono::minutes(5)) {
    Config config;
    config.cache_ttl = ttl;
    for (auto const* const name : {"a", "b"}) {
      Entry entry;
      entry.name = name;
      entry.from = From::env;
      config.values.push_back(entry);
    }
    config.values[1].key = "k";
    store = std::make_unique<Store>(
        std::move(config),
        Store::Needs{.clock = clock, .instead = std::make_unique<MapProvider>(kept)});
  }
  std::vector<std::string> refresh(Store::Which which = Store::Which::stale) {
    failed.clear();
    return store->refresh(which, [this](std::string const& name, Error const& error) {
      failed.push_back(name + ": " + error.message);
    });
  }
  std::vector<std::string> failed;
};

}  // namespace

TEST_CASE("a secret is asked for once within its time") {
  Bench bench;
  bench.kept.values["a"] = "one";
  CHECK(bench.kept.asked == 0);  // not before somebody wants it
  CHECK(bench.store->get("a")->reveal() == "one");
  bench.kept.values["a"] = "two";
  CHECK(bench.store->get("a")->reveal() == "one");
  CHECK(bench.kept.asked == 1);
  bench.clock.advance(std::chrono::minutes(5));
  CHECK(bench.store->get("a")->reveal() == "two");
  CHECK(bench.kept.asked == 2);
}

TEST_CASE("a time of zero means never again") {
  Bench bench(std::chrono::nanoseconds(0));
  bench.kept.values["a"] = "one";
  CHECK(bench.store->get("a").ok());
  bench.clock.advance(std::chrono::hours(1000));
  CHECK(bench.store->get("a").ok());
  CHECK(bench.refresh().empty());
  CHECK(bench.kept.asked == 1);
}

TEST_CASE("what may be told of a secret is not the secret") {
  Bench bench;
  bench.kept.values["b"] = R"({"k":"hunter2","x":"y"})";
  auto const first = bench.store->look("b");
  REQUIRE(first.ok());
  CHECK(first->source == "map b key k");
  CHECK(first->bytes == 7);
  CHECK(first->age.count() == 0);
  bench.clock.advance(std::chrono::seconds(7));
  CHECK(bench.store->look("b")->age == std::chrono::seconds(7));
}

TEST_CASE("a refresh names what changed, keeps what cannot be read, and says why") {
  Bench bench;
  bench.kept.values = {{"a", "one"}, {"b", R"({"k":"x"})"}};
  CHECK(bench.refresh(Store::Which::all).empty());  // nobody has asked for any
  CHECK(bench.store->get("a").ok());
  CHECK(bench.store->get("b").ok());
  bench.kept.values = {{"a", "two"}, {"b", R"({"k":"x","other":1})"}};
  CHECK(bench.refresh().empty());  // not their time
  CHECK(bench.refresh(Store::Which::all) == std::vector<std::string>{"a"});
  bench.clock.advance(std::chrono::minutes(6));
  bench.kept.values.erase("a");
  CHECK(bench.refresh().empty());
  CHECK(bench.failed == std::vector<std::string>{"a: secret \"a\": nobody answers"});
  // Asked for anew after its time it is an error: an old secret must not live for ever unnoticed.
  CHECK_FALSE(bench.store->get("a").ok());
}

TEST_CASE("a name that is not configured is an error that says where names are") {
  Bench bench;
  auto const unknown = bench.store->get("c");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().code == Code::secret_unavailable);
  CHECK(unknown.error().hint.find("secrets.values") != std::string::npos);
}

TEST_CASE("a secret travels over TLS, or not at all") {
  struct Row {
    char const* url;
    bool safe;
  };
  for (Row const& row :
       {Row{"https://vault.example/v1", true}, Row{"http://127.0.0.1:8200/x", true},
        Row{"http://localhost:8200", true}, Row{"http://[::1]:1/", true},
        Row{"http://169.254.169.254/latest", true}, Row{"http://vault.example/v1", false},
        Row{"http://127.evil.example/", false}, Row{"http://127.0.0.1@evil.example/", false},
        Row{"http://169.254.1.1.evil.example/", false}, Row{"ftp://127.0.0.1/", false},
        Row{"file:///etc/passwd", false}, Row{"", false}}) {
    CAPTURE(std::string(row.url));
    CHECK(safe_for_secrets(row.url) == row.safe);
    if (row.safe) continue;
    auto const refused = web_call({.url = row.url});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == Code::secret_unavailable);
  }
}
