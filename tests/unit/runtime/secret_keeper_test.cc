// SPDX-License-Identifier: Apache-2.0
// Secrets in a running agent: filled in, told to what uses them when they change, kept when their
// keeper is gone.
#include "core/runtime/secret_keeper.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/runtime/runtime.h"
#include "tests/unit/runtime/project.h"

using namespace aw;
using namespace aw::runtime;

namespace {

struct Vaulted {
  std::mutex mutex;
  std::map<std::string, std::string> values;

  void set(std::string const& name, std::string value) {
    std::lock_guard const lock(mutex);
    values[name] = std::move(value);
  }
  void lose(std::string const& name) {
    std::lock_guard const lock(mutex);
    values.erase(name);
  }
};

class VaultedProvider final : public secrets::SecretsProvider {
 public:
  explicit VaultedProvider(Vaulted& vault) : vault_(vault) {}
  Result<Secret> fetch(secrets::Entry const& entry) override {
    std::lock_guard const lock(vault_.mutex);
    auto const found = vault_.values.find(entry.name);
    if (found == vault_.values.end()) return make_error(Code::secret_unavailable, "nobody answers");
    return Secret(found->second);
  }
  [[nodiscard]] std::string source(secrets::Entry const& entry) const override {
    return "test " + entry.name;
  }

 private:
  Vaulted& vault_;
};

std::string const kSecrets =
    "run: {environment: [\"KEY=${secret:child}\"]}\n"
    "secrets: {cache_ttl_seconds: 0.4, values: [{name: opa, from: env, variable: A}, {name: child, "
    "from: env, variable: B}]}\n";

struct SecretAgent : runtime::test::Project {
  Vaulted vault;

  SecretAgent() {
    vault.set("opa", "opa-token-1");
    vault.set("child", "child-key-1");
  }
  [[nodiscard]] config::Loaded with_secrets(std::string const& more = kSecrets) const {
    return loaded(more, "opa_token: \"${secret:opa}\", ");
  }
  Seams seams() {
    Seams out;
    out.secrets = std::make_unique<VaultedProvider>(vault);
    return out;
  }
  // Until the log says it, twenty seconds at most.
  [[nodiscard]] bool logged(std::string_view words) const {
    for (int i = 0; i < 2000 && log().find(words) == std::string::npos; ++i) ::usleep(10'000);
    return log().find(words) != std::string::npos;
  }
};

}  // namespace

TEST_CASE("a running agent's configuration holds the secrets, what was loaded does not") {
  SecretAgent bench;
  auto const loaded = bench.with_secrets();
  auto const agent = Runtime::start(loaded, bench.clock, bench.seams(), {});
  REQUIRE_MESSAGE(agent.ok(), agent.error().text());
  CHECK((*agent)->config().authorization.opa_token == "opa-token-1");
  CHECK((*agent)->config().child.environment == std::vector<std::string>{"KEY=child-key-1"});
  CHECK(loaded.config.authorization.opa_token == "${secret:opa}");
}

TEST_CASE("a changed secret is told to what uses it, and to nothing else") {
  SecretAgent bench;
  auto const loaded = bench.with_secrets();
  std::mutex mutex;
  std::vector<std::string> heard;
  auto seams = bench.seams();
  seams.on_child_secret = [&mutex, &heard](config::Config const& config) {
    std::lock_guard const lock(mutex);
    heard.push_back(config.child.environment.front());
  };
  {
    auto const agent = Runtime::start(loaded, bench.clock, std::move(seams), {});
    REQUIRE(agent.ok());
    bench.vault.set("opa", "opa-token-2");
    CHECK(bench.logged("authorization.opa_token"));
    CHECK(heard.empty());
    bench.vault.set("child", "child-key-2");
    CHECK(bench.logged("run.environment"));
    bench.vault.lose("child");
    CHECK(bench.logged("the old value stays"));
  }
  CHECK(heard == std::vector<std::string>{"KEY=child-key-2"});
  for (auto const* const secret : {"opa-token-1", "opa-token-2", "child-key-1", "child-key-2"})
    CHECK(bench.log().find(secret) == std::string::npos);
}

TEST_CASE("a keeper that is gone does not keep another secret from its change") {
  SecretAgent bench;
  auto const loaded = bench.with_secrets();
  auto const agent = Runtime::start(loaded, bench.clock, bench.seams(), {});
  REQUIRE(agent.ok());
  bench.vault.lose("child");
  CHECK(bench.logged("the old value stays"));
  bench.vault.set("opa", "opa-token-2");
  CHECK(bench.logged("Secret changed: taken into use"));
}

TEST_CASE("a secret that no longer fits is not taken, another that changed with it is") {
  SecretAgent bench;
  auto const loaded = bench.with_secrets();
  auto const agent = Runtime::start(loaded, bench.clock, bench.seams(), {});
  REQUIRE(agent.ok());
  {
    std::lock_guard const lock(bench.vault.mutex);
    bench.vault.values["opa"] = "two\r\nlines";
    bench.vault.values["child"] = "child-key-2";
  }
  CHECK(bench.logged("does not fit: the old one stays in use"));
  CHECK(bench.logged("run.environment"));
  CHECK(bench.log().find("taken into use") != std::string::npos);
}

TEST_CASE("a reload compares references, and asks for every secret again") {
  SecretAgent bench;
  auto const loaded = bench.with_secrets(
      "secrets: {cache_ttl_seconds: 86400, values: [{name: opa, from: env, variable: A}]}\n");
  auto const agent = Runtime::start(loaded, bench.clock, bench.seams(), {});
  REQUIRE(agent.ok());
  bench.vault.set("opa", "opa-token-2");
  auto const changes = (*agent)->reload(loaded);
  REQUIRE(changes.ok());
  CHECK(changes->empty());  // the secret is no change of the configuration
  CHECK(bench.logged("Secret changed: taken into use"));
}

TEST_CASE("without its secrets an agent does not start, and says which key wants which") {
  SecretAgent bench;
  bench.vault.lose("opa");
  auto const agent = Runtime::start(bench.with_secrets(), bench.clock, bench.seams(), {});
  REQUIRE_FALSE(agent.ok());
  CHECK(agent.error().code == Code::secret_unavailable);
  CHECK(agent.error().message == "authorization.opa_token: secret \"opa\": nobody answers");
}

TEST_CASE("an error of a later step loses the secrets it quotes") {
  SecretAgent bench;
  bench.vault.set("opa", "http://192.0.2.1:1");
  auto loaded = bench.with_secrets(
      "server: {upstream: \"${secret:opa}\"}\n"
      "secrets: {values: [{name: opa, from: env, variable: A}]}\n");
  loaded.config.agent.capabilities.push_back({.name = "work"});
  loaded.config.backends.emplace_back();
  auto const agent = Runtime::start(loaded, bench.clock, bench.seams(), {});
  REQUIRE_FALSE(agent.ok());
  CHECK(agent.error().message ==
        "capability work: backend [redacted]/work would be called without encryption");
}
