// SPDX-License-Identifier: Apache-2.0
// The client against a real server, in every binding and version it can be reached by.
#include "core/a2a/remote.h"

#include <doctest/doctest.h>

#include "core/base/text.h"
#include "core/io/pool.h"
#include "tests/fixtures/plain_agent.h"

using namespace aw;       // NOLINT(google-build-using-namespace): test
using namespace aw::a2a;  // NOLINT(google-build-using-namespace): test

namespace {

// Asks back unless it was asked to hurry or to wait.
io::Task<Result<void>> conversation(Work work, Progress& progress) {
  auto const words = work.message->parts.front()->value;
  if (words == "wait") {
    progress.status(TaskState::working, test::message("s", "busy"));
    co_await io::sleep_until(SteadyTime::max());
  } else if (words == "ask") {
    progress.status(TaskState::input_required, test::message("q", "which one?"));
  } else if (words == "count") {
    for (auto const* piece : {"one ", "two ", "three"}) {
      Artifact artifact{.id = "numbers"};
      artifact.parts.push_back(text_part(piece));
      progress.artifact(std::move(artifact), Chunk::append, Last::no);
    }
  } else {
    progress.result(R"({"heard":true})");
  }
  co_return Result<void>{};
}

struct RemoteBench {
  fixtures::PlainAgent agent;
  SystemClock clock;
  io::BlockingPool pool{1, 16};
  http::Client transport{{}, pool, clock};
  Line line{.transport = transport, .clock = clock, .endpoint = agent.endpoint()};

  RemoteBench() { agent.talk() = conversation; }

  std::chrono::seconds patience{20};
  SteadyTime soon() const { return clock.steady() + patience; }
  FetchedCard card() { return fixtures::must(io::run_blocking(fetch_card(line, soon()))); }
  Remote remote(Transport transport_wanted, Dialect dialect) {
    return Remote(line, fixtures::must(choose_interface(
                            card().card, {.transport = transport_wanted, .dialect = dialect})));
  }
};

Ask send(std::string text, TaskPtr const& task = nullptr, Wait wait = Wait::until_done) {
  auto message = std::make_shared<Message>(*test::message("m", std::move(text)));
  if (task) message->task_id = task->id;
  return {.kind = Kind::send, .message = std::move(message), .wait = wait};
}

TaskPtr task_of(RemoteBench& bench, Remote& remote, Ask ask) {
  auto const answer =
      fixtures::must(io::run_blocking(remote.ask(std::move(ask), {}, bench.soon())));
  auto const event = fixtures::must(read_event_value(answer.value, remote.interface().dialect));
  REQUIRE(std::holds_alternative<TaskPtr>(event));
  return std::get<TaskPtr>(event);
}

TaskPtr bare_task(RemoteBench& bench, Remote& remote, Kind kind, std::string id) {
  auto const answer = fixtures::must(
      io::run_blocking(remote.ask({.kind = kind, .task_id = std::move(id)}, {}, bench.soon())));
  return fixtures::must(read_task_value(answer.value, remote.interface().dialect));
}

io::Task<Result<std::vector<RemoteEvent>>> all_events(Remote& remote, Ask ask, SteadyTime until) {
  AW_CO_TRY(auto const stream, co_await remote.open(std::move(ask), {}, {.first = until}));
  std::vector<RemoteEvent> out;
  while (true) {
    AW_CO_TRY(auto const event, co_await stream->next(until));
    if (!event) co_return out;
    out.push_back(*event);
  }
}

// Cancels as soon as the stream has begun.
io::Task<Result<TaskPtr>> until_canceled(Remote& remote, Ask ask, SteadyTime until) {
  TaskFollower follower;
  auto const id = ask.task_id;
  AW_CO_TRY(auto const stream, co_await remote.open(std::move(ask), {}, {.first = until}));
  AW_CO_TRY(auto event, co_await stream->next(until));
  AW_CO_TRY(co_await remote.ask({.kind = Kind::cancel, .task_id = id}, {}, until));
  while (event) {
    AW_CO_TRY(follower.take(*event));
    AW_CO_TRY(event, co_await stream->next(until));
  }
  co_return follower.task();
}

struct Way {
  Transport transport;
  Dialect dialect;
};
constexpr Way kWays[] = {
    {Transport::json_rpc, Dialect::v1_0},  {Transport::http_json, Dialect::v1_0},
    {Transport::grpc, Dialect::v1_0},      {Transport::json_rpc, Dialect::v0_3},
    {Transport::http_json, Dialect::v0_3}, {Transport::grpc, Dialect::v0_3}};

}  // namespace

