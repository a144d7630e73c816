// SPDX-License-Identifier: Apache-2.0
#include "core/http/h1_head.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace aw;
using namespace aw::http;

namespace {

struct Read {
  std::size_t size = 0;
  int status = 0;  // of the refusal; 0 = none
  Request request;
  Framing framing;
};

Read read(std::string_view bytes, HeadLimits limits = {}) {
  Read out;
  RequestHead head(limits);
  out.request.clear();
  auto const size = head.parse(bytes, out.request);
  if (!size) {
    out.status = size.error().status;
    return out;
  }
  out.size = *size;
  out.framing = head.framing();
  return out;
}

std::string with(std::string_view fields) {
  return "POST /a HTTP/1.1\r\nhost: x\r\n" + std::string(fields) + "\r\n";
}

}  // namespace

TEST_CASE("a request's head becomes method, path, query, authority and lower-case fields") {
  auto const in = std::string(
      "POST /a2a/v1/tasks?x=1&y HTTP/1.1\r\nHost: Search:8443\r\nContent-Length: 5\r\n"
      "X-Thing:  a b \r\nX-Thing:\r\n\r\n");
  auto const out = read(in + "hello");
  REQUIRE(out.status == 0);
  CHECK(out.size == in.size());
  CHECK(out.request.method == "POST");
  CHECK(out.request.path == "/a2a/v1/tasks");
  CHECK(out.request.query == "x=1&y");
  CHECK(out.request.authority == "Search:8443");
  CHECK_FALSE(out.request.headers.has("host"));
  CHECK(out.request.headers.count("x-thing") == 2);
  CHECK(out.request.headers.get("X-THING") == "a b");
  CHECK(out.framing.body == BodyKind::length);
  CHECK(out.framing.length == 5);
  CHECK(out.framing.keep_alive);
}

TEST_CASE("a head may arrive byte by byte") {
  auto const in = with("content-length: 3\r\n");
  RequestHead head({});
  Request request;
  request.clear();
  for (std::size_t n = 1; n < in.size(); ++n) {
    auto const size = head.parse(std::string_view(in).substr(0, n), request);
    REQUIRE(size);
    REQUIRE(*size == 0);
  }
  CHECK(head.parse(in, request).value() == in.size());
  CHECK(request.headers.size() == 1);
}

