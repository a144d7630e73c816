// SPDX-License-Identifier: Apache-2.0
#include "core/secrets/document.h"

#include <doctest/doctest.h>

#include "core/secrets/provider.h"

using namespace aw;
using namespace aw::secrets;

TEST_CASE("a secret is the whole document, or a member of it") {
  struct Row {
    std::string document;
    std::string key;
    std::string expected;
  };
  for (Row const& row : {
           Row{"plain text", "", "plain text"},
           Row{R"({"a":"x"})", "", R"({"a":"x"})"},
           Row{R"({"user":"ada","password":"p w"})", "password", "p w"},
           Row{R"({"port":5432})", "port", "5432"},
           Row{R"({"on":true})", "on", "true"},
       }) {
    CAPTURE(row.document);
    auto const got = pick(Secret(row.document), row.key);
    REQUIRE(got.ok());
    CHECK(got->reveal() == row.expected);
  }
}

TEST_CASE("what is no secret is refused without a word of it") {
  struct Row {
    std::string document;
    std::string key;
    char const* said;
  };
  for (Row const& row : {
           Row{"", "", "it is empty"},
           Row{R"({"a":""})", "a", "it is empty"},
           Row{std::string("a\0b", 3), "", "it holds a zero byte"},
           Row{std::string(kMaxSecretBytes + 1, 'x'), "", "it is larger than 64 KiB"},
           Row{"hunter2", "password", "the document is no JSON object"},
           Row{R"(["hunter2"])", "password", "the document is no JSON object"},
           Row{R"({"other":"hunter2"})", "password", "the document has no member \"password\""},
           Row{R"({"password":{"x":"hunter2"}})", "password",
               "the member is neither text nor a number"},
           Row{R"({"password":null})", "password", "the member is neither text nor a number"},
       }) {
    CAPTURE(row.document);
    auto const got = pick(Secret(row.document), row.key);
    REQUIRE_FALSE(got.ok());
    CHECK(got.error().code == Code::secret_malformed);
    CHECK(got.error().message == row.said);
    CHECK(got.error().text().find("hunter2") == std::string::npos);
  }
}

TEST_CASE("Vault's answers are read, and nothing else is taken for one") {
  auto const login = read_vault_login(
      R"({"request_id":"x","auth":{"client_token":"hvs.abc","lease_duration":3600,"policies":["p"]}})");
  REQUIRE(login.ok());
  CHECK(login->token.reveal() == "hvs.abc");
  CHECK(login->lease == std::chrono::seconds(3600));
  for (auto const* const bad :
       {"", "{}", R"({"auth":null})", R"({"auth":{}})", R"({"auth":{"client_token":""}})",
        R"({"auth":{"client_token":"a\r\nx-evil: 1"}})", R"({"auth":{"client_token":7}})",
        R"({"auth":[]})", "[1]"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(read_vault_login(bad).ok());
  }
  CHECK(read_vault_login(R"({"auth":{"client_token":"t","lease_duration":-5}})")->lease.count() ==
        0);

  auto const secret = read_vault_secret(R"({"data":{"data":{"k":"v"},"metadata":{"version":2}}})");
  REQUIRE(secret.ok());
  CHECK(secret->reveal() == R"({"k":"v"})");
  for (auto const* const bad : {"{}", R"({"data":{"k":"v"}})", R"({"data":{"data":null}})",
                                R"({"data":{"data":"text"}})", R"({"data":[]})"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(read_vault_secret(bad).ok());
  }
  CHECK(vault_complaint(R"({"errors":["permission denied","x"]})") == "permission denied; x");
  CHECK(vault_complaint("<html>").empty());
  CHECK(vault_complaint(R"({"errors":[)" + ('"' + std::string(5000, 'a') + '"') + "]}").size() <=
        200);
  CHECK(vault_complaint(R"({"errors":["a\u001b[2J"]})").find('\x1b') == std::string::npos);
}

TEST_CASE("AWS's answers are read, and nothing else is taken for one") {
  CHECK(read_aws_secret(R"({"Name":"n","SecretString":"s"})")->reveal() == "s");
  CHECK(read_aws_secret(R"({"SecretBinary":"aGVsbG8="})")->reveal() == "hello");
  for (auto const* const bad : {"{}", R"({"SecretString":7})", R"({"SecretBinary":"%%%"})", "x"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(read_aws_secret(bad).ok());
  }
  CHECK(aws_complaint(R"({"__type":"com.amazon#ResourceNotFoundException","Message":"m"})") ==
        "ResourceNotFoundException");
  CHECK(aws_complaint("<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error>"
                      "</ErrorResponse>") == "InvalidIdentityToken");
  CHECK(aws_complaint("nothing").empty());

  auto const keys = read_aws_keys(
      R"({"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"s/k","Token":"t","Expiration":"2026-11-28T08:00:00Z"})");
  REQUIRE(keys.ok());
  CHECK(keys->id == "ASIA");
  CHECK(keys->secret.reveal() == "s/k");
  CHECK(keys->session.reveal() == "t");
  CHECK(keys->expires == parse_rfc3339("2026-11-28T08:00:00Z"));
  for (
      auto const* const bad :
      {"{}", R"({"AccessKeyId":"A","SecretAccessKey":"s","Token":"t"})",
       R"({"AccessKeyId":"A","Token":"t","Expiration":"2026-11-28T08:00:00Z"})",
       R"({"AccessKeyId":"A\n","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-28T08:00:00Z"})"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(read_aws_keys(bad).ok());
  }
}

TEST_CASE("STS's XML gives keys only when all of them are there") {
  auto const answer = [](std::string const& inner) {
    return "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>" +
           inner +
           "</Credentials></AssumeRoleWithWebIdentityResult>"
           "</AssumeRoleWithWebIdentityResponse>";
  };
  std::string const good =
      "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>sk</SecretAccessKey>"
      "<SessionToken> tok </SessionToken><Expiration>2026-11-28T08:00:00Z</Expiration>";
  auto const keys = read_sts_answer(answer(good));
  REQUIRE(keys.ok());
  CHECK(keys->session.reveal() == "tok");
  for (auto const& bad :
       {std::string(), answer(""), answer("<AccessKeyId>ASIA</AccessKeyId>"),
        answer(good.substr(0, good.find("<Expiration>"))),
        answer("<AccessKeyId><x/></AccessKeyId>" + good.substr(good.find("<Secret"))), good,
        std::string(600'000, 'x')}) {
    CHECK_FALSE(read_sts_answer(bad).ok());
  }
}
