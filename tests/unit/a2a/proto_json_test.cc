// SPDX-License-Identifier: Apache-2.0
// Our ProtoJSON against protobuf's own converter: the same JSON, the same message.
#include "core/a2a/proto_json.h"

#include <core/a2a/proto/a2a_v03.pb.h>
#include <core/a2a/proto/a2a_v1.pb.h>
#include <doctest/doctest.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "core/a2a/grpc_codec.h"

using namespace aw;
using namespace aw::a2a;
namespace pb = google::protobuf;

namespace {

std::unique_ptr<pb::Message> empty(std::string const& type) {
  auto const* const found = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  REQUIRE(found != nullptr);
  return std::unique_ptr<pb::Message>(
      pb::MessageFactory::generated_factory()->GetPrototype(found)->New());
}

std::unique_ptr<pb::Message> by_protobuf(std::string const& type, std::string const& json) {
  auto message = empty(type);
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  REQUIRE(pb::util::JsonStringToMessage(json, message.get(), options).ok());
  return message;
}

std::unique_ptr<pb::Message> by_us(std::string const& type, std::string const& json) {
  auto const bytes = grpc_from_json(type, json);
  REQUIRE(bytes.ok());
  auto message = empty(type);
  REQUIRE(message->ParseFromString(*bytes));
  return message;
}

void check_both_ways(std::string const& type, std::string const& json) {
  CAPTURE(type);
  CAPTURE(json);
  auto const ours = by_us(type, json);
  auto const theirs = by_protobuf(type, json);
  CHECK(pb::util::MessageDifferencer::Equals(*ours, *theirs));
  std::string written;
  REQUIRE(pb::util::MessageToJsonString(*theirs, &written).ok());
  std::string out;
  REQUIRE(append_proto_json(out, *theirs));
  CHECK(nlohmann::json::parse(out) == nlohmann::json::parse(written));
}

constexpr auto kTask =
    R"({"id":"t-1","contextId":"c","status":{"state":"TASK_STATE_WORKING","message":{
  "messageId":"m","role":"ROLE_AGENT","parts":[{"text":"h\u00e9\n\"\\"},{"raw":"AP8="},{"url":"https://a/"},
  {"data":{"a":[1,2.5,-3,1e300,true,null,{"b":{}}],"":"empty"},"metadata":{"k":"v"},"mediaType":"application/json"}]},
  "timestamp":"2026-11-28T06:01:02.003Z"},"artifacts":[{"artifactId":"x","parts":[{"text":""}]}],
  "history":[],"metadata":{}})";

}  // namespace

TEST_CASE("every message of both packages is one our converter knows whole") {
  for (auto const* file :
       {lf::a2a::v1::Task::descriptor()->file(), ::a2a::v1::Task::descriptor()->file()}) {
    REQUIRE(file->message_type_count() > 20);
    for (int i = 0; i < file->message_type_count(); ++i) {
      CAPTURE(file->message_type(i)->full_name());
      CHECK(converts(*file->message_type(i)));
    }
  }
  CHECK(converts(
      *pb::DescriptorPool::generated_pool()->FindMessageTypeByName("google.protobuf.Empty")));
  auto const* const any =
      pb::DescriptorPool::generated_pool()->FindMessageTypeByName("google.rpc.Status");
  REQUIRE(any != nullptr);
  CHECK_FALSE(converts(*any));
}

TEST_CASE("messages go both ways as protobuf's own converter takes them") {
  std::string const v1 = "lf.a2a.v1.";
  check_both_ways(v1 + "Task", kTask);
  check_both_ways(v1 + "SendMessageResponse", std::string(R"({"task":)") + kTask + "}");
  check_both_ways(
      v1 + "StreamResponse",
      R"({"statusUpdate":{"taskId":"t","contextId":"c","status":{"state":"TASK_STATE_COMPLETED"}}})");
  check_both_ways(
      v1 + "StreamResponse",
      R"({"artifactUpdate":{"taskId":"t","append":true,"lastChunk":false,"artifact":{"artifactId":"a"}}})");
  check_both_ways(
      v1 + "SendMessageRequest",
      R"({"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"a"}]},"configuration":
                     {"historyLength":0,"returnImmediately":true,"acceptedOutputModes":["a","b"]}})");
  check_both_ways(v1 + "ListTasksRequest",
                  R"({"pageSize":-1,"includeArtifacts":false,"status":"TASK_STATE_FAILED",
                     "statusTimestampAfter":"1969-12-31T23:59:59.999999999Z"})");
  check_both_ways(
      v1 + "AgentCard",
      R"({"name":"a","capabilities":{"streaming":false,"extensions":[{"uri":"u","params":{"p":[[]]}}]},
                     "securitySchemes":{"m":{"mtlsSecurityScheme":{"description":"d"}}},
                     "securityRequirements":[{"schemes":{"m":{"list":["x"]},"n":{}}}],"documentationUrl":"",
                     "signatures":[{"protected":"p","signature":"s","header":{"kid":"k"}}]})");
  check_both_ways(
      "a2a.v1.SendMessageRequest",
      R"({"message":{"messageId":"m","content":[{"text":"a"},{"data":{"data":{"n":1}}}]}})");
  check_both_ways("google.protobuf.Empty", "{}");
}

