// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/service.h"

#include <doctest/doctest.h>

#include "core/a2a/card.h"
#include "core/a2a/refusal.h"
#include "tests/unit/a2a/support.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

namespace {

// Router, service and engine as a server has them, on one loop.
struct Agent {
  TurnedClock clock;
  std::unique_ptr<TaskStore> store;
  TaskEngine engine;
  ScriptedExecutor executor;
  std::unique_ptr<log::Log> log = log::Log::silent();
  ServiceOptions options;
  std::unique_ptr<Service> service;
  Router router{{.capabilities = {"echo"}}};

  explicit Agent(ServiceOptions given = {},
                 std::unique_ptr<TaskStore> kept = std::make_unique<MemoryTaskStore>())
      : store(std::move(kept)), engine({}, *store, clock), options(std::move(given)) {
    executor.scripts["echo"] = [](Work work, Progress& progress) -> io::Task<Result<void>> {
      progress.result(work.payload);
      co_return Result<void>{};
    };
    service = std::make_unique<Service>(options, engine, executor, clock, *log);
  }

  // What the gate pipeline does with an allowed request.
  io::Task<Outcome> serve(http::Request asked, std::string caller, RecordingWriter& writer) {
    auto parsed = router.parse(asked);
    if (auto* const refused = std::get_if<Refused>(&parsed)) {
      co_await writer.respond(refused->response);
      co_return Outcome{.status = refused->response.status, .code = refused->code};
    }
    REQUIRE(std::holds_alternative<Operation>(parsed));
    auto operation = std::get<Operation>(std::move(parsed));
    Caller who{.id = std::move(caller), .decision_id = "d-1", .xfcc = {}, .traceparent = {}};
    if (auto resolved = service->resolve(operation, who); !resolved.ok()) {
      auto answer = error_response(operation.shape, resolved.error(), "d-1");
      Outcome out{.status = answer.status, .code = resolved.error().code};
      co_await writer.respond(std::move(answer));
      co_return out;
    }
    co_return co_await service->execute(std::move(operation), std::move(who), writer);
  }

  RecordingWriter ask(http::Request asked, std::string caller = kAda) {
    RecordingWriter writer;
    io::run_blocking(serve(std::move(asked), std::move(caller), writer));
    return writer;
  }
  nlohmann::json rpc(std::string method, nlohmann::json params, std::string caller = kAda) {
    nlohmann::json const body = {
        {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    return ask(request("POST", "/rpc", body.dump()), std::move(caller)).json();
  }
};

nlohmann::json words(std::string text) {
  return {{"message",
           {{"messageId", "m1"}, {"role", "ROLE_USER"}, {"parts", {{{"text", std::move(text)}}}}}}};
}

http::Request faq(std::string body) { return request("POST", "/a2a/v1/tasks", std::move(body)); }

// Says it works and then waits for ever.
io::Task<Result<void>> endless(Work, Progress& progress) {
  progress.status(TaskState::working, nullptr);
  co_await io::sleep_until(SteadyTime::max());
  co_return Result<void>{};
}

}  // namespace

TEST_CASE("the FAQ's call is answered with the finished task") {
  Agent agent;
  auto const answer = agent.ask(faq(R"({"task_type":"echo","payload":{"rows":3}})"));
  CHECK(answer.whole.status == 200);
  auto const task = answer.json();
  CHECK(task["status"]["state"] == "completed");
  CHECK(task["result"]["rows"] == 3);
  CHECK(task["metadata"]["caller_spiffe_id"] == kAda);
  auto const again = agent.ask(request("GET", "/a2a/v1/tasks/" + task["id"].get<std::string>()));
  CHECK(again.json() == task);
}

TEST_CASE("a capability without code behind it is refused, and no task is made") {
  Agent agent;
  auto const answer = agent.ask(faq(R"({"task_type":"delete_all"})"));
  CHECK(answer.whole.status == 404);
  CHECK(answer.json()["error"]["code"] == "AW7003");
  CHECK(agent.engine.size() == 0);
  CHECK(agent.executor.runs == 0);
}

TEST_CASE("a payload that its capability's schema refuses is invalid params, and no task is made") {
  ServiceOptions options;
  options.parameters.emplace(
      "echo", rego::JsonSchema::parse(
                  R"({"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}})")
                  .value());
  Agent agent(std::move(options));
  CHECK(agent.ask(faq(R"({"task_type":"echo","payload":{"n":3}})")).whole.status == 200);
  auto const plain = agent.ask(faq(R"({"task_type":"echo","payload":{"n":"3"}})"));
  CHECK(plain.whole.status == 400);
  CHECK(plain.whole.body.contains("payload.n: Invalid type. Expected: integer, given: string"));
  auto const rpc = agent.rpc(
      "SendMessage", {{"message",
                       {{"messageId", "m1"},
                        {"role", "ROLE_USER"},
                        {"parts", {{{"data", {{"skill", "echo"}, {"payload", {{"m", 1}}}}}}}}}}});
  CHECK(rpc["error"]["code"] == -32602);
  CHECK(rpc["error"]["message"].get<std::string>().contains("payload: n is required"));
  CHECK(agent.executor.runs == 1);
}

