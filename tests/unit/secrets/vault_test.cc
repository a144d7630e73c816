// SPDX-License-Identifier: Apache-2.0
// Vault as a client sees it: when it logs in, how long it keeps a token, what it says of a refusal.
// Over TLS with our SVID: tests/e2e/test_secret_use.py.
#include <doctest/doctest.h>

#include "core/secrets/provider.h"
#include "core/testing/manual_clock.h"
#include "tests/unit/secrets/http_keeper.h"

using namespace aw;
using namespace aw::secrets;
using aw::secrets::test::Answer;
using aw::secrets::test::Asked;
using aw::secrets::test::HttpKeeper;

namespace {

constexpr auto kLogin = "POST /v1/auth/jwt/login";
constexpr auto kRead = "GET /v1/secret/data/app/db";

// Takes jwt "us", gives tokens t1, t2, … of `lease` seconds; only the last one reads.
struct FakeVault {
  int lease = 60;
  int given = 0;
  bool revoked = false;
  Answer broken{.status = 0, .body = {}};  // instead of the secret, when its status is set
  std::string login_body;
  HttpKeeper server{[this](Asked const& asked) { return answer(asked); }};

  Answer answer(Asked const& asked) {
    if (asked.header("x-vault-request") != "true") return {412, "{}"};
    if (asked.line == kLogin) {
      login_body = asked.body;
      if (asked.body.find(R"("jwt":"us")") == std::string::npos)
        return {400, R"({"errors":["error validating token: invalid audience (aud) claim"]})"};
      revoked = false;
      return {200, R"({"auth":{"client_token":"t)" + std::to_string(++given) +
                       R"(","lease_duration":)" + std::to_string(lease) + "}}"};
    }
    if (revoked || asked.header("x-vault-token") != "t" + std::to_string(given))
      return {403, R"({"errors":["permission denied"]})"};
    if (broken.status != 0) return broken;
    return {200, R"({"data":{"data":{"k":"v"}}})"};
  }
};

struct VaultBench {
  FakeVault vault;
  testing::ManualClock clock;
  std::string jwt = "us";
  std::unique_ptr<SecretsProvider> provider;

  VaultBench() {
    Config config;
    config.vault.address = vault.server.url() + "/";
    config.vault.auth = VaultAuth::jwt;
    config.vault.role = "agents";
    config.vault.name_space = "team-a";
    provider = vault_provider(config,
                              {.svid = {},
                               .jwt = [this](std::string const& audience) -> Result<std::string> {
                                 CHECK(audience == "vault");
                                 return jwt;
                               }},
                              clock);
  }
  Result<Secret> read() {
    Entry entry;
    entry.path = "app/db";
    return provider->fetch(entry);
  }
};

}  // namespace

TEST_CASE("Vault: one login serves many reads, until shortly before its lease ends") {
  VaultBench bench;
  for (int i = 0; i < 3; ++i) CHECK(bench.read()->reveal() == R"({"k":"v"})");
  CHECK(bench.vault.server.lines() == std::vector<std::string>{kLogin, kRead, kRead, kRead});
  CHECK(bench.vault.login_body == R"({"role":"agents","jwt":"us"})");
  bench.clock.advance(std::chrono::seconds(49));
  CHECK(bench.read().ok());
  CHECK(bench.vault.given == 1);
  bench.clock.advance(std::chrono::seconds(2));  // 51 of 60: within the margin
  CHECK(bench.read().ok());
  CHECK(bench.vault.given == 2);
}

TEST_CASE("Vault: a token without an end is kept") {
  VaultBench bench;
  bench.vault.lease = 0;
  CHECK(bench.read().ok());
  bench.clock.advance(std::chrono::hours(10'000));
  CHECK(bench.read().ok());
  CHECK(bench.vault.given == 1);
}

TEST_CASE("Vault: a revoked token is replaced by one login, not by a storm of them") {
  VaultBench bench;
  CHECK(bench.read().ok());
  bench.vault.revoked = true;
  CHECK(bench.read().ok());
  CHECK(bench.vault.given == 2);
  bench.vault.broken = {403, R"({"errors":["permission denied"]})"};
  CHECK_FALSE(bench.read().ok());
  CHECK(bench.vault.given == 3);
}

TEST_CASE("Vault: what goes wrong is said in its words, without token or secret") {
  struct Row {
    Answer broken;
    Code code;
    char const* said;
  };
  for (Row const& row : {
           Row{{404, R"({"errors":[]})"},
               Code::secret_unavailable,
               "vault: read secret/app/db: status 404"},
           Row{{503, R"({"errors":["Vault is sealed"]})"},
               Code::secret_unavailable,
               "status 503: Vault is sealed"},
           Row{{500, "<html>"}, Code::secret_unavailable, "status 500"},
           Row{{200, "not json"}, Code::secret_malformed, "vault app/db: the answer is no JSON"},
           Row{{200, R"({"data":{"data":null}})"}, Code::secret_malformed, "has no data"},
           Row{{302, ""}, Code::secret_unavailable, "status 302"},
       }) {
    CAPTURE(std::string(row.said));
    VaultBench bench;
    bench.vault.broken = row.broken;
    auto const got = bench.read();
    REQUIRE_FALSE(got.ok());
    CHECK(got.error().code == row.code);
    CHECK(got.error().message.find(row.said) != std::string::npos);
    CHECK(got.error().text().find("t1") == std::string::npos);
  }
}

TEST_CASE("Vault: who is not known gets no token, and an answer that is too large is not read") {
  VaultBench bench;
  bench.jwt = "stranger";
  auto const refused = bench.read();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message ==
        "vault: log in at auth/jwt: status 400: error validating token: invalid audience (aud) "
        "claim");
  CHECK(refused.error().hint.starts_with("secrets.vault.role names no role that lets us in"));
  CHECK(bench.vault.server.lines() == std::vector<std::string>{kLogin});
  VaultBench large;
  large.vault.broken = {200, std::string(600 * 1024, 'x')};
  CHECK(large.read().error().message.find("too large") != std::string::npos);
}

TEST_CASE("Vault: before there is an identity nobody is asked") {
  testing::ManualClock const clock;
  Config config;
  config.vault.address = "http://127.0.0.1:1";
  config.vault.auth = VaultAuth::jwt;
  auto const got = vault_provider(config, {}, clock)->fetch({});
  REQUIRE_FALSE(got.ok());
  CHECK(got.error().message.find("there is none yet") != std::string::npos);
}