TEST_CASE("what is said in another way of ProtoJSON means the same") {
  check_both_ways("lf.a2a.v1.Task",
                  R"({"context_id":"c","unknown":{"deep":[1,{"a":"]"}]},"status":null})");
  check_both_ways("lf.a2a.v1.Task", R"({"status":{"state":3}})");
  check_both_ways("lf.a2a.v1.Task", R"({"status":{"state":"TASK_STATE_OF_TOMORROW"}})");
  check_both_ways("lf.a2a.v1.ListTasksRequest", R"({"pageSize":"7","historyLength":3.0})");
  check_both_ways("lf.a2a.v1.ListTasksRequest",
                  R"({"statusTimestampAfter":"2026-11-28T06:01:02.120+02:00"})");
  check_both_ways("lf.a2a.v1.Part", R"({"data":null})");
  check_both_ways("lf.a2a.v1.Part", R"({"raw":"-_8"})");
  check_both_ways("lf.a2a.v1.Part", R"({"data":-0.0})");
  check_both_ways("lf.a2a.v1.Part", R"({"data":1e-999})");
}

// struct.proto calls it an error; a Python caller makes one by looking at a name that is not there.
TEST_CASE("a value of no kind is null wherever it stands") {
  pb::Struct object;
  (*object.mutable_fields())["alone"];
  auto& list = *(*object.mutable_fields())["list"].mutable_list_value();
  list.add_values();
  list.add_values()->set_bool_value(true);
  std::string out;
  REQUIRE(append_proto_json(out, object));
  CHECK(nlohmann::json::parse(out) ==
        nlohmann::json::parse(R"({"alone":null,"list":[null,true]})"));
}

TEST_CASE("what a message cannot hold is refused, not bent") {
  for (auto const* const json :
       {R"({"id":7})", R"({"artifacts":{}})", R"({"artifacts":[null]})", R"({"status":[]})",
        R"({"history":["text"]})", R"({"status":{"timestamp":"yesterday"}})",
        R"({"metadata":{"n":1e999}})", R"([])", R"("task")", R"({"id":"a","id":"b"})",
        R"({"id":)"}) {
    CAPTURE(std::string(json));
    auto const bytes = grpc_from_json("lf.a2a.v1.Task", json);
    REQUIRE_FALSE(bytes.ok());
    CHECK(bytes.error().code == Code::backend_answer_malformed);
  }
  CHECK_FALSE(grpc_from_json("lf.a2a.v1.Part", R"({"text":"a","url":"b"})").ok());
  CHECK_FALSE(grpc_from_json("lf.a2a.v1.Part", R"({"raw":"!"})").ok());
  CHECK_FALSE(grpc_from_json("lf.a2a.v1.ListTasksRequest", R"({"pageSize":2147483648})").ok());
  CHECK_FALSE(grpc_from_json("lf.a2a.v1.ListTasksRequest", R"({"pageSize":1.5})").ok());
}

TEST_CASE("a value that JSON has no word for is refused") {
  lf::a2a::v1::Part part;
  part.mutable_data()->set_number_value(std::numeric_limits<double>::infinity());
  CHECK_FALSE(grpc_to_json("lf.a2a.v1.Part", part.SerializeAsString()).ok());
  lf::a2a::v1::TaskStatus status;
  status.mutable_timestamp()->set_seconds(253'402'300'800);
  CHECK_FALSE(grpc_to_json("lf.a2a.v1.TaskStatus", status.SerializeAsString()).ok());
}
