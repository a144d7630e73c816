// SPDX-License-Identifier: Apache-2.0
#include "core/backend/http_backend.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/base/random.h"
#include "core/base/text.h"
#include "tests/unit/backend/support.h"

using namespace aw;
using namespace aw::backend;
using namespace aw::backend::test;
using boost::asio::ip::tcp;

namespace {

tcp::endpoint any_port() { return {boost::asio::ip::address_v4::loopback(), 0}; }

struct Answered {
  Result<void> result;
  std::string request;
};

// One call against a service that answers `bytes`.
Answered call_service(Bench& bench, std::string bytes, std::size_t limit = 4U << 20) {
  OneAnswer<tcp> service(any_port(), std::move(bytes));
  Config const config{
      .kind = backend::Kind::http,
      .url = "http://127.0.0.1:" + std::to_string(service.local().port()) + "/process?x=1",
      .max_output_bytes = limit};
  auto result = bench.run(config, bench.call(R"({"n":1})"));
  return {std::move(result), service.request()};
}

}  // namespace

TEST_CASE("the service gets the call as json, with the caller the gates verified") {
  Bench bench;
  auto const [result, request] =
      call_service(bench, answer("200 OK", "application/json", R"({"rows":3})"));
  REQUIRE_MESSAGE(result.ok(), result.error().text());
  CHECK(bench.output.results.at(0) == R"({"rows":3})");
  CHECK(request.starts_with("POST /process?x=1 HTTP/1.1\r\n"));
  for (auto const* const expected :
       {"x-agentweave-caller: spiffe://corp.test/agent/ada", "x-agentweave-decision-id: d-1",
        "x-forwarded-client-cert: By=spiffe://corp.test/agent/us", "traceparent: 00-aa-bb-01",
        "content-type: application/json", R"("task_type":"report")", R"("payload":{"n":1})",
        R"("task_id":"T1")"})
    CHECK_MESSAGE(text::lower(request).contains(text::lower(expected)), expected);
}

TEST_CASE("text answers are strings, other bytes an artifact, nothing is nothing") {
  Bench bench;
  REQUIRE(call_service(bench, answer("200 OK", "text/plain", "hi \"you\"")).result.ok());
  CHECK(bench.output.results.at(0) == R"("hi \"you\"")");
  REQUIRE(call_service(bench, answer("200 OK", "image/png", std::string("\0\1\2", 3))).result.ok());
  CHECK(bench.output.chunks.at(0).value == "AAEC");
  CHECK(bench.output.chunks.at(0).media_type == "image/png");
  REQUIRE(call_service(bench, answer("200 OK", "application/json", "")).result.ok());
  CHECK(bench.output.results.size() == 1);
}

TEST_CASE("a 4xx speaks to the caller, a 5xx does not") {
  Bench bench;
  auto refused = call_service(
      bench, answer("422 Unprocessable", "application/json", R"({"error":"no such row"})"));
  CHECK(refused.result.error().code == Code::backend_failed);
  CHECK(refused.result.error().message == "the backend answered 422: no such row");
  auto broken = call_service(
      bench, answer("500 Oops", "application/json", R"({"error":"secret stack trace"})"));
  CHECK(broken.result.error().message == "the backend answered 500");
  auto moved = call_service(bench, answer("302 Found", "text/html", ""));
  CHECK(moved.result.error().code == Code::backend_answer_malformed);
}

TEST_CASE("a stream of events becomes statuses, artifacts and a result") {
  Bench bench;
  std::string const events =
      "event: status\ndata: {\"message\":\"looking\"}\n\n"
      "event: artifact\ndata: {\"id\":\"a\",\"name\":\"table\",\"data\":[1,2]}\n\n"
      "event: artifact\ndata: {\"id\":\"b\",\"text\":\"x\",\"append\":true}\n\n"
      ": comment\n\n"
      "event: result\ndata: {\"rows\":2}\n\n";
  auto const called = call_service(bench, answer("200 OK", "text/event-stream", events));
  REQUIRE(called.result.ok());
  CHECK(bench.output.statuses == std::vector<std::string>{"looking"});
  REQUIRE(bench.output.chunks.size() == 2);
  CHECK(bench.output.chunks[0].value == "[1,2]");
  CHECK(bench.output.chunks[1].mode == Mode::append);
  CHECK(bench.output.results.at(0) == R"({"rows":2})");
}

TEST_CASE("events without names are text, and the whole text is the result") {
  Bench bench;
  auto const called = call_service(bench, answer("200 OK", "text/event-stream",
                                                 "data: Hel\n\ndata: \"lo\"\n\ndata: [DONE]\n\n"));
  REQUIRE(called.result.ok());
  CHECK(bench.output.chunks.size() == 2);
  CHECK(bench.output.results.at(0) == R"("Hello")");
}

TEST_CASE("a stream may ask, reject or fail") {
  Bench asks;
  REQUIRE(call_service(asks, answer("200 OK", "text/event-stream",
                                    "event: input_required\ndata: which?\n\ndata: late\n\n"))
              .result.ok());
  CHECK(asks.output.asked == std::vector<std::string>{"which?"});
  CHECK(asks.output.results.empty());
  Bench fails;
  auto const failed = call_service(
      fails, answer("200 OK", "text/event-stream", "event: error\ndata: {\"message\":\"no\"}\n\n"));
  CHECK(failed.result.error().code == Code::backend_failed);
  CHECK(failed.result.error().message == "no");
  auto const broken = call_service(
      fails, answer("200 OK", "text/event-stream", "event: result\ndata: {broken\n\n"));
  CHECK(broken.result.error().code == Code::backend_answer_malformed);
}

