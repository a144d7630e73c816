// SPDX-License-Identifier: Apache-2.0
// One task that has everything a task can have, and its spelling in each version. Constants and
// pure functions; the spellings are written by hand, not by the code under test.
#pragma once

#include <doctest/doctest.h>

#include "core/a2a/answer.h"
#include "core/a2a/grpc_codec.h"
#include "tests/unit/a2a/support.h"

namespace aw::a2a::test {

inline Shape golden_shape(Binding binding, Dialect dialect) {
  return {.binding = binding, .dialect = dialect, .rpc_id = "7"};
}

inline constexpr WallTime kNoon{std::chrono::seconds(1'800'000'000)};  // 2027-01-15T08:00:00Z

inline TaskPtr golden_task() {
  auto task = std::make_shared<Task>();
  task->id = "T1";
  task->context_id = "C1";
  task->owner = kAda;
  task->capability = "echo";
  auto said = std::make_shared<Message>(
      Message{.id = "m1", .role = Role::user, .task_id = "T1", .context_id = "C1"});
  said->parts = {text_part("hi")};
  task->history = {said};
  auto answer = std::make_shared<Message>(
      Message{.id = "m2", .role = Role::agent, .task_id = "T1", .context_id = "C1"});
  answer->parts = {text_part("done")};
  task->status = {TaskState::completed, answer, kNoon};
  auto artifact = std::make_shared<Artifact>(Artifact{.id = "a1", .name = "out"});
  artifact->parts = {data_part(R"({"n":1})"),
                     std::make_shared<const Part>(Part{.kind = PartKind::raw,
                                                       .value = "aGk=",
                                                       .filename = "f.txt",
                                                       .media_type = "text/plain"})};
  task->artifacts = {artifact};
  task->payload = std::make_shared<const std::string>("{}");
  task->created = task->updated = kNoon;
  return task;
}

inline constexpr std::string_view kTaskV1 =
    R"({"id":"T1","contextId":"C1","status":{"state":"TASK_STATE_COMPLETED","message":{"messageId":"m2",)"
    R"("contextId":"C1","taskId":"T1","role":"ROLE_AGENT","parts":[{"text":"done"}]},)"
    R"("timestamp":"2027-01-15T08:00:00.000Z"},"artifacts":[{"artifactId":"a1","name":"out","parts":[)"
    R"({"data":{"n":1}},{"raw":"aGk=","filename":"f.txt","mediaType":"text/plain"}]}],"history":[)"
    R"({"messageId":"m1","contextId":"C1","taskId":"T1","role":"ROLE_USER","parts":[{"text":"hi"}]}]})";
inline constexpr std::string_view kTaskV03 =
    R"({"kind":"task","id":"T1","contextId":"C1","status":{"state":"completed","message":{"kind":"message",)"
    R"("messageId":"m2","contextId":"C1","taskId":"T1","role":"agent","parts":[{"kind":"text","text":"done"}]},)"
    R"("timestamp":"2027-01-15T08:00:00.000Z"},"artifacts":[{"artifactId":"a1","name":"out","parts":[)"
    R"({"kind":"data","data":{"n":1}},{"kind":"file","file":{"bytes":"aGk=","mimeType":"text/plain","name":"f.txt"}}]}],)"
    R"("history":[{"kind":"message","messageId":"m1","contextId":"C1","taskId":"T1","role":"user","parts":[)"
    R"({"kind":"text","text":"hi"}]}]})";
inline constexpr std::string_view kTaskProto03 =
    R"({"id":"T1","contextId":"C1","status":{"state":"TASK_STATE_COMPLETED","message":{"messageId":"m2",)"
    R"("contextId":"C1","taskId":"T1","role":"ROLE_AGENT","content":[{"text":"done"}]},)"
    R"("timestamp":"2027-01-15T08:00:00.000Z"},"artifacts":[{"artifactId":"a1","name":"out","parts":[)"
    R"({"data":{"data":{"n":1}}},{"file":{"fileWithBytes":"aGk=","mimeType":"text/plain","name":"f.txt"}}]}],)"
    R"("history":[{"messageId":"m1","contextId":"C1","taskId":"T1","role":"ROLE_USER","content":[{"text":"hi"}]}]})";

inline std::string in_rpc(std::string_view result) {
  return R"({"jsonrpc":"2.0","id":7,"result":)" + std::string(result) + "}";
}
inline std::string wrapped(std::string_view name, std::string_view value) {
  return "{\"" + std::string(name) + "\":" + std::string(value) + "}";
}

// A gRPC answer's message as protobuf's own JSON, which sorts nothing and leaves defaults out.
inline std::string grpc_json(http::Response const& answer, std::string_view type) {
  REQUIRE(answer.trailers.get("grpc-status") == "0");
  REQUIRE(answer.body.size() >= 5);
  return grpc_to_json(type, std::string_view(answer.body).substr(5)).value();
}

inline bool same_json(std::string_view a, std::string_view b) {
  return nlohmann::json::parse(a) == nlohmann::json::parse(b);
}

}  // namespace aw::a2a::test