TEST_CASE("one task is the same in every binding") {
  Agent agent;
  auto const sent = agent.rpc("SendMessage", words("hi"));
  auto const id = sent["result"]["task"]["id"].get<std::string>();
  CHECK(sent["result"]["task"]["status"]["state"] == "TASK_STATE_COMPLETED");
  CHECK(sent["result"]["task"]["artifacts"][0]["artifactId"] == "result");
  CHECK(agent.rpc("GetTask", {{"id", id}})["result"]["id"] == id);
  CHECK(agent.rpc("tasks/get", {{"id", id}})["result"]["kind"] == "task");
  CHECK(agent.rpc("task.status", {{"task_id", id}})["result"]["state"] == "completed");
  CHECK(agent.ask(request("GET", "/tasks/" + id)).json()["id"] == id);
  CHECK(agent.ask(request("GET", "/v1/tasks/" + id)).json()["id"] == id);
  CHECK(agent.ask(request("GET", "/a2a/v1/tasks/" + id)).json()["id"] == id);
  CHECK(agent.rpc("ListTasks", {})["result"]["totalSize"] == 1);
}

TEST_CASE("another caller's task is not found in every operation") {
  Agent agent;
  auto const id = agent.rpc("SendMessage", words("hi"))["result"]["task"]["id"].get<std::string>();
  for (auto const* const method : {"GetTask", "CancelTask", "SubscribeToTask", "tasks/get"})
    CHECK(agent.rpc(method, {{"id", id}}, kEve)["error"]["code"] == -32001);
  auto follow_up = words("more");
  follow_up["message"]["taskId"] = id;
  CHECK(agent.rpc("SendMessage", follow_up, kEve)["error"]["code"] == -32001);
  for (auto const* const path : {"/a2a/v1/tasks/", "/tasks/", "/v1/tasks/"})
    CHECK(agent.ask(request("GET", path + id), kEve).whole.status == 404);
  CHECK(agent.ask(request("POST", "/a2a/v1/tasks/" + id + "/cancel"), kEve).whole.status == 404);
  CHECK(agent.ask(request("GET", "/a2a/v1/tasks/" + id + "/stream"), kEve).whole.status == 404);
  CHECK(agent.rpc("ListTasks", nlohmann::json::object(), kEve)["result"]["tasks"].empty());
}

