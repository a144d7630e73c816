// SPDX-License-Identifier: Apache-2.0
#include "commands/support/question.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "commands/support/json_member.h"
#include "core/a2a/discovery.h"
#include "core/base/json.h"

namespace aw::commands {
namespace {

using json::Json;

std::string first_of(std::string const& flag, std::string const& second,
                     std::string const& third = {}) {
  if (!flag.empty()) return flag;
  return second.empty() ? third : second;
}

struct Document {
  Json input = Json::object();
  Question::Wanted wanted = Question::Wanted::verdict;
};

Result<Document> read_document(std::string const& text) {
  Document out;
  if (text.empty()) return out;
  auto parsed = json::parse(text);
  if (!parsed.ok() || !parsed->is_object()) {
    return make_error(Code::usage, "the input is no JSON object",
                      "write it as OPA sees it: {\"caller_spiffe_id\": …, \"action\": …}");
  }
  if (parsed->contains("explain")) out.wanted = Question::Wanted::trace;
  auto const inner = parsed->find("input");
  out.input = inner != parsed->end() && inner->is_object() ? *inner : *std::move(parsed);
  return out;
}

Result<identity::SpiffeId> read_id(std::string const& text, std::string_view flag,
                                   std::optional<identity::SpiffeId> const& self) {
  if (text.empty()) {
    return make_error(Code::usage, std::string(flag) + " is missing",
                      "for example " + std::string(flag) + " spiffe://corp.example/agent/planner");
  }
  if (self) return a2a::target_id(text, self->trust_domain());
  auto id = identity::SpiffeId::parse(text);
  if (id.ok()) return id;
  return make_error(Code::usage, std::string(flag) + " \"" + text + "\" is no SPIFFE ID",
                    id.error().message);
}

}  // namespace

Result<Question> make_question(QuestionText const& text,
                               std::optional<identity::SpiffeId> const& self, WallTime now) {
  AW_TRY(auto const document, read_document(text.input));
  auto const& input = document.input;
  AW_TRY(auto caller,
         read_id(first_of(text.caller, text_at(input, "caller_spiffe_id")), "--caller", self));
  auto const target = first_of(text.target, text_at(input, "callee_spiffe_id"),
                               text_at(input, "resource_spiffe_id"));
  AW_TRY(auto callee, read_id(target.empty() && self ? self->text() : target, "--target", self));
  auto action = first_of(text.action, text_at(input, "action"));
  if (action.empty()) return make_error(Code::usage, "--action is missing");
  auto const nested = input.find("context");
  auto const asked_at = parse_rfc3339(text_at(input, "timestamp"));
  return Question{
      .context = {.caller = std::move(caller),
                  .callee = std::move(callee),
                  .action = std::move(action),
                  .direction = authz::Direction::inbound,
                  .method = text_at(input, "method"),
                  .binding = text_at(input, "binding"),
                  .skill = text_at(input, "skill"),
                  .task_id = text_at(input, "task_id"),
                  .context_id = text_at(input, "context_id"),
                  .remote_address = {},
                  .request_id = {},
                  .time = asked_at.value_or(now),
                  .context_json =
                      nested != input.end() && nested->is_object() ? nested->dump() : ""},
      .wanted = document.wanted};
}

}  // namespace aw::commands
