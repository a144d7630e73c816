// SPDX-License-Identifier: Apache-2.0
// ${secret:NAME}: where it may stand, what is said where it may not, and how values come in.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/config/secret_refs.h"
#include "core/config/show.h"
#include "tests/unit/config/support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;

namespace {

const std::string kKnown = "secrets: {values: [{name: k, from: env, variable: K}]}\n";

Loaded with_backend(std::string const& backend, std::string const& more = kKnown) {
  return loaded({.text = "agent:\n  name: billing\n  trust_domain: corp.example\n  capabilities:\n"
                         "    - {name: w, description: x, backend: {type: http, url: "
                         "\"http://127.0.0.1:1\", " +
                         backend + "}}\n" + more});
}

Result<Secret> always(std::string const& value) { return Secret(value); }

}  // namespace

TEST_CASE("a reference stays a reference: loaded, shown, and as an origin") {
  auto const got = with_backend("headers: [\"authorization=Bearer ${secret:k}\", \"x-a=b\"]");
  INFO(listed(got));
  REQUIRE(got.ok());
  CHECK(got.config.backends[0].headers ==
        std::vector<std::string>{"authorization=Bearer ${secret:k}", "x-a=b"});
  REQUIRE(got.secrets.size() == 1);
  CHECK(got.secrets[0].key == "agent.capabilities[0].backend.headers");
  CHECK(got.secrets[0].names == std::vector<std::string>{"k"});
}

TEST_CASE("secrets are filled into a copy, more than one to a text, and wiped again") {
  auto const got = with("authorization: {opa_token: \"a ${secret:k} b ${secret:k}\"}\n" + kKnown);
  REQUIRE(got.ok());
  auto config = got.config;
  REQUIRE(fill_secrets(got.secrets, config, [](std::string const& name) {
            CHECK(name == "k");
            return always("V");
          }).ok());
  CHECK(config.authorization.opa_token == "a V b V");
  CHECK(got.config.authorization.opa_token == "a ${secret:k} b ${secret:k}");
  wipe_secrets(got.secrets, config);
  CHECK(config.authorization.opa_token.find('V') == std::string::npos);
}

TEST_CASE("what a secret holds is never read as a reference, a variable or structure") {
  auto const got = with("authorization: {opa_token: \"${secret:k}\"}\n" + kKnown);
  REQUIRE(got.ok());
  for (auto const* const value : {"${secret:k}", "${HOME}", "[a, b]", "a: b # c"}) {
    auto config = got.config;
    REQUIRE(fill_secrets(got.secrets, config, [value](std::string const&) {
              return always(value);
            }).ok());
    CHECK(config.authorization.opa_token == value);
  }
}

