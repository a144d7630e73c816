// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/push.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/a2a/push_sender.h"
#include "core/a2a/sqlite_store.h"
#include "core/http/server.h"
#include "core/io/loops.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/a2a/support.h"

namespace aw::a2a::test {
namespace {

using namespace std::chrono_literals;

// A webhook receiver on loopback: keeps what came, answers what the test says.
class Receiver {
 public:
  struct Got {
    std::string token;
    std::string authorization;
    std::string type;
    nlohmann::json body;
  };

  Receiver() {
    http::ServerOptions options;
    options.sessions =
        [this](http::ConnectionInfo const&) -> Result<std::unique_ptr<http::Session>> {
      return std::unique_ptr<http::Session>(std::make_unique<Hook>(*this));
    };
    server_ = http::Server::start(std::move(options), loops_, clock_).value();
  }
  ~Receiver() {
    server_->stop();
    loops_.stop();
  }
  Receiver(Receiver const&) = delete;
  Receiver& operator=(Receiver const&) = delete;

  [[nodiscard]] std::string url() const { return "http://" + server_->address() + "/hook"; }

  // The first `count` that came; fails the test when they do not come at all.
  std::vector<Got> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    CHECK(arrived_.wait_for(lock, 30s, [&] { return got_.size() >= count; }));
    return got_;
  }
  void answer_next(std::vector<http::Response> answers) {
    std::lock_guard const lock(mutex_);
    answers_ = std::move(answers);
  }

 private:
  class Hook final : public http::Session {
   public:
    explicit Hook(Receiver& receiver) : receiver_(receiver) {}
    io::Task<void> handle(http::Request& request, http::ResponseWriter& writer) override {
      co_await writer.respond(receiver_.take(request));
    }

   private:
    Receiver& receiver_;
  };