TEST_CASE("whatever two readers could understand differently is refused") {
  struct Row {
    char const* name;
    std::string in;
    int status;
  };
  using namespace std::string_literals;
  std::vector<Row> const rows = {
      {"length and chunked", with("content-length: 3\r\ntransfer-encoding: chunked\r\n"), 400},
      {"chunked and length", with("transfer-encoding: chunked\r\ncontent-length: 0\r\n"), 400},
      {"two lengths", with("content-length: 3\r\ncontent-length: 4\r\n"), 400},
      {"two equal lengths", with("content-length: 3\r\ncontent-length: 3\r\n"), 400},
      {"a list of lengths", with("content-length: 3, 3\r\n"), 400},
      {"signed length", with("content-length: +3\r\n"), 400},
      {"negative length", with("content-length: -1\r\n"), 400},
      {"hexadecimal length", with("content-length: 0x10\r\n"), 400},
      {"empty length", with("content-length:\r\n"), 400},
      {"huge length", with("content-length: 99999999999999999999\r\n"), 400},
      {"length with a space inside", with("content-length: 1 0\r\n"), 400},
      {"two encodings", with("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"), 400},
      {"encoding list", with("transfer-encoding: gzip, chunked\r\n"), 400},
      {"identity", with("transfer-encoding: identity\r\n"), 400},
      {"quoted chunked", with("transfer-encoding: \"chunked\"\r\n"), 400},
      {"xchunked", with("transfer-encoding: xchunked\r\n"), 400},
      {"chunked with a tab inside", with("transfer-encoding: chun\tked\r\n"), 400},
      {"space before colon", with("content-length : 3\r\n"), 400},
      {"tab before colon", with("transfer-encoding\t: chunked\r\n"), 400},
      {"obsolete fold", with("x: a\r\n b\r\n"), 400},
      {"fold by tab", with("x: a\r\n\tb\r\n"), 400},
      {"leading space", "POST /a HTTP/1.1\r\n host: x\r\n\r\n", 400},
      {"no colon", with("nonsense\r\n"), 400},
      {"empty name", with(": x\r\n"), 400},
      {"NUL in a value", with("x: a\0b\r\n"s), 400},
      {"NUL in a name", with("x\0y: b\r\n"s), 400},
      {"CR in a value", with("x: a\rb\r\n"), 400},
      {"control in a value", with("x: a\x01"s + "b\r\n"), 400},
      {"DEL in a value", with("x: a\x7f"s + "b\r\n"), 400},
      {"bare LF ends a field", with("x: a\ncontent-length: 3\r\n"), 400},
      {"bare LF ends the head", "GET / HTTP/1.1\r\nhost: x\r\n\n", 400},
      {"bare LF ends the request line", "GET / HTTP/1.1\nhost: x\r\n\r\n", 400},
      {"empty line first", "\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", with("host: x\r\n"), 400},
      {"empty host", "GET / HTTP/1.1\r\nhost:\r\n\r\n", 400},
      {"host with user info", "GET / HTTP/1.1\r\nhost: a@b\r\n\r\n", 400},
      {"host with a path", "GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", 400},
      {"host list", "GET / HTTP/1.1\r\nhost: a, b\r\n\r\n", 400},
      {"target and host disagree", "GET http://a/ HTTP/1.1\r\nhost: b\r\n\r\n", 400},
      {"target with user info", "GET http://u@a/ HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"relative target", "GET a HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"fragment", "GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"raw space in the target", "GET /a b HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"raw byte in the target", "GET /\xc3\xa4 HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"control in the target", "GET /\x01 HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"asterisk for GET", "GET * HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"CONNECT", "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"tab for space", "GET\t/ HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"no version", "GET /\r\nhost: a\r\n\r\n", 400},
      {"lower-case version", "GET / http/1.1\r\nhost: a\r\n\r\n", 400},
      {"long version", "GET / HTTP/1.10\r\nhost: a\r\n\r\n", 400},
      {"method with a colon", "GE:T / HTTP/1.1\r\nhost: a\r\n\r\n", 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nhost: a\r\n\r\n", 505},
      {"HTTP/0.9", "GET / HTTP/0.9\r\nhost: a\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nhost: a\r\n\r\n", 505},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", 400},
      {"unknown expectation", with("expect: 200-ok\r\n"), 417},
      {"TLS record", "\x16\x03\x01\x02\x00\n"s, 400},
  };
  for (auto const& row : rows) {
    CAPTURE(row.name);
    CHECK(read(row.in).status == row.status);
  }
}

TEST_CASE("what is only unusual is understood") {
  CHECK(read(with("transfer-encoding: CHUNKED\r\n")).framing.body == BodyKind::chunked);
  CHECK(read(with("content-length: 0\r\n")).framing.body == BodyKind::none);
  CHECK(read(with("expect: 100-Continue\r\n")).framing.expect_continue);
  CHECK_FALSE(read(with("connection: x, Close\r\n")).framing.keep_alive);
  auto const absolute = read("GET http://Host:1/p?q HTTP/1.1\r\nhost: host:1\r\n\r\n");
  CHECK(absolute.status == 0);
  CHECK(absolute.request.path == "/p");
  CHECK(absolute.request.form == TargetForm::absolute);
  CHECK(read("GET http://a HTTP/1.1\r\nhost: a\r\n\r\n").request.path == "/");
  CHECK(read("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n").request.path == "*");
  CHECK(read("GET / HTTP/1.1\r\nhost: [::1]:80\r\n\r\n").status == 0);
  CHECK(read("GET /http://a/ HTTP/1.1\r\nhost: a\r\n\r\n").request.form == TargetForm::origin);
}

TEST_CASE("HTTP/1.0 closes unless asked to stay, and needs no host") {
  CHECK_FALSE(read("GET / HTTP/1.0\r\n\r\n").framing.keep_alive);
  CHECK(read("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").framing.keep_alive);
}

TEST_CASE("heads are bounded: bytes, fields and target") {
  HeadLimits const limits{.bytes = 1024, .fields = 3, .target = 100};
  CHECK(read(with("x: " + std::string(2000, 'a') + "\r\n"), limits).status == 431);
  CHECK(read("POST /a HTTP/1.1\r\nhost: x\r\nx: " + std::string(2000, 'a'), limits).status == 431);
  CHECK(read(with("a: 1\r\nb: 1\r\nc: 1\r\n"), limits).status == 431);
  CHECK(read(with("a: 1\r\nb: 1\r\n"), limits).status == 0);
  CHECK(read("GET /" + std::string(101, 'a') + " HTTP/1.1\r\nhost: x\r\n\r\n", limits).status ==
        414);
  CHECK(read("GET /" + std::string(3000, 'a'), limits).status == 414);
}

TEST_CASE("an answer's head says how its body ends") {
  auto const kind = [](std::string_view bytes, Asked asked = Asked::anything_else) {
    ResponseHead head({});
    Response response;
    REQUIRE(head.parse(bytes, asked, response).value() == bytes.size());
    return head.framing().body;
  };
  CHECK(kind("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n") == BodyKind::length);
  CHECK(kind("HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n") == BodyKind::chunked);
  CHECK(kind("HTTP/1.1 200 OK\r\n\r\n") == BodyKind::until_close);
  CHECK(kind("HTTP/1.1 204 No Content\r\n\r\n") == BodyKind::none);
  CHECK(kind("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n", Asked::head) == BodyKind::none);
}

TEST_CASE("a malformed answer is refused") {
  for (std::string_view const bytes :
       {"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 099 X\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "ICY 200 OK....\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\nx: y\r\n\r\n"}) {
    CAPTURE(bytes);
    ResponseHead head({});
    Response response;
    CHECK_FALSE(head.parse(bytes, Asked::anything_else, response));
  }
}
