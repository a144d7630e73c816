// SPDX-License-Identifier: Apache-2.0
#include "core/http/h1_body.h"

#include <doctest/doctest.h>

#include "core/http/h1_encode.h"

using namespace aw;
using namespace aw::http;

namespace {

constexpr Framing kChunked{.body = BodyKind::chunked};

struct Decoded {
  std::string body;
  std::size_t used = 0;
  int status = 0;
  bool done = false;
};

Decoded decode(std::string_view bytes, Framing framing = kChunked, std::size_t max = 1000,
               std::size_t step = std::string::npos) {
  Decoded out;
  BodyDecoder decoder;
  if (auto begun = decoder.begin(framing, max); !begun) {
    out.status = begun.error().status;
    return out;
  }
  while (out.used < bytes.size() && !decoder.done()) {
    auto const used = decoder.feed(bytes.substr(out.used, step), out.body);
    if (!used) {
      out.status = used.error().status;
      return out;
    }
    out.used += *used;
  }
  out.done = decoder.done();
  return out;
}

}  // namespace

TEST_CASE("chunks become the body, wherever they are cut") {
  std::string_view const bytes = "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nx-t: 1\r\n\r\nGET /";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    auto const out = decode(bytes, kChunked, 1000, step);
    CAPTURE(step);
    CHECK(out.body == "hello world");
    CHECK(out.done);
    CHECK(out.used == bytes.size() - 5);
  }
}

TEST_CASE("malformed chunks are refused") {
  for (std::string_view const bytes :
       {"\r\n", "g\r\n", "-1\r\n", "+5\r\nhello\r\n", "0x5\r\nhello\r\n", " 5\r\nhello\r\n",
        "5 \r\nhello\r\n", "5\nhello\r\n", "5\r\nhello\n", "5\r\nhelloX\r\n", "5\r\nhello0\r\n",
        "5\r\nhello\r0\r\n", "1234567890abcdef0\r\n", "5;\x01\r\nhello\r\n", "5,5\r\nhello\r\n",
        "0\r\nbad line\r\n\r\n", "0\r\ncontent-length: 5\r\n\r\n",
        "0\r\ntransfer-encoding: chunked\r\n\r\n", "0\r\nx: y\n\r\n"}) {
    CAPTURE(bytes);
    CHECK(decode(bytes).status == 400);
  }
}

TEST_CASE("bodies are bounded before they are stored") {
  CHECK(decode("", {.body = BodyKind::length, .length = 1001}).status == 413);
  CHECK(decode("3e9\r\n").status == 413);
  CHECK(decode("3e8\r\n").status == 0);
  CHECK(decode("1f4\r\n" + std::string(500, 'a') + "\r\n1f5\r\n").status == 413);
  CHECK(decode("fffffffffffffff\r\n").status == 413);
}

TEST_CASE("extensions and trailers carry nothing and are bounded") {
  CHECK(decode("5;" + std::string(300, 'a') + "\r\nhello\r\n0\r\n\r\n").status == 400);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "1;" + std::string(200, 'a') + "\r\nx\r\n";
  CHECK(decode(many).status == 400);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 40; ++i) trailers += "x: y\r\n";
  CHECK(decode(trailers).status == 431);
}

TEST_CASE("a body of known length ends there and nowhere else") {
  auto const out = decode("helloGET", {.body = BodyKind::length, .length = 5}, 10);
  CHECK(out.body == "hello");
  CHECK(out.used == 5);
  BodyDecoder decoder;
  std::string body;
  REQUIRE(decoder.begin({.body = BodyKind::length, .length = 5}, 10));
  REQUIRE(decoder.feed("hel", body));
  CHECK_FALSE(decoder.closed());
}

TEST_CASE("what is encoded decodes to the same") {
  std::string bytes;
  append_chunk(bytes, "hello ");
  append_chunk(bytes, "");
  append_chunk(bytes, std::string(300, 'x'));
  append_last_chunk(bytes, {{"grpc-status", "0"}});
  auto const out = decode(bytes);
  CHECK(out.body == "hello " + std::string(300, 'x'));
  CHECK(out.done);
}

TEST_CASE("no value of a handler can end a head early or reframe it") {
  std::string out;
  append_response_head(out, 200, {{"x-extra", "1"}},
                       {{"x-evil", "a\r\ncontent-length: 9"},
                        {"content-length", "99"},
                        {"transfer-encoding", "chunked"},
                        {"bad name", "x"},
                        {"x-extra", "2"}},
                       {.length = 3});
  CHECK(out == "HTTP/1.1 200 OK\r\nx-extra: 1\r\ncontent-length: 3\r\n\r\n");
}

TEST_CASE("a date field is the format of RFC 9110") {
  DateField date;
  CHECK(date.at(WallTime(std::chrono::seconds(784111777))) == "Sun, 06 Nov 1994 08:49:37 GMT");
}