TEST_CASE("send, get, follow-up and cancel go the same way in every binding and version") {
  RemoteBench bench;
  for (auto const way : kWays) {
    CAPTURE(transport_name(way.transport));
    CAPTURE(dialect_name(way.dialect));
    auto remote = bench.remote(way.transport, way.dialect);

    auto const done = task_of(bench, remote, send("hello"));
    CHECK(done->status.state == TaskState::completed);
    REQUIRE(done->artifacts.size() == 1);
    CHECK(done->artifacts[0]->parts[0]->value == R"({"heard":true})");
    CHECK(bare_task(bench, remote, Kind::get, done->id)->history.size() == 1);

    auto const asked = task_of(bench, remote, send("ask"));
    CHECK(asked->status.state == TaskState::input_required);
    CHECK(asked->status.message->parts[0]->value == "which one?");
    auto const answered = task_of(bench, remote, send("this", asked));
    CHECK(answered->id == asked->id);
    CHECK(answered->status.state == TaskState::completed);

    auto const slow = task_of(bench, remote, send("wait", nullptr, Wait::no));
    CHECK_FALSE(is_terminal(slow->status.state));
    CHECK(bare_task(bench, remote, Kind::cancel, slow->id)->status.state == TaskState::canceled);
  }
}

TEST_CASE("a stream is followed to the same task that get shows") {
  RemoteBench bench;
  for (auto const way : kWays) {
    CAPTURE(transport_name(way.transport));
    CAPTURE(dialect_name(way.dialect));
    auto remote = bench.remote(way.transport, way.dialect);
    auto ask = send("count");
    ask.kind = Kind::stream;
    auto const events =
        fixtures::must(io::run_blocking(all_events(remote, std::move(ask), bench.soon())));
    TaskFollower follower;
    for (auto const& event : events) CHECK(follower.take(event).ok());
    REQUIRE(follower.task());
    CHECK(follower.task()->status.state == TaskState::completed);
    REQUIRE(follower.task()->artifacts.size() == 1);
    CHECK(follower.task()->artifacts[0]->parts.size() == 3);
    auto const kept = bare_task(bench, remote, Kind::get, follower.task()->id);
    CHECK(kept->artifacts[0]->parts.size() == 3);
  }
}

TEST_CASE("tasks are listed page by page, where the version has a list") {
  RemoteBench bench;
  for (auto const transport : {Transport::json_rpc, Transport::http_json, Transport::grpc}) {
    auto remote = bench.remote(transport, Dialect::v1_0);
    for (int i = 0; i < 3; ++i) task_of(bench, remote, send("hello"));
    Ask ask{.kind = Kind::list};
    ask.list.page_size = 2;
    auto const answer = fixtures::must(io::run_blocking(remote.ask(ask, {}, bench.soon())));
    auto const page = fixtures::must(read_page_value(answer.value, remote.interface().dialect));
    CHECK(page.tasks.size() == 2);
    CHECK(page.total >= 3);
    CHECK_FALSE(page.next_token.empty());
  }
  auto old = bench.remote(Transport::json_rpc, Dialect::v0_3);
  auto const refused = io::run_blocking(old.ask({.kind = Kind::list}, {}, bench.soon()));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::unsupported_operation);
}

TEST_CASE("what the other side refuses comes back as the error it means") {
  RemoteBench bench;
  for (auto const way : kWays) {
    CAPTURE(transport_name(way.transport));
    CAPTURE(dialect_name(way.dialect));
    auto remote = bench.remote(way.transport, way.dialect);
    auto const nobody =
        io::run_blocking(remote.ask({.kind = Kind::get, .task_id = "none"}, {}, bench.soon()));
    REQUIRE_FALSE(nobody.ok());
    CHECK(nobody.error().code == Code::task_not_found);
    auto const done = task_of(bench, remote, send("hello"));
    auto const late =
        io::run_blocking(remote.ask({.kind = Kind::cancel, .task_id = done->id}, {}, bench.soon()));
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().code == Code::task_terminal);
    auto const stream = io::run_blocking(
        all_events(remote, {.kind = Kind::subscribe, .task_id = done->id}, bench.soon()));
    REQUIRE_FALSE(stream.ok());
    CHECK(stream.error().code == Code::unsupported_operation);
  }
}

TEST_CASE("a stream that was subscribed to goes on over gRPC until the task is cancelled") {
  RemoteBench bench;
  for (auto const dialect : {Dialect::v1_0, Dialect::v0_3}) {
    auto remote = bench.remote(Transport::grpc, dialect);
    auto const slow = task_of(bench, remote, send("wait", nullptr, Wait::no));
    auto const seen = fixtures::must(io::run_blocking(
        until_canceled(remote, {.kind = Kind::subscribe, .task_id = slow->id}, bench.soon())));
    CHECK(seen->status.state == TaskState::canceled);
  }
}

