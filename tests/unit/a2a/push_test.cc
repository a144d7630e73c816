// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/push.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/a2a/dial_guard.h"
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
        "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1", "2a00::1"})
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