TEST_CASE("a secret that does not fit is refused by the key's own rule, without its value") {
  struct Row {
    char const* text;
    char const* value;
    char const* key;
  };
  for (Row const& row :
       {Row{"server: {upstream: \"${secret:k}\"}\n", "hunter2", "server.upstream"},
        Row{"authorization: {opa_token: \"${secret:k}\"}\n", "hunter2\r\nx: y",
            "authorization.opa_token"},
        Row{"run: {environment: [\"A=${secret:k}\"]}\n", "hunter2\n", "run.environment"}}) {
    CAPTURE(std::string(row.text));
    auto const got = with(row.text + kKnown);
    INFO(listed(got));
    REQUIRE(got.ok());
    auto config = got.config;
    auto const filled =
        fill_secrets(got.secrets, config, [&row](std::string const&) { return always(row.value); });
    REQUIRE_FALSE(filled.ok());
    CHECK(filled.error().code == Code::config_out_of_range);
    CHECK(filled.error().message.starts_with(std::string(row.key) + ": with secret \"k\""));
    CHECK(filled.error().text().find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a secret that cannot be had is an error that names the key") {
  auto const got = with("authorization: {opa_token: \"${secret:k}\"}\n" + kKnown);
  auto config = got.config;
  auto const filled = fill_secrets(got.secrets, config, [](std::string const&) -> Result<Secret> {
    return make_error(Code::secret_unavailable, "nobody answers");
  });
  REQUIRE_FALSE(filled.ok());
  CHECK(filled.error().message == "authorization.opa_token: nobody answers");
}

TEST_CASE("where a secret cannot stand is said at its place") {
  struct Row {
    std::string text;
    Code code;
    char const* said;
  };
  for (Row const& row : {
           Row{"identity: {on_svid_update: [x, \"${secret:k}\"]}\n", Code::config_conflict,
               "never handed over as an argument"},
           Row{"identity: {spiffe_endpoint: \"unix:///${secret:k}\"}\n", Code::config_conflict,
               "before the agent has its identity"},
           Row{"state: {directory: \"${secret:k}\"}\n", Code::config_conflict, "a path"},
           Row{"authorization: {policy_dir: \"${secret:k}\"}\n", Code::config_conflict, "a path"},
           Row{"observability: {logging: {output: \"${secret:k}\"}}\n", Code::config_out_of_range,
               "must be"},
           Row{"server: {port: \"${secret:k}\"}\n", Code::config_wrong_type, "whole number"},
           Row{"authorization: {opa_token: \"${secret:kk}\"}\n", Code::config_bad_variable,
               "there is no secret \"kk\""},
           Row{"authorization: {opa_token: \"${secret:}\"}\n", Code::config_bad_variable,
               "a secret's name"},
           Row{"authorization: {opa_token: \"${secret:a b}\"}\n", Code::config_bad_variable,
               "a secret's name"},
           Row{"authorization: {opa_token: \"$${secret:k}\"}\n", Code::config_bad_variable,
               "cannot be written"},
       }) {
    CAPTURE(row.text);
    auto const got = with(row.text + kKnown);
    INFO(listed(got));
    CHECK_FALSE(got.ok());
    auto const* const one = found(got, row.code);
    REQUIRE(one != nullptr);
    CHECK(one->message.find(row.said) != std::string::npos);
    CHECK(one->place.line >= 2);
  }
}

TEST_CASE("an exec backend's command takes no secret, its environment does") {
  auto const text = [](std::string const& backend) {
    return loaded(
        {.text = "agent:\n  name: billing\n  trust_domain: corp.example\n  capabilities:\n"
                 "    - {name: w, description: x, backend: {type: exec, " +
                 backend + "}}\n" + kKnown});
  };
  auto const argument = text("command: [./x, \"--token=${secret:k}\"]");
  REQUIRE(found(argument, Code::config_conflict) != nullptr);
  CHECK(found(argument, Code::config_conflict)->hint == "hand it over in the environment");
  CHECK(text("command: [./x], environment: [\"TOKEN=${secret:k}\"]").ok());
}

TEST_CASE("a variable cannot bring in a secret") {
  Given given{.text = kMinimal + "authorization: {opa_token: \"${OUTSIDE}\"}\n" + kKnown};
  given.env = {{"OUTSIDE", "${secret:k}"}};
  auto const got = loaded(given);
  REQUIRE(found(got, Code::config_bad_variable) != nullptr);
  CHECK(found(got, Code::config_bad_variable)->message.find("only the file itself may") !=
        std::string::npos);
}

TEST_CASE("nor do several variables that hold a part of the reference each") {
  struct Row {
    char const* value;
    std::map<std::string, std::string> env;
  };
  for (Row const& row :
       {Row{"${A}${B}", {{"A", "${sec"}, {"B", "ret:k}"}}}, Row{"${A}{secret:k}", {{"A", "$"}}},
        Row{"${A}secret:k}", {{"A", "${"}}}, Row{"$${${A}", {{"A", "secret:k}"}}},
        Row{"${secret:k} ${A}${B}", {{"A", "$"}, {"B", "{secret:k}"}}},
        Row{"${C:-${A}${B}}", {{"A", "${secret:"}, {"B", "k}"}}},
        Row{"${C:-${secret:k}${A}}", {{"A", "${secret:k}"}}}}) {
    CAPTURE(std::string(row.value));
    Given given{.text = kMinimal + "authorization: {opa_token: \"" + row.value + "\"}\n" + kKnown};
    given.env = row.env;
    auto const got = loaded(given);
    REQUIRE(found(got, Code::config_bad_variable) != nullptr);
    CHECK(found(got, Code::config_bad_variable)->message.find("only the file itself may") !=
          std::string::npos);
  }
  // What a variable may be is unchanged, beside a reference of the file's own too.
  Given given{.text = kMinimal + "authorization: {opa_token: \"${C:-${secret:k}}/${A}${B}\"}\n" +
                      kKnown};
  given.env = {{"A", "$"}, {"B", "{other}"}};
  auto const got = loaded(given);
  INFO(listed(got));
  REQUIRE(got.ok());
  CHECK(got.config.authorization.opa_token == "${secret:k}/${other}");
}

TEST_CASE("a variable that stands for a key brings in no secret either") {
  for (auto const* const value : {"${secret:k}", "Bearer ${secret:k}", "${secret:k} ${secret:k"}) {
    CAPTURE(std::string(value));
    Given given{.text = kMinimal + kKnown};
    given.env = {{"AGENTWEAVE_AUTHORIZATION_OPA_TOKEN", value}};
    auto const got = loaded(given);
    REQUIRE(found(got, Code::config_bad_variable) != nullptr);
    CHECK(found(got, Code::config_bad_variable)->key == "authorization.opa_token");
  }
}

TEST_CASE("a reference on the command line is one, and half of one is said to be") {
  Given given{.text = kMinimal + kKnown};
  given.set = {"authorization.opa_token=Bearer ${secret:k}"};
  auto const good = loaded(given);
  INFO(listed(good));
  REQUIRE(good.ok());
  CHECK(good.secrets.size() == 1);
  for (auto const* const value :
       {"${secret:k", "${secret:", "${secret:k} ${secret:k", "${secret:k ${secret:k"}) {
    CAPTURE(std::string(value));
    given.set = {"authorization.opa_token=" + std::string(value)};
    auto const got = loaded(given);
    REQUIRE(found(got, Code::config_bad_variable) != nullptr);
  }
}

TEST_CASE("headers of a backend are none of ours") {
  for (auto const* const name : {"x-agentweave-caller", "X-Agentweave-Nonce", "host", "Traceparent",
                                 "x-forwarded-client-cert", "content-length", "a b", ""}) {
    CAPTURE(std::string(name));
    CHECK_FALSE(with_backend("headers: [\"" + std::string(name) + "=x\"]").ok());
  }
  CHECK(with_backend("headers: [\"authorization=Bearer x\", \"x-api-key=y=z\"]").ok());
  auto const shown = document(with_backend("headers: [\"x-api-key=hunter2\"]").config).dump();
  CHECK(shown.find("hunter2") == std::string::npos);
}

TEST_CASE("each secret says what its keeper needs, and nothing else") {
  struct Row {
    std::string values;
    bool good;
  };
  std::string const vault = ", vault: {address: \"https://v:8200\"}";
  for (Row const& row : {
           Row{"[{name: a, from: env, variable: A}]", true},
           Row{"[{name: a, from: file, file: a}]", true},
           Row{"[{name: a, from: exec, command: [x]}]", true},
           Row{"[{name: a, from: aws, id: prod/x, key: k}]", true},
           Row{"[{name: a, from: vault, path: app/db}]" + vault, true},
           Row{"[{name: a, from: vault, path: app/db}]", false},
           Row{"[{name: a, from: vault, path: ../sys}]" + vault, false},
           Row{"[{name: a, from: vault, path: app/db}], vault: {address: \"http://v:8200\"}",
               false},
           Row{"[{name: a, from: vault, path: x}], vault: {address: \"https://v\", auth: token}",
               false},
           Row{"[{name: a, from: env}]", false},
           Row{"[{name: a, from: env, variable: A, file: b}]", false},
           Row{"[{name: a}]", false},
           Row{"[{from: env, variable: A}]", false},
           Row{"[{name: \"a b\", from: env, variable: A}]", false},
           Row{"[{name: a, from: env, variable: A}, {name: a, from: env, variable: B}]", false},
           Row{"[], aws: {metadata_endpoint: \"http://evil.example\"}", false},
           Row{"[], aws: {endpoint: \"http://evil.example\"}", false},
       }) {
    CAPTURE(row.values);
    auto const got = with("secrets: {values: " + row.values + "}\n");
    INFO(listed(got));
    CHECK(got.ok() == row.good);
  }
}

TEST_CASE("what stands nowhere else is a default, and nothing more") {
  LoadRequest request;
  request.file = "a.yaml";
  request.text = kMinimal + "server: {port: 9443}\n";
  request.defaults = {"server.port=1234", "server.upstream=unix:///run/app.sock"};
  auto const got = inspect(request);
  REQUIRE(got.ok());
  CHECK(got.config.server.port == 9443);
  CHECK(got.config.server.upstream == "unix:///run/app.sock");
  request.overrides = {"server.upstream=http://127.0.0.1:1"};
  CHECK(inspect(request).config.server.upstream == "http://127.0.0.1:1");
}
