// SPDX-License-Identifier: Apache-2.0
// What the service answers to each operation, in every binding.
#include "core/a2a/service.h"

#include "core/a2a/card.h"
#include "tests/unit/a2a/service_agent.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

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

TEST_CASE("the earlier implementation's methods answer at once and work behind") {
  Agent agent;
  auto const sent = agent.rpc("task.send", {{"task_type", "echo"}, {"payload", {{"a", 1}}}});
  auto const id = sent["result"]["id"];
  CHECK(sent["result"]["state"] == "pending");
  CHECK(sent["result"]["payload"]["a"] == 1);
  CHECK(agent.rpc("task.status", {{"task_id", id}})["result"]["state"] == "completed");
  CHECK(agent.rpc("task.cancel", {{"task_id", id}})["result"]["state"] == "completed");
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

TEST_CASE("the extended card is answered where there is one") {
  Agent bare;
  CHECK(bare.rpc("GetExtendedAgentCard", nlohmann::json::object())["error"]["code"] == -32007);
  Card const card({.agent = {.name = "hello", .trust_domain = "corp.test"}, .spiffe_id = kAda});
  Agent agent({.card = &card});
  CHECK(agent.rpc("GetExtendedAgentCard", nlohmann::json::object())["result"]["name"] == "hello");
  CHECK(agent.ask(request("GET", "/v1/card")).json()["protocolVersion"] == "0.3.0");
}
