// SPDX-License-Identifier: Apache-2.0
// Frames that no client would send, against the pure session.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/http/h2_session.h"
#include "tests/fixtures/pki.h"
#include "tests/unit/http/h2_frames.h"

using namespace aw;
using namespace aw::http;
using namespace aw::http::testing;

namespace {

struct Seen final : H2Events {
  H2Session* session = nullptr;
  int heads = 0;
  int closes = 0;
  int faults = 0;
  std::size_t most_open = 0;
  H2Stream* latest = nullptr;
  void head(H2Stream& stream) override {
    ++heads;
    latest = &stream;
    most_open = std::max(most_open, session->streams());
    if (stream.fault) ++faults;
  }
  void data(H2Stream& stream, std::size_t size) override { session->consumed(stream, size); }
  void ended(H2Stream&) override {}
  void sent(H2Stream&) override {}
  void closed(H2Stream&, H2Error) override { ++closes; }
  void pong() override {}
  void going_away() override {}
};

struct Bench {
  Seen seen;
  std::unique_ptr<H2Session> session;
  std::string out;
  Bench() {
    session = fixtures::must(
        H2Session::open(H2Role::server, {.head = {.bytes = 4096, .fields = 20}}, seen));
    seen.session = session.get();
    CHECK(feed(hello()));
  }
  bool feed(std::string_view bytes) {
    bool const ok = session->feed(bytes, SteadyTime{}).ok();
    while (session->produce(out, 1 << 16)) {
    }
    return ok && !session->finished();
  }
  // How many of `bytes` in a row it takes before it has had enough.
  int stands(std::string const& bytes, int most) {
    for (int i = 0; i < most; ++i) {
      if (!feed(bytes)) return i;
    }
    return most;
  }
};

}  // namespace

