// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/http/client.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/http/sse.h"

using namespace aw;
using namespace aw::http;

TEST_CASE("header fields keep their order and lose the case of their names") {
  Headers headers{{"Content-Type", "a"}, {"X-One", "1"}, {"x-one", "2"}};
  CHECK(headers.size() == 3);
  CHECK(headers[1].name == "x-one");
  CHECK(headers.get("X-ONE") == "1");
  CHECK(headers.count("x-one") == 2);
  headers.set("x-one", "3");
  CHECK(headers.count("x-one") == 1);
  CHECK(headers.get("x-one") == "3");
  CHECK(headers.erase("content-type") == 1);
  CHECK_FALSE(headers.has("content-type"));
  CHECK(headers.bytes() == 6);
  std::string all;
  for (auto const field : headers) all.append(field.name).append("=").append(field.value);
  CHECK(all == "x-one=3");
  headers.clear();
  CHECK(headers.empty());
}

TEST_CASE("URLs name an endpoint and a target") {
  auto const plain = parse_url("http://127.0.0.1:9000/process?x=1").value();
  CHECK(plain.endpoint.scheme == Scheme::http);
  CHECK(plain.endpoint.host == "127.0.0.1");
  CHECK(plain.endpoint.port == 9000);
  CHECK(plain.target == "/process?x=1");
  auto const secure = parse_url("https://Search.example").value();
  CHECK(secure.endpoint.port == 443);
  CHECK(secure.endpoint.host == "search.example");
  CHECK(secure.endpoint.authority() == "search.example");
  CHECK(secure.target == "/");
  auto const v6 = parse_url("https://[::1]:8443/x").value();
  CHECK(v6.endpoint.host == "::1");
  CHECK(v6.endpoint.authority() == "[::1]:8443");
  auto const local = parse_url("unix:///run/app.sock:/process").value();
  CHECK(local.endpoint.socket_path == "/run/app.sock");
  CHECK(local.target == "/process");
  CHECK(parse_url("unix:///run/app.sock").value().target == "/");
}

TEST_CASE("what is no URL is refused") {
  for (std::string_view const text :
       {"", "search:8443", "ftp://x", "http://", "http:///x", "http://u:p@x/", "http://x:0/",
        "http://x:65536/", "http://x:1a/", "http://x/a b", "http://x/#f", "unix://relative",
        "http://x y/", "http://[::1/", "https://x\r\n/"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_url(text).ok());
  }
}

TEST_CASE("listening addresses are parsed") {
  CHECK(std::get<TcpAddress>(parse_address("127.0.0.1:80").value()).port == 80);
  CHECK(std::get<TcpAddress>(parse_address("[::1]:80").value()).host == "::1");
  CHECK(std::get<TcpAddress>(parse_address(":9").value()).host == "0.0.0.0");
  CHECK(std::get<UnixAddress>(parse_address("unix:///a").value()).path == "/a");
  for (std::string_view const text : {"", "80", "a:b", "::1:80", "a:99999", "unix://a"}) {
    CHECK_FALSE(parse_address(text).ok());
  }
}

TEST_CASE("an event comes out as it went in, wherever its bytes are cut") {
  SseEvent const event{.data = "a\nb", .event = "status", .id = "7"};
  std::string bytes;
  append_sse(bytes, event);
  bytes.append(kSseHeartbeat);
  append_sse(bytes, "second");
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    SseParser parser;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      REQUIRE(parser.feed(std::string_view(bytes).substr(at, step)).ok());
    }
    CHECK(parser.next() == event);
    CHECK(parser.next() == SseEvent{.data = "second", .id = "7"});
    CHECK_FALSE(parser.next());
  }
}

TEST_CASE("server-sent events are read by the book") {
  SseParser parser;
  REQUIRE(parser
              .feed("\xEF\xBB\xBF"
                    "data:x\r\ndata\rdata:  y\n\n:comment\nretry: 10\n\n"
                    "event: e\n\nid: 1\ndata: z\n\ndata: cut off")
              .ok());
  CHECK(parser.next() == SseEvent{.data = "x\n\n y"});
  CHECK(parser.next() == SseEvent{.data = "z", .id = "1"});
  CHECK_FALSE(parser.next());
}

TEST_CASE("an event that never ends is refused") {
  SseParser parser(100);
  CHECK(parser.feed("data: " + std::string(50, 'x')).ok());
  CHECK_FALSE(parser.feed(std::string(60, 'x')).ok());
}

TEST_CASE("line breaks in an event's name or id forge nothing") {
  std::string bytes;
  append_sse(bytes, {.data = "d", .event = "a\ndata: forged", .id = "1\n\n"});
  CHECK(bytes == "event: adata: forged\nid: 1\ndata: d\n\n");
}
