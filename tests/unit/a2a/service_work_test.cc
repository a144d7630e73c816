// SPDX-License-Identifier: Apache-2.0
// The work behind a task: it may take long, fail, throw, ask, be cancelled or outlive its caller.
#include <stdexcept>

#include "core/a2a/service.h"
#include "tests/unit/a2a/service_agent.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

TEST_CASE("a caller that goes away ends its stream and not the task") {
  Agent agent;
  auto finish = std::make_shared<bool>(false);
  agent.executor.scripts["echo"] = [finish](Work, Progress& progress) -> io::Task<Result<void>> {
    progress.status(TaskState::working, nullptr);
    while (!*finish)
      co_await io::sleep_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    progress.result("\"done\"");
    co_return Result<void>{};
  };
  RecordingWriter writer;
  writer.on_each_write = [&] {
    writer.gone = true;
    *finish = true;
  };
  io::run_blocking(
      agent.serve(request("POST", "/message:stream", words("hi").dump()), kAda, writer));
  auto const tasks = agent.rpc("ListTasks", nlohmann::json::object())["result"]["tasks"];
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0]["status"]["state"] == "TASK_STATE_COMPLETED");
}

TEST_CASE("cancelling stops the work itself, and a finished task cannot be cancelled") {
  Agent agent;
  auto undone = std::make_shared<int>(0);
  struct Guard {
    std::shared_ptr<int> count;
    explicit Guard(std::shared_ptr<int> c) : count(std::move(c)) {}
    Guard(Guard const&) = delete;
    Guard& operator=(Guard const&) = delete;
    ~Guard() { ++*count; }
  };
  agent.executor.scripts["echo"] = [undone](Work work, Progress& progress) {
    return [](std::shared_ptr<int> count, Work w, Progress& p) -> io::Task<Result<void>> {
      Guard const guard(std::move(count));
      co_return co_await endless(std::move(w), p);
    }(undone, std::move(work), progress);
  };
  // Both calls on one loop: the second cancels what the first started.
  io::run_blocking([](Agent& a, std::shared_ptr<int> count) -> io::Task<void> {
    RecordingWriter first;
    co_await a.serve(faq(R"({"task_type":"echo","async":true})"), kAda, first);
    CHECK(first.whole.status == 202);
    auto const id = first.json()["id"].get<std::string>();
    RecordingWriter second;
    co_await a.serve(request("POST", "/a2a/v1/tasks/" + id + "/cancel"), kAda, second);
    CHECK(second.json()["state"] == "cancelled");
    while (*count == 0)
      co_await io::sleep_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    RecordingWriter third;
    co_await a.serve(request("POST", "/a2a/v1/tasks/" + id + "/cancel"), kAda, third);
    CHECK(third.whole.status == 409);
    RecordingWriter fourth;
    co_await a.serve(request("POST", "/tasks/" + id + ":cancel"), kAda, fourth);
    CHECK(fourth.whole.status == 400);
    CHECK(fourth.json()["error"]["details"][0]["reason"] == "TASK_NOT_CANCELABLE");
  }(agent, undone));
  CHECK(*undone == 1);
  CHECK(agent.service->running() == 0);
}

TEST_CASE("work that takes longer than its capability may is ended and the task failed") {
  Agent agent({.timeouts = {{"echo", std::chrono::milliseconds(20)}}});
  agent.executor.scripts["echo"] = endless;
  auto const answer = agent.ask(faq(R"({"task_type":"echo"})"));
  CHECK(answer.whole.status == 200);
  CHECK(answer.json()["state"] == "failed");
  CHECK(answer.json()["error"]["code"] == "AW7006");
}

TEST_CASE("a wait longer than the limit is answered 202 with the task as it is") {
  Agent agent({.wait_limit = std::chrono::milliseconds(20),
               .timeouts = {{"echo", std::chrono::milliseconds(200)}}});
  agent.executor.scripts["echo"] = endless;
  auto const answer = agent.ask(faq(R"({"task_type":"echo"})"));
  CHECK(answer.whole.status == 202);
  CHECK(answer.json()["state"] == "running");
}