TEST_CASE("a part of ten megabytes comes back byte for byte in every binding and version") {
  constexpr std::size_t kSize = 10'000'000;
  std::string bytes(kSize, '\0');
  std::uint32_t state = 1;
  for (auto& byte : bytes) byte = static_cast<char>((state = state * 1'664'525U + 1U) >> 24U);
  auto const part = std::make_shared<const Part>(Part{.kind = PartKind::raw,
                                                      .value = text::to_base64(bytes),
                                                      .filename = "f.bin",
                                                      .media_type = "application/octet-stream"});
  RemoteBench bench;
  bench.patience = std::chrono::seconds(60);  // for a busy machine
  bench.agent.talk() = [](Work work, Progress& progress) -> io::Task<Result<void>> {
    progress.artifact({.id = "same", .parts = work.message->parts}, Chunk::replace, Last::yes);
    co_return Result<void>{};
  };
  for (auto const way : kWays) {
    CAPTURE(transport_name(way.transport));
    CAPTURE(dialect_name(way.dialect));
    auto remote = bench.remote(way.transport, way.dialect);
    auto message = std::make_shared<Message>(*test::message("m", ""));
    message->parts = {part};
    auto const task = task_of(bench, remote, {.kind = Kind::send, .message = message});
    REQUIRE(task->artifacts.size() == 1);
    // Compared as a whole: a difference of megabytes helps nobody.
    CHECK((text::from_base64(task->artifacts[0]->parts[0]->value) == bytes));
  }
}

TEST_CASE("over gRPC the server learns what the caller will wait") {
  RemoteBench bench;
  auto remote = bench.remote(Transport::grpc, Dialect::v1_0);
  task_of(bench, remote, send("hello"));
  auto const told = parse_grpc_timeout(bench.agent.seen("grpc-timeout"));
  REQUIRE(told);
  CHECK(*told <= std::chrono::seconds(20));
  CHECK(*told > std::chrono::seconds(10));
  CHECK(bench.agent.seen("te") == "trailers");
}

TEST_CASE("over gRPC the server learns when a stream has to be over, where it has to") {
  struct Row {
    Transport transport;
    SteadyTime end;
    bool told;
  };
  RemoteBench bench;
  for (auto const& row :
       {Row{Transport::grpc, bench.soon(), true}, Row{Transport::grpc, SteadyTime::max(), false},
        Row{Transport::json_rpc, bench.soon(), false}}) {
    CAPTURE(transport_name(row.transport));
    auto remote = bench.remote(row.transport, Dialect::v1_0);
    auto ask = send("hello");
    ask.kind = Kind::stream;
    // The stream goes before its loop does.
    auto const opened = [](Remote& to, Ask what, StreamDeadline deadline) -> io::Task<bool> {
      co_return (co_await to.open(std::move(what), {}, deadline)).ok();
    };
    REQUIRE(
        io::run_blocking(opened(remote, std::move(ask), {.first = bench.soon(), .end = row.end})));
    auto const told = parse_grpc_timeout(bench.agent.seen("grpc-timeout"));
    REQUIRE(told.has_value() == row.told);
    if (told) CHECK(*told > std::chrono::seconds(10));
  }
}

TEST_CASE("only agents of ours get the two replay headers, everybody gets the trace") {
  RemoteBench bench;
  bench.card();
  CHECK(bench.agent.seen("x-agentweave-nonce").empty());
  CHECK(bench.agent.seen("traceparent").size() == 55);
  bench.line.replay = Replay::marked;
  bench.card();
  CHECK(bench.agent.seen("x-agentweave-nonce").size() == 22);
}

TEST_CASE("a card cannot lead a call to a place less safe than its own") {
  RemoteBench bench;
  bench.line.follow = Follow::card;
  for (auto const* url : {"http://127.0.0.1:1/rpc", "https://elsewhere.test/rpc", "ftp://x/"}) {
    CAPTURE(url);
    Remote remote(bench.line, {.url = url});
    auto const refused = io::run_blocking(remote.ask(send("x"), {}, bench.soon()));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code != Code::connect);
  }
  // Pinned, the path is the card's and the address is not.
  bench.line.follow = Follow::pinned;
  Remote remote(bench.line, {.url = "https://elsewhere.test/rpc"});
  CHECK(task_of(bench, remote, send("hello"))->status.state == TaskState::completed);
}