TEST_CASE("answers over the limit are refused") {
  Bench bench;
  auto const big = std::string(10'000, 'x');
  CHECK(call_service(bench, answer("200 OK", "text/plain", big), 1'000).result.error().code ==
        Code::backend_answer_malformed);
  CHECK(call_service(bench, answer("200 OK", "text/event-stream", "data: " + big + "\n\n"), 1'000)
            .result.error()
            .code == Code::backend_answer_malformed);
}

TEST_CASE("a service on a unix socket is called like any other") {
  Bench bench;
  auto const path = std::filesystem::temp_directory_path() / ("s-" + random_uuid().substr(0, 8));
  OneAnswer<boost::asio::local::stream_protocol> service(
      {path.string()}, answer("200 OK", "application/json", "[1]"));
  Config const config{.kind = backend::Kind::http, .url = "unix://" + path.string() + ":/run"};
  auto const result = bench.run(config, bench.call("{}"));
  CHECK(service.request().starts_with("POST /run HTTP/1.1"));
  CHECK(result.ok());
  std::filesystem::remove(path);
  CHECK(bench.run(config, bench.call("{}")).error().code == Code::backend_unreachable);
}

TEST_CASE("a service that never answers is given up at the deadline") {
  Bench bench;
  boost::asio::io_context context;
  tcp::acceptor const silent(context, any_port());
  Config const config{
      .kind = backend::Kind::http,
      .url = "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/"};
  auto const result = bench.run(config, bench.call("{}", std::chrono::milliseconds(50)));
  CHECK(result.error().code == Code::backend_timeout);
}

TEST_CASE("what would leave the machine in the clear, or has no meaning, is refused at build") {
  Bench bench;
  for (auto const* const url :
       {"http://10.0.0.1/", "http://example.com/", "http://127.0.0.1.evil.test/"})
    CHECK(bench.run({.kind = backend::Kind::http, .url = url}, bench.call("{}")).error().code ==
          Code::config_conflict);
  CHECK_FALSE(bench.run({.kind = backend::Kind::http, .url = "ftp://x"}, bench.call("{}")).ok());
  CHECK(bench.run({.kind = backend::Kind::exec}, bench.call("{}")).error().code ==
        Code::config_conflict);
  CHECK(bench.run({.kind = backend::Kind::none}, bench.call("{}")).error().code ==
        Code::config_conflict);
  CHECK(bench.run({.kind = backend::Kind::a2a, .url = "http://127.0.0.1:1"}, bench.call("{}"))
            .error()
            .code == Code::config_conflict);
  CHECK(
      bench.run({.kind = backend::Kind::builtin, .name = "nope"}, bench.call("{}")).error().code ==
      Code::config_unsupported);
}

TEST_CASE("echo gives back what it got, a function does what it is") {
  Bench bench;
  REQUIRE(bench.run({.kind = backend::Kind::builtin, .name = "echo"}, bench.call("[1]")).ok());
  CHECK(bench.output.results.at(0) == "[1]");
  auto const backend = function_backend([](Call call, Output& output) -> io::Task<Result<void>> {
    output.status(call.caller);
    co_return make_error(Code::backend_failed, "as written");
  });
  CHECK_FALSE(io::run_blocking(backend->run(bench.call("{}"), bench.output)).ok());
  CHECK(bench.output.statuses.at(0) == "spiffe://corp.test/agent/ada");
}

TEST_CASE("refusals are quoted when they are words, bounded and printable") {
  CHECK(refusal_text("application/json", R"({"detail":"why"})") == "why");
  CHECK(refusal_text("application/json", R"({"error":{"message":"why"}})") == "why");
  CHECK(refusal_text("text/plain", " why\n") == "why");
  CHECK(refusal_text("text/html", "<h1>").empty());
  CHECK(refusal_text("application/json", "{").empty());
  CHECK(refusal_text("text/plain", std::string(10'000, 'x')).size() == 512);
  CHECK_FALSE(refusal_text("text/plain", "a\x1b[2Jb").contains('\x1b'));
}

TEST_CASE("configured headers go along, and new ones are taken for the calls that follow") {
  Bench bench;
  auto const heard = [&bench](Backend& backend, OneAnswer<tcp>& service) {
    auto const result = io::run_blocking(backend.run(bench.call("{}"), bench.output));
    CHECK(result.ok());
    return text::lower(service.request());
  };
  auto const good = answer("200 OK", "application/json", "{}");
  auto const config_for = [](OneAnswer<tcp> const& service) {
    return Config{.kind = backend::Kind::http,
                  .url = "http://127.0.0.1:" + std::to_string(service.local().port()) + "/",
                  .headers = {"authorization=Bearer one", "x-empty="}};
  };
  OneAnswer<tcp> first(any_port(), good);
  auto config = config_for(first);
  auto made = make_backend(config, bench.tools());
  REQUIRE(made.ok());
  auto const request = heard(**made, first);
  CHECK(request.contains("authorization: bearer one\r\n"));
  CHECK(request.contains("x-empty:"));
  CHECK(request.contains("x-agentweave-caller: spiffe://corp.test/agent/ada"));

  OneAnswer<tcp> second(any_port(), good);
  auto renewed = make_backend(config_for(second), bench.tools());
  REQUIRE(renewed.ok());
  config.headers = {"authorization=Bearer two"};
  CHECK((*renewed)->renew(config));
  auto const after = heard(**renewed, second);
  CHECK(after.contains("authorization: bearer two\r\n"));
  CHECK_FALSE(after.contains("bearer one"));
  CHECK_FALSE(after.contains("x-empty"));
}
