// SPDX-License-Identifier: Apache-2.0
// Which webhooks are taken at all: their spelling, and the addresses that may be dialled.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

#include "core/a2a/dial_guard.h"
#include "core/a2a/push_config.h"
#include "core/a2a/push_sender.h"
#include "tests/unit/a2a/support.h"

namespace aw::a2a::test {
namespace {

bool open_to(std::string const& text) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1)
    return is_public_address(reinterpret_cast<sockaddr const&>(four));
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  REQUIRE(::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1);
  return is_public_address(reinterpret_cast<sockaddr const&>(six));
}

}  // namespace

TEST_CASE("only public addresses may be dialled for somebody else") {
  for (auto const* const closed : {"0.0.0.0",
                                   "10.1.2.3",
                                   "100.64.0.1",
                                   "100.127.255.255",
                                   "127.0.0.1",
                                   "127.255.1.1",
                                   "169.254.169.254",
                                   "172.16.0.1",
                                   "172.31.255.255",
                                   "192.0.0.8",
                                   "192.0.2.1",
                                   "192.168.1.1",
                                   "198.18.0.1",
                                   "198.19.255.255",
                                   "198.51.100.7",
                                   "203.0.113.9",
                                   "224.0.0.1",
                                   "240.0.0.1",
                                   "255.255.255.255",
                                   "::",
                                   "::1",
                                   "::127.0.0.1",
                                   "::ffff:127.0.0.1",
                                   "::ffff:10.0.0.1",
                                   "::ffff:169.254.169.254",
                                   "64:ff9b::7f00:1",
                                   "64:ff9b:1::1",
                                   "2002:7f00:1::1",
                                   "2001:0:1::1",
                                   "2001:db8::1",
                                   "::ffff:0:127.0.0.1",  // a translator's (RFC 2765 §2.1)
                                   "100:0:0:1::1",
                                   "200::1",
                                   "1fff::1",
                                   "4000::1",
                                   "5f00::1",
                                   "fc00::1",
                                   "fd00:ec2::254",
                                   "fe80::1",
                                   "fec0::1",
                                   "ff02::1"}) {
    CHECK_MESSAGE(!open_to(closed), closed);
    CHECK_MESSAGE(!may_be_public_host(closed), closed);
  }
  for (auto const* const open :
       {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
        "172.32.0.0", "192.169.0.1", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1", "2a00::1", "2000::1", "3ffe::1"})
    CHECK_MESSAGE(open_to(open), open);
  CHECK(may_be_public_host("hooks.example.com"));
  CHECK_FALSE(may_be_public_host("[::1]"));
  sockaddr unix_address{};
  unix_address.sa_family = AF_UNIX;
  CHECK_FALSE(is_public_address(unix_address));
}

TEST_CASE("a webhook is read in every version's spelling and written back in it") {
  struct Row {
    std::string json;
    Spelling spelling;
    std::string_view out;
  };
  for (
      auto const& row : std::initializer_list<Row>{
          {R"({"taskId":"T","id":"c","url":"https://x.example/h","token":"t","authentication":{"scheme":"Bearer","credentials":"k"},"tenant":""})",
           Spelling::v1,
           R"({"id":"c","taskId":"T","url":"https://x.example/h","token":"t","authentication":{"scheme":"Bearer","credentials":"k"}})"},
          {R"({"taskId":"T","pushNotificationConfig":{"id":"c","url":"https://x.example/h","authentication":{"schemes":["Basic"],"credentials":"k"}}})",
           Spelling::v03,
           R"({"taskId":"T","pushNotificationConfig":{"id":"c","url":"https://x.example/h","authentication":{"schemes":["Basic"],"credentials":"k"}}})"},
          {R"({"config_id":"c","config":{"name":"x","push_notification_config":{"url":"https://x.example/h"}},"taskId":"T"})",
           Spelling::v03_proto,
           R"({"name":"tasks/T/pushNotificationConfigs/c","pushNotificationConfig":{"id":"c","url":"https://x.example/h"}})"}}) {
    auto const config = parse_push_config(JsonView(row.json));
    REQUIRE_MESSAGE(config.ok(), row.json);
    std::string out;
    json::Writer writer(out);
    write_push_config(writer, *config, row.spelling);
    CHECK(out == row.out);
    auto const again = parse_push_record(push_record(*config));
    REQUIRE(again.ok());
    CHECK(again->credentials == config->credentials);
  }
}

TEST_CASE("whose a webhook is stands in the store, is told to nobody and taken from nobody") {
  auto config = parse_push_config(
      JsonView(R"({"id":"c","taskId":"T","url":"https://x.example/","owner":"me"})"));
  REQUIRE(config.ok());
  CHECK(config->owner.empty());
  config->owner = "spiffe://a.test/agent/client";
  CHECK(parse_push_record(push_record(*config))->owner == config->owner);
  std::string out;
  json::Writer writer(out);
  write_push_config(writer, *config, Spelling::v1);
  CHECK_FALSE(out.contains("spiffe"));
}

TEST_CASE("a webhook that would break a header, or names no host, is refused") {
  for (auto const* const json :
       {R"([])", R"({})", R"({"url":""})", R"({"url":"ftp://x/"})", R"({"url":"https:/x"})",
        R"({"url":"https://"})", R"({"url":"https://a@b/"})", R"({"url":"https://x/\r\nX: y"})",
        R"({"url":"https://x/ y"})", R"({"url":"https://x/","token":"a\r\nb: c"})",
        R"({"url":"https://x/","token":"a\u0000"})", R"({"url":"https://x/","id":"a/b"})",
        R"({"url":"https://x/","authentication":{"credentials":"k"}})",
        R"({"url":"https://x/","authentication":{"scheme":"Bear er"}})",
        R"({"url":"https://x/","authentication":{"scheme":"Bearer","credentials":"x\ny"}})",
        R"({"url":"https://x/","authentication":"Bearer x"})"}) {
    auto const config = parse_push_config(JsonView(json));
    CHECK_MESSAGE(!config.ok(), json);
  }
}

TEST_CASE("without allow_private a webhook must be a public https address on sight") {
  for (auto const* const bad : {"http://x.example/", "https://127.0.0.1/", "https://localhost:1/",
                                "https://[::1]:8443/x", "https://169.254.169.254/latest"})
    CHECK_MESSAGE(!check_webhook(bad, false).ok(), bad);
  CHECK(check_webhook("https://hooks.example.com:8443/x", false).ok());
  CHECK(check_webhook("http://127.0.0.1/", true).ok());
}

}  // namespace aw::a2a::test
