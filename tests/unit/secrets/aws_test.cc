// SPDX-License-Identifier: Apache-2.0
// Where AWS keys come from, how long they are kept, and what is said when there are none.
// Signatures: sigv4_test.cc, and tests/e2e/test_secret_use.py, where a server verifies them.
#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "core/base/fs.h"
#include "core/secrets/aws_keys.h"
#include "core/testing/manual_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/secrets/http_keeper.h"

using namespace aw;
using namespace aw::secrets;
using aw::secrets::test::Answer;
using aw::secrets::test::Asked;
using aw::secrets::test::HttpKeeper;

namespace {

constexpr auto kRoles = "GET /latest/meta-data/iam/security-credentials/";

std::string keys_document(std::string const& id, WallTime end) {
  return R"({"AccessKeyId":")" + id + R"(","SecretAccessKey":"s","Token":"t","Expiration":")" +
         format_rfc3339(end) + "\"}";
}

// Metadata, STS, container endpoint and Secrets Manager in one; keys live an hour.
struct FakeAws {
  testing::ManualClock clock;
  testing::TempDir scratch;
  std::map<std::string, std::string> variables;
  std::string role = "agent-role";
  int issued = 0;
  int expired = 0;  // so many requests are told that their token has expired
  HttpKeeper server{[this](Asked const& asked) { return answer(asked); }};

  WallTime end() const { return clock.now() + std::chrono::hours(1); }

  Answer answer(Asked const& asked) {
    if (asked.line == "PUT /latest/api/token")
      return asked.header("x-aws-ec2-metadata-token-ttl-seconds").empty() ? Answer{400, ""}
                                                                          : Answer{200, "imds-2"};
    if (asked.line.starts_with(kRoles)) {
      if (asked.header("x-aws-ec2-metadata-token") != "imds-2") return {401, ""};
      if (asked.line == kRoles) return {200, role + "\n"};
      return {200, keys_document("IMDS" + std::to_string(++issued), end())};
    }
    if (asked.line == "GET /pod")
      return asked.header("authorization") == "pod-token"
                 ? Answer{200, keys_document("POD" + std::to_string(++issued), end())}
                 : Answer{403, ""};
    if (asked.body.starts_with("Action=AssumeRoleWithWebIdentity")) return assume(asked.body);
    if (expired > 0) {
      --expired;
      return {400, R"({"__type":"ExpiredTokenException"})"};
    }
    return {200, R"({"SecretString":"the secret"})"};
  }
  Answer assume(std::string const& body) {
    if (body.find("&WebIdentityToken=a.b%2Fc&") == std::string::npos &&
        !body.ends_with("&WebIdentityToken=a.b%2Fc"))
      return {400, "<Error><Code>InvalidIdentityToken</Code></Error>"};
    if (body.find("&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&") == std::string::npos)
      return {400, "<Error><Code>AccessDenied</Code></Error>"};
    return {200, "<Credentials><AccessKeyId>STS" + std::to_string(++issued) +
                     "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                     "</SessionToken><Expiration>" +
                     format_rfc3339(end()) + "</Expiration></Credentials>"};
  }

  Config config() {
    Config out;
    out.aws.region = "eu-central-1";
    out.aws.endpoint = server.url();
    out.aws.sts_endpoint = server.url() + "/";
    out.aws.metadata_endpoint = server.url();
    return out;
  }
  Variables lookup() {
    return [this](std::string const& name) -> std::optional<std::string> {
      auto const found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
  }
  AwsKeySource source() { return {config(), "eu-central-1", lookup(), clock}; }
  void web_identity(std::string const& token) {
    REQUIRE(fs::write_file_atomic(scratch / "jwt", token, fs::Mode::private_file).ok());
    variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = (scratch / "jwt").string();
    variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/x";
  }
};

}  // namespace