TEST_CASE("a stream opens with the task, ends with its last state, and each event is an answer") {
  Agent agent;
  agent.executor.scripts["echo"] = [](Work, Progress& progress) -> io::Task<Result<void>> {
    for (auto const* const word : {"one ", "two"})
      progress.artifact({.id = "a", .parts = {text_part(word)}}, Chunk::append, Last::no);
    co_return Result<void>{};
  };
  nlohmann::json const body = {
      {"jsonrpc", "2.0"}, {"id", "s"}, {"method", "SendStreamingMessage"}, {"params", words("go")}};
  auto const answer = agent.ask(request("POST", "/rpc", body.dump()));
  CHECK(answer.whole.headers.get("content-type") == "text/event-stream");
  CHECK(answer.finished);
  auto const events = answer.events();
  REQUIRE(events.size() == 5);
  for (auto const& event : events) CHECK(event["id"] == "s");
  CHECK(events[0]["result"].contains("task"));
  CHECK(events[1]["result"]["statusUpdate"]["status"]["state"] == "TASK_STATE_WORKING");
  CHECK(events[2]["result"]["artifactUpdate"]["artifact"]["parts"][0]["text"] == "one ");
  CHECK(events[3]["result"]["artifactUpdate"]["append"] == true);
  CHECK(events[4]["result"]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED");
}

TEST_CASE("a plain stream names its events and ends complete") {
  Agent agent;
  auto asked = faq(R"({"task_type":"echo","payload":1})");
  asked.headers.add("accept", "text/event-stream");
  auto const answer = agent.ask(asked);
  CHECK(answer.streamed.starts_with("event: task_update\n"));
  CHECK(answer.streamed.contains("event: task_complete\n"));
  CHECK(answer.events().back()["result"] == 1);
}

TEST_CASE("an answer by message makes no task, in send and in stream") {
  Agent agent;
  agent.executor.scripts["echo"] = [](Work, Progress& progress) -> io::Task<Result<void>> {
    progress.reply({.parts = {text_part("just words")}});
    co_return Result<void>{};
  };
  auto const sent = agent.rpc("SendMessage", words("hi"));
  CHECK(sent["result"]["message"]["parts"][0]["text"] == "just words");
  CHECK(sent["result"]["message"]["role"] == "ROLE_AGENT");
  auto const streamed = agent.ask(request("POST", "/message:stream", words("hi").dump()));
  REQUIRE(streamed.events().size() == 1);
  CHECK(streamed.events()[0].contains("message"));
  CHECK(agent.engine.size() == 0);
}

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

TEST_CASE("policy is asked about the task's own capability, whatever the message names") {
  Agent agent;
  agent.executor.scripts["secret"] = agent.executor.scripts["echo"];
  auto const id = agent.rpc("SendMessage", words("hi"))["result"]["task"]["id"];
  auto follow_up = words("more");
  follow_up["message"]["taskId"] = id;
  follow_up["message"]["metadata"] = {{"skill", "secret"}};
  CHECK(agent.rpc("SendMessage", follow_up)["error"]["code"] == -32602);
  Operation operation;
  operation.kind = Kind::get;
  operation.task_id = id;
  Caller caller{.id = kAda, .decision_id = {}, .xfcc = {}, .traceparent = {}};
  REQUIRE(agent.service->resolve(operation, caller).ok());
  CHECK(operation.capability == "echo");
  // Even an operation that got past its gate under another name shows nothing.
  operation.capability = "secret";
  RecordingWriter writer;
  auto const outcome =
      io::run_blocking(agent.service->execute(std::move(operation), std::move(caller), writer));
  CHECK(outcome.code == Code::internal);
}

TEST_CASE("a task that cannot be kept is not begun, one that is done is answered all the same") {
  struct FullDisk final : TaskStore {
    Result<std::vector<TaskPtr>> load(std::size_t) override { return std::vector<TaskPtr>{}; }
    Result<void> put(TaskPtr, std::vector<Note>) override { return {}; }
    Result<void> put_notes(std::vector<Note>) override { return {}; }
    void erase_note(std::string) override {}
    Result<std::vector<Note>> load_notes() override { return std::vector<Note>{}; }
    void erase(std::string) override {}
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

TEST_CASE("the earlier implementation's methods answer at once and work behind") {
  Agent agent;
  auto const sent = agent.rpc("task.send", {{"task_type", "echo"}, {"payload", {{"a", 1}}}});
  auto const id = sent["result"]["id"];
  CHECK(sent["result"]["state"] == "pending");
  CHECK(sent["result"]["payload"]["a"] == 1);
  CHECK(agent.rpc("task.status", {{"task_id", id}})["result"]["state"] == "completed");
  CHECK(agent.rpc("task.cancel", {{"task_id", id}})["result"]["state"] == "completed");
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

TEST_CASE("ping's question is answered when the gates let it through") {
  Agent agent;
  auto const answer = agent.ask(request("GET", "/a2a/v1/authorize?action=echo")).json();
  CHECK(answer["allowed"] == true);
  CHECK(answer["action"] == "echo");
  CHECK(answer["caller_spiffe_id"] == kAda);
}

TEST_CASE("subscribing to a finished task is refused in A2A and answered at once in plain") {
  Agent agent;
  auto const id = agent.rpc("SendMessage", words("hi"))["result"]["task"]["id"].get<std::string>();
  CHECK(agent.rpc("SubscribeToTask", {{"id", id}})["error"]["code"] == -32004);
  auto const plain = agent.ask(request("GET", "/a2a/v1/tasks/" + id + "/stream"));
  REQUIRE(plain.events().size() == 1);
  CHECK(plain.events()[0]["state"] == "completed");
}

TEST_CASE("a silent stream is kept alive by comments") {
  Agent agent({.timeouts = {{"echo", std::chrono::milliseconds(60)}},
               .heartbeat = std::chrono::milliseconds(5)});
  agent.executor.scripts["echo"] = endless;
  auto const answer = agent.ask(request("POST", "/message:stream", words("hi").dump()));
  CHECK(answer.streamed.contains("\n:\n\n"));
  CHECK(answer.events().back()["statusUpdate"]["status"]["state"] == "TASK_STATE_FAILED");
}

TEST_CASE("the extended card is answered where there is one") {
  Agent bare;
  CHECK(bare.rpc("GetExtendedAgentCard", nlohmann::json::object())["error"]["code"] == -32007);
  Card const card({.agent = {.name = "hello", .trust_domain = "corp.test"}, .spiffe_id = kAda});
  Agent agent({.card = &card});
  CHECK(agent.rpc("GetExtendedAgentCard", nlohmann::json::object())["result"]["name"] == "hello");
  CHECK(agent.ask(request("GET", "/v1/card")).json()["protocolVersion"] == "0.3.0");
}