TEST_CASE("floods of frames that ask for nothing end the connection") {
  CHECK(Bench().stands(frame(ping, 0, 0, "12345678"), 5000) < 1000);
  CHECK(Bench().stands(frame(settings, 0, 0, ""), 5000) < 1000);
  CHECK(Bench().stands(frame(priority, 0, 3, std::string("\0\0\0\0\0", 5)), 5000) < 1000);
  CHECK(Bench().stands(frame(window, 0, 0, std::string("\0\0\0\1", 4)), 20'000) < 6000);
  Bench bench;
  REQUIRE(bench.feed(frame(headers, kEndHeaders, 1, get())));
  CHECK(bench.stands(frame(data, 0, 1, ""), 5000) < 1000);
}

TEST_CASE("streams that are opened and reset at once end the connection") {
  Bench bench;
  int rounds = 0;
  for (std::uint32_t id = 1; rounds < 5000; id += 2, ++rounds) {
    if (!bench.feed(frame(headers, kEndHeaders | kEndStream, id, get()) +
                    frame(reset, 0, id, std::string("\0\0\0\x8", 4)))) {
      break;
    }
  }
  CHECK(rounds < 1000);
  CHECK(bench.seen.most_open <= 100);
}

TEST_CASE("a header block in endless pieces ends the connection") {
  Bench bench;
  REQUIRE(bench.feed(frame(headers, 0, 1, get())));
  CHECK(bench.stands(frame(continuation, 0, 1, field("x", "y")), 1000) < 20);
}

TEST_CASE("a head for a stream that its peer has ended, or skipped, ends the connection") {
  auto const reset_by_client =
      frame(headers, kEndHeaders, 1, get()) + frame(reset, 0, 1, std::string("\0\0\0\x8", 4));
  struct Row {
    std::string_view what;
    std::string bytes;
  };
  for (auto const& [what, bytes] : {
           Row{"a head after a reset",
               reset_by_client + frame(headers, kEndHeaders | kEndStream, 1, get())},
           Row{"a stream below one that has begun",
               frame(headers, kEndHeaders, 5, get()) + frame(headers, kEndHeaders, 3, get())},
       }) {
    CAPTURE(what);
    Bench bench;
    CHECK_FALSE(bench.feed(bytes));
    CHECK(bench.out.find(std::string("\0\0\0\5", 4)) != std::string::npos);  // STREAM_CLOSED
  }
}

TEST_CASE("DATA for a stream that its peer has ended, or reset, ends the connection") {
  auto const late = frame(data, 0, 1, "late");
  for (std::size_t const piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    CAPTURE(piece);
    auto const feed = [piece](Bench& bench, std::string_view bytes) {
      bool well = true;
      for (std::size_t at = 0; at < bytes.size() && well; at += piece)
        well = bench.feed(bytes.substr(at, piece));
      return well;
    };
    Bench reset_by_client;
    CHECK_FALSE(feed(reset_by_client, frame(headers, kEndHeaders, 1, get()) +
                                          frame(reset, 0, 1, std::string("\0\0\0\x8", 4)) + late));
    CHECK(reset_by_client.out.contains(std::string("\0\0\0\5", 4)));  // STREAM_CLOSED
    Bench ended_by_both;
    REQUIRE(feed(ended_by_both, frame(headers, kEndHeaders | kEndStream, 1, get())));
    ended_by_both.seen.latest->out_finished = true;
    ended_by_both.session->respond(*ended_by_both.seen.latest, 204, {}, {}, {}, std::nullopt);
    REQUIRE(ended_by_both.feed(""));
    REQUIRE(ended_by_both.seen.closes == 1);
    CHECK_FALSE(feed(ended_by_both, late));
    CHECK(ended_by_both.out.contains(std::string("\0\0\0\5", 4)));
  }
}

TEST_CASE("what is under way for a stream that we reset is let pass") {
  Bench bench;
  REQUIRE(bench.feed(frame(headers, kEndHeaders, 1, get())));
  bench.session->reset(*bench.seen.latest, H2Error::cancel);
  REQUIRE(bench.feed(""));
  CHECK(bench.seen.closes == 1);
  CHECK(bench.feed(frame(data, 0, 1, "late") + frame(data, kEndStream, 1, "later")));
  CHECK(bench.feed(frame(headers, kEndHeaders | kEndStream, 3, get())));
}

TEST_CASE("what is under way for a stream that was never taken is let pass") {
  Bench bench;
  std::string all;
  for (std::uint32_t id = 1; id < 203; id += 2) all += frame(headers, kEndHeaders, id, get());
  all += frame(data, 0, 201, "for the one above the limit");
  CHECK(bench.feed(all));
}

TEST_CASE("more streams than allowed are not taken") {
  Bench bench;
  std::string all;
  for (std::uint32_t id = 1; id < 401; id += 2) all += frame(headers, kEndHeaders, id, get());
  bench.feed(all);
  CHECK(bench.seen.most_open <= 100);
}

TEST_CASE("heads beyond the limits, or malformed, become faults") {
  auto const fault = [](std::string const& head) {
    Bench bench;
    bench.feed(frame(headers, kEndHeaders | kEndStream, 1, head));
    return bench.seen.faults == 1 || bench.seen.heads == 0;
  };
  CHECK_FALSE(fault(get()));
  CHECK(fault(get() + field("x", std::string(5000, 'y'))));
  std::string many = get();
  for (int i = 0; i < 30; ++i) many += field("x", "y");
  CHECK(fault(many));
  CHECK(fault(get() + field("host", "b")));
  CHECK_FALSE(fault(get() + field("host", "A")));
  CHECK(fault(get("x")));
  CHECK(fault(get("/a#b")));
  CHECK(fault(get() + field("connection", "close")));
  CHECK(fault(get() + field("transfer-encoding", "chunked")));
  CHECK(fault(get() + field("Upper", "x")));
  CHECK(fault(get() + field("x", "a\r\nb")));
  CHECK(fault(get() + field(":path", "/twice")));
  CHECK(fault(field(":method", "GET") + field(":scheme", "http") + field(":path", "/")));
}

TEST_CASE("bytes that are no HTTP/2 end the session") {
  Seen seen;
  auto const session = fixtures::must(H2Session::open(H2Role::server, {}, seen));
  CHECK_FALSE(session->feed("GET / HTTP/1.1\r\nhost: a\r\n\r\n", {}).ok());
  Bench bench;
  CHECK_FALSE(bench.feed(frame(data, 0, 0, "x")));
}