TEST_CASE("AWS keys come from the first place that has any") {
  FakeAws aws;
  CHECK(aws.source().keys()->id == "IMDS1");
  aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = aws.server.url() + "/pod";
  aws.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "pod-token";
  CHECK(aws.source().keys()->id == "POD2");
  aws.web_identity("a.b/c\n");
  CHECK(aws.source().keys()->id == "STS3");
  aws.variables["AWS_ACCESS_KEY_ID"] = "AKIA";
  CHECK_FALSE(aws.source().keys().ok());  // half a pair is a mistake, not a reason to look on
  aws.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  auto const keys = aws.source().keys();
  CHECK(keys->id == "AKIA");
  CHECK(keys->session.empty());
  CHECK_FALSE(keys->expires.has_value());
}

TEST_CASE("AWS keys are kept until shortly before their end, or until they are refused") {
  FakeAws aws;
  auto source = aws.source();
  CHECK(source.keys()->id == "IMDS1");
  CHECK(source.keys()->id == "IMDS1");
  aws.clock.advance(std::chrono::minutes(57));
  CHECK(source.keys()->id == "IMDS1");
  aws.clock.advance(std::chrono::minutes(2));  // 59 of 60: within the margin
  CHECK(source.keys()->id == "IMDS2");
  source.forget();
  CHECK(source.keys()->id == "IMDS3");
}

TEST_CASE("AWS refusals of keys are errors that say who refused") {
  struct Row {
    std::function<void(FakeAws&)> set;
    char const* said;
  };
  for (Row const& row : std::vector<Row>{
           {[](FakeAws& aws) { aws.web_identity("other"); },
            "AssumeRoleWithWebIdentity: status 400 InvalidIdentityToken"},
           {[](FakeAws& aws) {
              aws.web_identity("a.b/c");
              aws.variables["AWS_ROLE_ARN"] = "arn:other";
            },
            "AccessDenied"},
           {[](FakeAws& aws) {
              aws.web_identity("a.b/c");
              aws.variables.erase("AWS_ROLE_ARN");
            },
            "AWS_ROLE_ARN is not set"},
           {[](FakeAws& aws) {
              aws.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere";
              aws.variables["AWS_ROLE_ARN"] = "x";
            },
            "open /nowhere"},
           {[](FakeAws& aws) {
              aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = aws.server.url() + "/pod";
            },
            "container credentials: status 403"},
           {[](FakeAws& aws) {
              aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://evil.example/";
            },
            "without encryption"},
           {[](FakeAws& aws) { aws.role = "../../secrets"; }, "names no role"},
           {[](FakeAws& aws) { aws.role = ""; }, "names no role"},
           {[](FakeAws& aws) { aws.variables["AWS_EC2_METADATA_DISABLED"] = "TRUE"; },
            "no AWS credentials"},
       }) {
    CAPTURE(std::string(row.said));
    FakeAws aws;
    row.set(aws);
    auto const keys = aws.source().keys();
    REQUIRE_FALSE(keys.ok());
    CHECK(keys.error().message.find(row.said) != std::string::npos);
  }
}

TEST_CASE("AWS Secrets Manager: keys that expired on the way are replaced once") {
  FakeAws aws;
  auto const provider = aws_provider(aws.config(), aws.lookup(), aws.clock);
  Entry entry;
  entry.id = "prod/x";
  CHECK(provider->fetch(entry)->reveal() == "the secret");
  CHECK(provider->source(entry) == "aws eu-central-1 prod/x");
  aws.expired = 1;
  CHECK(provider->fetch(entry)->reveal() == "the secret");
  CHECK(aws.issued == 2);
  aws.expired = 10;
  auto const refused = provider->fetch(entry);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message == "aws: get prod/x: status 400 ExpiredTokenException");
  CHECK(aws.issued == 3);
}

TEST_CASE("AWS wants a region, from the configuration or the environment") {
  FakeAws aws;
  auto config = aws.config();
  config.aws.region.clear();
  Entry entry;
  entry.id = "x";
  CHECK(aws_provider(config, aws.lookup(), aws.clock)->fetch(entry).error().hint ==
        "secrets.aws.region, or AWS_REGION");
  aws.variables["AWS_DEFAULT_REGION"] = "us-east-1";
  CHECK(aws_provider(config, aws.lookup(), aws.clock)->source(entry) == "aws us-east-1 x");
  aws.variables["AWS_REGION"] = "eu-west-1";
  CHECK(aws_provider(config, aws.lookup(), aws.clock)->source(entry) == "aws eu-west-1 x");
}
