// SPDX-License-Identifier: Apache-2.0
// AWS's published Signature Version 4 test suite: requests, keys and time in, signatures out.
#include "core/secrets/sigv4.h"

#include <doctest/doctest.h>

using namespace aw;
using namespace aw::secrets;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kSuiteToken =
    "AQoDYXdzEPT//////////"
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx"
    "7"
    "mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx"
    "6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
    "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr"
    "4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

AwsKeys suite_keys(std::string_view token = {}) {
  return {.id = "AKIDEXAMPLE",
          .secret = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
          .session = Secret(std::string(token))};
}

WallTime at(std::string_view text) { return parse_rfc3339(text).value(); }

std::string header(Pairs const& headers, std::string_view name) {
  for (auto const& [key, value] : headers)
    if (key == name) return value;
  return {};
}

}  // namespace

TEST_CASE("signatures are those of AWS's test suite") {
  struct Row {
    char const* name;
    AwsRequest request;
    std::string_view token;
    std::string signed_headers;
    std::string signature;
  };
  auto const request = [](std::string method, Pairs headers = {}, Pairs query = {},
                          std::string body = {}) {
    return AwsRequest{.method = std::move(method),
                      .host = "example.amazonaws.com",
                      .path = "/",
                      .query = std::move(query),
                      .headers = std::move(headers),
                      .body = std::move(body)};
  };
  for (Row const& row : {
           Row{"get-vanilla",
               request("GET"),
               {},
               "host;x-amz-date",
               "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
           Row{"post-vanilla",
               request("POST"),
               {},
               "host;x-amz-date",
               "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
           Row{"get-vanilla-query-order-key-case",
               request("GET", {}, {{"Param2", "value2"}, {"Param1", "value1"}}),
               {},
               "host;x-amz-date",
               "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
           Row{"post-header-value-case",
               request("POST", {{"My-Header1", "VALUE1"}}),
               {},
               "host;my-header1;x-amz-date",
               "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
           Row{"get-header-value-trim",
               request("GET", {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}),
               {},
               "host;my-header1;my-header2;x-amz-date",
               "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
           Row{"post-x-www-form-urlencoded",
               request("POST", {{"Content-Type", "application/x-www-form-urlencoded"}}, {},
                       "Param1=value1"),
               {},
               "content-type;host;x-amz-date",
               "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
           Row{"post-sts-header-before", request("POST"), kSuiteToken,
               "host;x-amz-date;x-amz-security-token",
               "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
       }) {
    CAPTURE(std::string(row.name));
    auto const added = sign_v4(row.request, {.region = "us-east-1", .service = "service"},
                               suite_keys(row.token), at("2015-08-30T12:36:00Z"));
    CHECK(header(added, "x-amz-date") == "20150830T123600Z");
    CHECK(header(added, "x-amz-security-token") == row.token);
    CHECK(header(added, "authorization") ==
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
          "SignedHeaders=" +
              row.signed_headers + ", Signature=" + row.signature);
  }
}

TEST_CASE("every part of a request is under its signature") {
  AwsRequest const plain{.method = "POST",
                         .host = "h",
                         .path = "/a b",
                         .query = {{"q", "1"}},
                         .headers = {{"x-amz-target", "t"}},
                         .body = "{}"};
  AwsScope const scope{.region = "eu-central-1", .service = "secretsmanager"};
  auto const now = at("2026-11-28T02:00:00Z");
  auto const signature = [&](AwsRequest const& request) {
    return header(sign_v4(request, scope, suite_keys(), now), "authorization");
  };
  auto const original = signature(plain);
  std::vector<AwsRequest> others(6, plain);
  others[0].method = "GET";
  others[1].host = "other";
  others[2].path = "/a";
  others[3].query[0].second = "2";
  others[4].headers[0].second = "u";
  others[5].body = "{ }";
  for (auto const& other : others) CHECK(signature(other) != original);
  CHECK(header(sign_v4(plain, scope, suite_keys(), now + std::chrono::seconds(1)),
               "authorization") != original);
  CHECK(header(
            sign_v4(plain, {.region = "eu-west-1", .service = "secretsmanager"}, suite_keys(), now),
            "authorization") != original);
}

TEST_CASE("the time of a request is written as AWS writes it") {
  CHECK(amz_date(at("2015-08-30T12:36:00.999Z")) == "20150830T123600Z");
}