  http::Response take(http::Request const& request) {
    auto const header = [&request](std::string_view name) {
      return std::string(request.headers.get(name).value_or(""));
    };
    std::lock_guard const lock(mutex_);
    got_.push_back({header("x-a2a-notification-token"), header("authorization"),
                    header("content-type"), nlohmann::json::parse(request.body)});
    http::Response answer;
    if (!answers_.empty()) {
      answer = answers_.front();
      answers_.erase(answers_.begin());
    }
    arrived_.notify_all();
    return answer;
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Got> got_;
  std::vector<http::Response> answers_;
  SystemClock clock_;
  io::Loops loops_{1};
  std::unique_ptr<http::Server> server_;
};

http::Response status(int code, std::string location = {}) {
  http::Response out;
  out.status = code;
  if (!location.empty()) out.headers.add("location", location);
  return out;
}

log::Log& quiet() {
  static auto const log = log::Log::silent();
  return *log;
}

PushOptions fast() {
  return {.allow_private = true, .first_pause = 1ms, .longest_pause = 5ms, .timeout = 5s};
}

Webhook hook(std::string task, std::string url) {
  return {.id = "c",
          .task_id = std::move(task),
          .url = std::move(url),
          .token = "tok",
          .scheme = "Bearer",
          .credentials = "s3cret"};
}

}  // namespace

TEST_CASE("every event of a task reaches its webhook, in order, with what it proves itself with") {
  Receiver receiver;
  MemoryTaskStore store;
  TurnedClock const clock;
  Push push(fast(), store, quiet());
  TaskEngine engine({}, store, clock);
  engine.observe(push);
  auto const task = engine.create(new_task(kAda)).value().task;
  REQUIRE(push.put(hook(task->id, receiver.url())).ok());
  REQUIRE(engine.set_status(task->id, TaskState::working, nullptr).ok());
  for (int i = 0; i < 5; ++i) {
    Artifact chunk{.id = "a"};
    chunk.parts.push_back(text_part(std::to_string(i)));
    REQUIRE(engine.add_artifact(task->id, chunk, Chunk::append, Last::no).ok());
  }
  REQUIRE(engine.set_status(task->id, TaskState::completed, nullptr).ok());
  auto const got = receiver.wait_for(7);
  REQUIRE(got.size() == 7);
  CHECK(got[0].token == "tok");
  CHECK(got[0].authorization == "Bearer s3cret");
  CHECK(got[0].type == "application/a2a+json");
  CHECK(got[0].body["statusUpdate"]["status"]["state"] == "TASK_STATE_WORKING");
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(got[i + 1].body["artifactUpdate"]["artifact"]["parts"][0]["text"] == std::to_string(i));
  CHECK(got[6].body["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED");
}

TEST_CASE("a 0.3 webhook gets the task itself") {
  Receiver receiver;
  MemoryTaskStore store;
  TurnedClock const clock;
  Push push(fast(), store, quiet());
  TaskEngine engine({}, store, clock);
  engine.observe(push);
  auto const task = engine.create(new_task(kAda)).value().task;
  auto config = hook(task->id, receiver.url());
  config.dialect = Dialect::v0_3;
  REQUIRE(push.put(config).ok());
  REQUIRE(engine.set_status(task->id, TaskState::completed, nullptr).ok());
  auto const got = receiver.wait_for(1);
  CHECK(got[0].type == "application/json");
  CHECK(got[0].body["kind"] == "task");
  CHECK(got[0].body["status"]["state"] == "completed");
}

TEST_CASE("a failed delivery is tried again before the next event, a redirect is not followed") {
  Receiver receiver;
  receiver.answer_next({status(503), status(302, receiver.url()), status(200)});
  MemoryTaskStore store;
  TurnedClock const clock;
  Push push(fast(), store, quiet());
  TaskEngine engine({}, store, clock);
  engine.observe(push);
  auto const task = engine.create(new_task(kAda)).value().task;
  REQUIRE(push.put(hook(task->id, receiver.url())).ok());
  REQUIRE(engine.set_status(task->id, TaskState::working, nullptr).ok());
  REQUIRE(engine.set_status(task->id, TaskState::completed, nullptr).ok());
  auto const got = receiver.wait_for(4);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(got[i].body["statusUpdate"]["status"]["state"] == "TASK_STATE_WORKING");
  CHECK(got[3].body["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED");
}

TEST_CASE("what was not delivered when the process ended is delivered by the next one") {
  Receiver receiver;
  receiver.answer_next({status(503)});
  testing::TempDir const directory;
  TurnedClock const clock;
  {
    auto const store = SqliteTaskStore::open(directory.path() / "tasks.db").value();
    Push push({.allow_private = true, .first_pause = 1h, .longest_pause = 1h}, *store, quiet());
    TaskEngine engine({}, *store, clock);
    engine.observe(push);
    auto const id = engine.create(new_task(kAda)).value().task->id;
    REQUIRE(push.put(hook(id, receiver.url())).ok());
    REQUIRE(engine.set_status(id, TaskState::working, nullptr).ok());
    receiver.wait_for(1);
    CHECK(push.waiting() == 1);
  }
  auto const store = SqliteTaskStore::open(directory.path() / "tasks.db").value();
  Push push(fast(), *store, quiet());
  REQUIRE(push.restore().ok());
  TaskEngine engine({}, *store, clock);
  engine.observe(push);
  REQUIRE(engine.restore().value() == 1);  // it ran: failed, and that is told too
  auto const got = receiver.wait_for(3);
  CHECK(got[0].body == got[1].body);
  CHECK(got[1].body["statusUpdate"]["status"]["state"] == "TASK_STATE_WORKING");
  CHECK(got[2].body["statusUpdate"]["status"]["state"] == "TASK_STATE_FAILED");
}

TEST_CASE("a webhook or an event that cannot be read is set aside, and all others go on") {
  Receiver receiver;
  receiver.answer_next({status(503), status(503), status(503)});
  testing::TempDir const directory;
  TurnedClock const clock;
  std::string id;
  {
    auto const store = SqliteTaskStore::open(directory.path() / "tasks.db").value();
    Push push({.allow_private = true, .first_pause = 1h, .longest_pause = 1h}, *store, quiet());
    TaskEngine engine({}, *store, clock);
    engine.observe(push);
    id = engine.create(new_task(kAda)).value().task->id;
    REQUIRE(push.put(hook(id, receiver.url())).ok());
    REQUIRE(engine.set_status(id, TaskState::working, nullptr).ok());
    receiver.wait_for(1);
    REQUIRE(store
                ->put_notes({{"c/" + id + "/damaged", R"({"id":"damaged")"},
                             {"c/another/hook", R"({"id":"h","taskId":"t","url":"http://a.test"})"},
                             {"d/00000000000000000900", "{}"},
                             {"d/x", "not even JSON"}})
                .ok());
  }
  for (int start = 0; start < 2; ++start) {
    auto const store = SqliteTaskStore::open(directory.path() / "tasks.db").value();
    Push push({.allow_private = true, .first_pause = 1h, .longest_pause = 1h}, *store, quiet());
    REQUIRE(push.restore().ok());
    CHECK(push.waiting() == 1);
    CHECK(push.list(id).size() == 1);
    REQUIRE(store->unreadable().size() == (start == 0 ? 4 : 0));
    for (auto const& one : store->unreadable()) CHECK(one.what == "note");
    REQUIRE(store->load(10).ok());
  }
}

TEST_CASE("an address that is not public is never dialled, whatever name leads there") {
  Receiver receiver;
  MemoryTaskStore store;
  TurnedClock const clock;
  int dropped = 0;
  std::condition_variable told;
  std::mutex mutex;
  PushOptions options;
  options.counted = [&](Delivery what) {
    std::lock_guard const lock(mutex);
    if (what == Delivery::dropped) ++dropped;
    told.notify_all();
  };
  Push push(std::move(options), store, quiet());
  TaskEngine engine({}, store, clock);
  engine.observe(push);
  auto const task = engine.create(new_task(kAda)).value().task;
  CHECK(push.put(hook(task->id, receiver.url())).error().code == Code::request_malformed);
  // No literal on sight; what it resolves to is this machine.
  REQUIRE(push.put(hook(task->id, "https://0177.0.0.1:1/")).ok());
  REQUIRE(engine.set_status(task->id, TaskState::completed, nullptr).ok());
  std::unique_lock lock(mutex);
  CHECK(told.wait_for(lock, 30s, [&] { return dropped == 1; }));
  lock.unlock();
  push.erase(task->id, "c");
  CHECK(push.waiting() == 0);
}

TEST_CASE("webhooks of one caller that never answer leave those of others their way") {
  Receiver receiver;
  io::Loops loops(1);
  SystemClock const clock;
  // Takes connections and says nothing.
  class Silent final : public http::Session {
    io::Task<void> handle(http::Request&, http::ResponseWriter&) override {
      co_await io::sleep_until(steady_now() + 1h);
    }
  };
  http::ServerOptions options;
  options.sessions = [](http::ConnectionInfo const&) -> Result<std::unique_ptr<http::Session>> {
    return std::unique_ptr<http::Session>(std::make_unique<Silent>());
  };
  auto const silent = http::Server::start(std::move(options), loops, clock).value();
  MemoryTaskStore store;
  auto patient = fast();
  patient.timeout = 120s;
  Push push(patient, store, quiet());
  TaskEngine engine({}, store, clock);
  engine.observe(push);
  auto const told = [&](std::string owner, std::string url) {
    auto const task = engine.create(new_task(kAda)).value().task;
    auto webhook = hook(task->id, std::move(url));
    webhook.owner = std::move(owner);
    REQUIRE(push.put(std::move(webhook)).ok());
    REQUIRE(engine.set_status(task->id, TaskState::completed, nullptr).ok());
  };
  for (int i = 0; i < 40; ++i) told("spiffe://a.test/greedy", "http://" + silent->address() + "/");
  told("spiffe://a.test/other", receiver.url());
  receiver.wait_for(1);
  // Its next finds a place as well.
  told("spiffe://a.test/other", receiver.url());
  receiver.wait_for(2);
  silent->stop();
}

TEST_CASE("webhooks of tasks that are no longer kept go at the start") {
  MemoryTaskStore store;
  Push push(fast(), store, quiet());
  for (auto const* const task : {"A", "B"})
    REQUIRE(push.put({.id = "c", .task_id = task, .url = "http://127.0.0.1:1/"}).ok());
  push.keep_only([](std::string_view task) { return task == "B"; });
  CHECK(push.list("A").empty());
  CHECK(push.list("B").size() == 1);
}

TEST_CASE("too much that waits drops events, never the last one") {
  MemoryTaskStore store;
  TurnedClock const clock;
  auto options = fast();
  options.first_pause = options.longest_pause = 1h;
  options.max_waiting_bytes = 1'000;
  Push push(options, store, quiet());
  TaskEngine engine({}, store, clock);
  engine.observe(push);
  auto const task = engine.create(new_task(kAda)).value().task;
  REQUIRE(push.put(hook(task->id, "http://127.0.0.1:1/")).ok());
  for (int i = 0; i < 50; ++i) {
    Artifact chunk{.id = "a"};
    chunk.parts.push_back(text_part(std::string(100, 'x')));
    REQUIRE(engine.add_artifact(task->id, chunk, Chunk::append, Last::no).ok());
  }
  auto const waiting = push.waiting();
  CHECK(waiting < 10);
  REQUIRE(engine.set_status(task->id, TaskState::completed, nullptr).ok());
  CHECK(push.waiting() == waiting + 1);
}

TEST_CASE("webhooks are capped for each task and go with it") {
  MemoryTaskStore store;
  auto options = fast();
  options.max_per_task = 2;
  Push push(options, store, quiet());
  for (auto const* const id : {"a", "b"})
    REQUIRE(push.put({.id = id, .task_id = "T", .url = "http://127.0.0.1:1/"}).ok());
  CHECK(push.put({.id = "c", .task_id = "T", .url = "http://127.0.0.1:1/"}).error().code ==
        Code::task_limit);
  CHECK(push.put({.id = "a", .task_id = "T", .url = "http://127.0.0.1:2/"}).ok());  // replaces
  CHECK(push.list("T").size() == 2);
  CHECK(push.find("T", "a")->url == "http://127.0.0.1:2/");
  CHECK(push.find("T", "")->id == "a");
  CHECK(push.find("T", "z").error().code == Code::task_not_found);
  CHECK(push.find("U", "a").error().code == Code::task_not_found);
  push.erase("T", "a");
  push.erase("T", "a");
  CHECK(push.list("T").size() == 1);
  push.forgotten("T");
  CHECK(push.list("T").empty());
}

}  // namespace aw::a2a::test