TEST_CASE("a failing backend fails the task, and only what was meant for the caller is shown") {
  Agent agent;
  agent.executor.scripts["echo"] = [](Work, Progress&) -> io::Task<Result<void>> {
    co_return make_error(Code::backend_unreachable, "connect unix:///secret: refused");
  };
  auto answer = agent.ask(faq(R"({"task_type":"echo"})"));
  CHECK(answer.json()["state"] == "failed");
  CHECK(answer.json()["error"]["code"] == "AW7005");
  CHECK_FALSE(answer.whole.body.contains("secret"));
  agent.executor.scripts["echo"] = [](Work, Progress&) -> io::Task<Result<void>> {
    co_return make_error(Code::backend_failed, "the backend answered 422: no such row");
  };
  answer = agent.ask(faq(R"({"task_type":"echo"})"));
  CHECK(answer.json()["error"]["message"] == "the backend answered 422: no such row");
}

TEST_CASE("an executor that throws fails its task and harms nothing else") {
  Agent agent;
  agent.executor.scripts["echo"] = [](Work, Progress&) -> io::Task<Result<void>> {
    throw std::runtime_error("secret");
    co_return Result<void>{};
  };
  auto const answer = agent.ask(faq(R"({"task_type":"echo"})"));
  CHECK(answer.json()["state"] == "failed");
  CHECK_FALSE(answer.whole.body.contains("secret"));
}

TEST_CASE("a result that is no json fails the task") {
  Agent agent;
  agent.executor.scripts["echo"] = [](Work, Progress& progress) -> io::Task<Result<void>> {
    progress.result("{broken");
    co_return Result<void>{};
  };
  CHECK(agent.ask(faq(R"({"task_type":"echo"})")).json()["error"]["code"] == "AW7007");
}

TEST_CASE(
    "a task that asks goes on with the answer, and its history holds every message in order") {
  Agent agent;
  agent.executor.scripts["echo"] = [](Work work, Progress& progress) -> io::Task<Result<void>> {
    if (work.task->history.size() == 1) {
      Message ask{.id = "ask", .parts = {text_part("which?")}};
      progress.status(TaskState::input_required, std::make_shared<const Message>(ask));
    } else {
      progress.result(work.payload);
    }
    co_return Result<void>{};
  };
  auto const asked = agent.rpc("SendMessage", words("start"))["result"]["task"];
  CHECK(asked["status"]["state"] == "TASK_STATE_INPUT_REQUIRED");
  auto answer = words("that one");
  answer["message"]["taskId"] = asked["id"];
  answer["message"]["messageId"] = "m2";
  auto const done = agent.rpc("SendMessage", answer)["result"]["task"];
  CHECK(done["status"]["state"] == "TASK_STATE_COMPLETED");
  CHECK(done["contextId"] == asked["contextId"]);
  std::vector<std::string> ids;
  for (auto const& said : done["history"]) ids.push_back(said["messageId"]);
  CHECK(ids == std::vector<std::string>{"m1", "ask", "m2"});
  CHECK(agent.rpc("SendMessage", answer)["error"]["code"] == -32004);
  answer["message"]["contextId"] = "another";
  CHECK(agent.rpc("SendMessage", answer)["error"]["code"] == -32602);
}

TEST_CASE("a task that cannot be kept is not begun, one that is done is answered all the same") {
  struct FullDisk final : TaskStore {
    Result<std::vector<TaskPtr>> load(std::size_t) override { return std::vector<TaskPtr>{}; }
    Result<void> put(KeptTask, std::vector<Note>) override { return {}; }
    Result<void> put_notes(std::vector<Note>) override { return {}; }
    void erase_note(std::string) override {}
    Result<std::vector<Note>> load_notes() override { return std::vector<Note>{}; }
    Result<void> set_aside(Note const&, std::string_view) override { return {}; }
    void erase(std::string_view) override {}
    io::Task<Result<void>> durable() override {
      co_return make_error(Code::state_unusable, "disk full");
    }
  };
  Agent agent({}, std::make_unique<FullDisk>());
  auto const later = agent.ask(faq(R"({"task_type":"echo","async":true})"));
  CHECK(later.whole.status == 503);
  CHECK(later.json()["error"]["code"] == "AW8008");
  auto const streamed = agent.ask(request("POST", "/message:stream", words("hi").dump()));
  CHECK(streamed.whole.status == 503);
  CHECK(agent.ask(faq(R"({"task_type":"echo","payload":1})")).json()["result"] == 1);
}

