// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/codec.h"

#include <doctest/doctest.h>

#include "tests/unit/a2a/support.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

namespace {

Task sample() {
  Task task;
  task.id = "T1";
  task.context_id = "C1";
  task.owner = kAda;
  task.capability = "report";
  task.payload = std::make_shared<const std::string>(R"({"n":123456789012345678901234567890})");
  task.created = task.updated = WallTime(std::chrono::seconds(1'800'000'000));
  task.status = {TaskState::completed, message("s", "done"), task.updated};
  auto said = std::make_shared<Message>(*message("m1", "hi"));
  said->metadata = R"({"skill":"report"})";
  task.history = {said, message("m2", "more")};
  auto artifact = std::make_shared<Artifact>();
  artifact->id = "a1";
  artifact->name = "table";
  artifact->parts = {text_part("t"), data_part(R"([1,2])"),
                     std::make_shared<Part>(Part{PartKind::raw, "AAEC", "f.bin", "image/png", ""}),
                     std::make_shared<Part>(Part{PartKind::url, "https://x.test/f", "", "", ""})};
  task.artifacts = {artifact};
  task.result = std::make_shared<const std::string>(R"({"rows":3})");
  return task;
}

nlohmann::json written(Task const& task, Spelling spelling, TaskDetail detail = {}) {
  std::string text;
  json::Writer out(text);
  write_task(out, task, spelling, detail);
  CHECK_MESSAGE(check_json(text).ok(), text);
  return nlohmann::json::parse(text);
}

}  // namespace

TEST_CASE("a 1.0 task has no kind, upper-case enums, flat parts") {
  auto const out = written(sample(), Spelling::v1);
  CHECK_FALSE(out.contains("kind"));
  CHECK(out["status"]["state"] == "TASK_STATE_COMPLETED");
  CHECK(out["status"]["timestamp"] == "2027-01-15T08:00:00.000Z");
  CHECK(out["status"]["message"]["role"] == "ROLE_USER");
  auto const& parts = out["artifacts"][0]["parts"];
  CHECK(parts[0] == nlohmann::json::parse(R"({"text":"t"})"));
  CHECK(parts[1]["data"] == nlohmann::json::parse("[1,2]"));
  CHECK(parts[2]["raw"] == "AAEC");
  CHECK(parts[2]["mediaType"] == "image/png");
  CHECK(parts[3]["url"] == "https://x.test/f");
  CHECK(out["history"].size() == 2);
  CHECK_FALSE(out.contains("owner"));
}

TEST_CASE("a 0.3 task has kinds, lower-case enums, file objects") {
  auto const out = written(sample(), Spelling::v03);
  CHECK(out["kind"] == "task");
  CHECK(out["status"]["state"] == "completed");
  CHECK(out["history"][0]["kind"] == "message");
  CHECK(out["history"][0]["role"] == "user");
  auto const& parts = out["artifacts"][0]["parts"];
  CHECK(parts[0]["kind"] == "text");
  CHECK(parts[1]["data"]["value"] == nlohmann::json::parse("[1,2]"));
  CHECK(parts[2]["file"]["bytes"] == "AAEC");
  CHECK(parts[2]["file"]["mimeType"] == "image/png");
  CHECK(parts[3]["file"]["uri"] == "https://x.test/f");
  auto const proto = written(sample(), Spelling::v03_proto);
  CHECK(proto["history"][0]["content"][0]["text"] == "hi");
  CHECK(proto["history"][0]["role"] == "ROLE_USER");
}

TEST_CASE("historyLength: absent shows all, 0 none, n the latest n") {
  auto const task = sample();
  CHECK(written(task, Spelling::v1)["history"].size() == 2);
  CHECK_FALSE(written(task, Spelling::v1, {.history_length = 0}).contains("history"));
  auto const one = written(task, Spelling::v1, {.history_length = 1});
  REQUIRE(one["history"].size() == 1);
  CHECK(one["history"][0]["messageId"] == "m2");
  CHECK(written(task, Spelling::v1, {.history_length = 99})["history"].size() == 2);
}

TEST_CASE("messages survive being written and read again, in every spelling") {
  auto const task = sample();
  Message said = *task.history[0];
  said.role = Role::agent;
  said.task_id = "T1";
  said.context_id = "C1";
  said.reference_task_ids = {"R1"};
  said.parts = task.artifacts[0]->parts;
  said.parts[1] = data_part(R"({"deep":{"n":123456789012345678901234567890}})");
  for (auto const spelling : {Spelling::v1, Spelling::v03, Spelling::v03_proto}) {
    std::string text;
    json::Writer out(text);
    write_message(out, said, spelling);
    auto const back =
        parse_message(JsonView(text), spelling == Spelling::v1 ? Dialect::v1_0 : Dialect::v0_3);
    REQUIRE_MESSAGE(back.ok(), text);
    CHECK(back->role == Role::agent);
    CHECK(back->task_id == "T1");
    CHECK(back->metadata == said.metadata);
    REQUIRE(back->parts.size() == said.parts.size());
    for (std::size_t i = 0; i < said.parts.size(); ++i) {
      CHECK(back->parts[i]->kind == said.parts[i]->kind);
      CHECK(back->parts[i]->value == said.parts[i]->value);
    }
  }
}

TEST_CASE("data that has one member `data` is not unwrapped in 1.0, nor in a stored task") {
  auto const text = R"({"messageId":"m","role":"ROLE_USER","parts":[{"data":{"data":{"x":1}}}]})";
  CHECK(parse_message(JsonView(text), Dialect::v1_0)->parts[0]->value == R"({"data":{"x":1}})");
  CHECK(parse_message(JsonView(text), Dialect::v0_3)->parts[0]->value == R"({"x":1})");
}

TEST_CASE(
    "a part that says it is something unknown is refused, in `kind` and in 0.3's older `type`") {
  struct Row {
    char const* part;
    Dialect dialect;
    bool good;
  };
  for (auto const& row : {Row{R"({"kind":"video","text":"x"})", Dialect::v0_3, false},
                          Row{R"({"kind":"video","text":"x"})", Dialect::v1_0, false},
                          Row{R"({"type":"unsupported_type","text":"x"})", Dialect::v0_3, false},
                          Row{R"({"type":"text","text":"x"})", Dialect::v0_3, true},
                          Row{R"({"type":"unsupported_type","text":"x"})", Dialect::v1_0, true},
                          Row{R"({"text":"x"})", Dialect::v0_3, true}}) {
    CAPTURE(row.part);
    auto const text = R"({"messageId":"m","role":"user","parts":[)" + std::string(row.part) + "]}";
    CHECK(parse_message(JsonView(text), row.dialect).ok() == row.good);
  }
}

TEST_CASE("the plain task is S8's, and the earlier implementation's beside it") {
  std::string text;
  json::Writer out(text);
  write_plain_task(out, sample(), PlainForm::faq);
  auto const faq = nlohmann::json::parse(text);
  CHECK(faq["id"] == "T1");
  CHECK(faq["status"]["state"] == "completed");
  CHECK(faq["result"]["rows"] == 3);
  CHECK(faq["type"] == "report");
  CHECK(faq["state"] == "completed");
  CHECK(faq["error"].is_null());
  CHECK(faq["artifacts"].size() == 4);
  CHECK(faq["artifacts"][0]["type"] == "text");
  CHECK(faq["metadata"]["caller_spiffe_id"] == kAda);
  CHECK(faq.contains("created_at"));
  CHECK(faq.contains("updated_at"));
  std::string earlier_text;
  json::Writer earlier(earlier_text);
  auto task = sample();
  task.status.state = TaskState::canceled;
  task.failure = Failure{Code::backend_failed, "why"};
  write_plain_task(earlier, task, PlainForm::earlier);
  auto const old = nlohmann::json::parse(earlier_text);
  CHECK(old["state"] == "cancelled");
  CHECK(old["error"] == "why");
  CHECK(old["messages"].size() == 2);
  CHECK(earlier_text.contains("123456789012345678901234567890"));
}

TEST_CASE("a stored task comes back whole") {
  auto task = sample();
  task.failure = Failure{Code::backend_timeout, "late"};
  task.idempotency_key = "k";
  auto const back = parse_task_record(task_record(task)).value();
  CHECK(task_record(*back) == task_record(task));
  CHECK(back->owner == kAda);
  CHECK(*back->payload == *task.payload);
  CHECK(*back->result == *task.result);
  CHECK(back->failure->code == Code::backend_timeout);
  CHECK(back->updated == task.updated);
  CHECK(back->bytes > 0);
  for (auto const* const damaged : {"", "{}", "[]", R"({"task":{"id":"x"},"owner":"o"})"})
    CHECK_FALSE(parse_task_record(damaged).ok());
}

TEST_CASE("a payload and a result that are the text of a part are stored once") {
  auto task = sample();
  auto const given = data_part(R"({"given":1})");
  auto said = std::make_shared<Message>(*task.history.front());
  said->parts = {text_part("t"), given};
  task.history.front() = said;
  task.payload = {given, &given->value};
  auto const brought = data_part(R"({"brought":2})");
  auto result = std::make_shared<Artifact>();
  result->id = kResultArtifact;
  result->parts = {brought};
  task.artifacts.push_back(result);
  task.result = {brought, &brought->value};
  auto const record = task_record(task);
  CHECK(record.find("given") == record.rfind("given"));
  CHECK(record.find("brought") == record.rfind("brought"));
  auto const back = parse_task_record(record).value();
  CHECK(*back->payload == R"({"given":1})");
  CHECK(*back->result == R"({"brought":2})");
  CHECK(task_record(*back) == record);
  for (auto const* const member : {R"("payloadPart":1)", R"("resultPart":0)"}) {
    for (auto const* const wrong : {"7", "-1", "null", "\"1\""}) {
      CAPTURE(member);
      CAPTURE(wrong);
      auto damaged = record;
      auto const at = damaged.find(member);
      REQUIRE(at != std::string::npos);
      auto const length = std::string_view(member).size();
      damaged.replace(at + length - 1, 1, wrong);
      auto const read = parse_task_record(damaged);
      CHECK((!read.ok() || (*read)->payload != nullptr));
    }
  }
}

TEST_CASE("a change names what was there before, and comes back with it") {
  auto const before = std::make_shared<const Task>(sample());
  auto after = *before;
  after.history.push_back(message("m3", "thanks"));
  after.status.state = TaskState::failed;
  after.failure = Failure{Code::backend_timeout, "late"};
  std::string change;
  REQUIRE(append_task_change(change, *before, after));
  CHECK_FALSE(change.contains("\"m1\""));
  auto const known = [&before](std::string_view id) { return id == "T1" ? before : nullptr; };
  CHECK(task_record(*parse_task_change(change, known).value()) == task_record(after));
  auto const unknown = [](std::string_view) { return TaskPtr(); };
  CHECK(parse_task_change(change, unknown).error().code == Code::state_unusable);
  for (auto const* const wrong : {"0", "3", "-1", "null"}) {
    CAPTURE(wrong);
    auto damaged = change;
    constexpr std::string_view kFrom = R"("historyFrom":)";
    damaged.replace(damaged.find(kFrom) + kFrom.size(), 1, wrong);
    CHECK_FALSE(parse_task_change(damaged, known).ok());
  }
  CHECK_FALSE(parse_task_change(task_record(after), known).ok());
  // Nothing in common: only a whole record says it.
  auto const other = sample();
  std::string none;
  CHECK_FALSE(append_task_change(none, *before, other));
  CHECK(none.empty());
}

TEST_CASE("the end of a 0.3 stream is marked, that of a 1.0 stream is not") {
  auto const task = std::make_shared<const Task>(sample());
  auto const event = [&](Spelling spelling) {
    std::string text;
    json::Writer out(text);
    write_event(out, Event(StatusUpdate{task}), spelling, {});
    return nlohmann::json::parse(text);
  };
  CHECK(event(Spelling::v03)["final"] == true);
  CHECK(event(Spelling::v03)["kind"] == "status-update");
  CHECK_FALSE(event(Spelling::v1)["statusUpdate"].contains("final"));
}