TEST_CASE("work that never waits is answered as the same work with a coroutine would be") {
  struct Row {
    std::string_view what;
    ScriptedExecutor::Quick work;
  };
  std::vector<Row> const rows = {
      {"a result",
       [](Work work, Progress& progress) {
         progress.result(work.payload);
         return Result<void>{};
       }},
      {"nothing at all", [](Work, Progress&) { return Result<void>{}; }},
      {"pieces of one artifact",
       [](Work, Progress& progress) {
         for (auto const* const word : {"one ", "two"})
           progress.artifact({.id = "a", .parts = {text_part(word)}}, Chunk::append, Last::no);
         return Result<void>{};
       }},
      {"a question",
       [](Work, Progress& progress) {
         progress.status(TaskState::input_required, message("q", "which?"));
         progress.result("1");  // after the end of its words
         return Result<void>{};
       }},
      {"a refusal",
       [](Work, Progress& progress) {
         progress.status(TaskState::rejected, message("r", "no"));
         return Result<void>{};
       }},
      {"an error",
       [](Work, Progress&) { return Result<void>(make_error(Code::backend_failed, "broken")); }},
      {"an exception", [](Work, Progress&) -> Result<void> { throw std::runtime_error("thrown"); }},
      {"a result that is no json",
       [](Work, Progress& progress) {
         progress.result("{");
         return Result<void>{};
       }},
      {"a message and no task",
       [](Work, Progress& progress) {
         progress.reply({.id = "m9", .parts = {text_part("hello")}});
         return Result<void>{};
       }},
  };
  // What differs from run to run, or tells when.
  auto const settled = [](nlohmann::json answer) {
    for (auto const* const name : {"id", "context_id", "created_at", "updated_at", "timestamp"})
      answer.erase(name);
    for (auto const* const name : {"timestamp", "message"})
      if (answer.contains("status")) answer["status"].erase(name);
    return answer.dump();
  };
  for (auto const& row : rows) {
    CAPTURE(row.what);
    Agent at_once;
    at_once.executor.quick["echo"] = row.work;
    Agent waiting;
    waiting.executor.scripts["echo"] = [&row](Work work, Progress& p) -> io::Task<Result<void>> {
      co_return row.work(std::move(work), p);
    };
    auto const body = R"({"task_type":"echo","payload":{"rows":3},"metadata":{"a":1}})";
    auto const quick = at_once.ask(faq(body));
    auto const slow = waiting.ask(faq(body));
    CHECK(quick.whole.status == slow.whole.status);
    CHECK(settled(quick.json()) == settled(slow.json()));
    CHECK(at_once.executor.runs == 1);
    CHECK(at_once.engine.size() == waiting.engine.size());
  }
}

TEST_CASE("work that never waits may not outgrow what a task may hold") {
  Agent agent;
  agent.executor.quick["echo"] = [](Work, Progress& progress) {
    progress.result('"' + std::string(EngineLimits{}.max_task_bytes, 'x') + '"');
    return Result<void>{};
  };
  auto const task = agent.ask(faq(R"({"task_type":"echo"})")).json();
  CHECK(task["status"]["state"] == "failed");
  CHECK(task.value("result", nlohmann::json()).is_null());
}

TEST_CASE("stopping fails what runs, with the reason, and starts nothing more") {
  Agent agent;
  agent.executor.scripts["echo"] = endless;
  io::run_blocking([](Agent& a) -> io::Task<void> {
    RecordingWriter first;
    co_await a.serve(faq(R"({"task_type":"echo","async":true})"), kAda, first);
    a.service->stop();
    auto const id = first.json()["id"].get<std::string>();
    RecordingWriter second;
    co_await a.serve(request("GET", "/a2a/v1/tasks/" + id), kAda, second);
    CHECK(second.json()["state"] == "failed");
    CHECK(second.json()["error"]["code"] == "AW4012");
    RecordingWriter third;
    co_await a.serve(faq(R"({"task_type":"echo"})"), kAda, third);
    CHECK(third.json()["state"] == "failed");
  }(agent));
}

TEST_CASE("a silent stream is kept alive by comments") {
  Agent agent({.timeouts = {{"echo", std::chrono::milliseconds(60)}},
               .heartbeat = std::chrono::milliseconds(5)});
  agent.executor.scripts["echo"] = endless;
  auto const answer = agent.ask(request("POST", "/message:stream", words("hi").dump()));
  CHECK(answer.streamed.contains("\n:\n\n"));
  CHECK(answer.events().back()["statusUpdate"]["status"]["state"] == "TASK_STATE_FAILED");
}
