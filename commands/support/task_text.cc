// SPDX-License-Identifier: Apache-2.0
#include "commands/support/task_text.h"

#include <nlohmann/json.hpp>

#include "core/base/json.h"

namespace aw::commands {
namespace {

using Ordered = nlohmann::ordered_json;

std::string text_at(json::Json const& object, char const* name) {
  if (!object.is_object()) return {};
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json::Json member(json::Json const& object, char const* name) {
  auto const found = object.find(name);
  return found == object.end() ? json::Json() : *found;
}

// The members in the agent's own order: the sorted tree would print another text than was sent.
std::string product_of(std::string_view body) {
  auto const ordered = Ordered::parse(body, nullptr, false);
  if (!ordered.is_object()) return "null";
  auto const result = ordered.find("result");
  auto const artifacts = ordered.find("artifacts");
  bool const has_result = result != ordered.end() && !result->is_null();
  bool const has_artifacts = artifacts != ordered.end() && !artifacts->empty();
  if (has_result) return result->dump(-1, ' ', false, Ordered::error_handler_t::replace);
  if (has_artifacts) return artifacts->dump(-1, ' ', false, Ordered::error_handler_t::replace);
  return "null";
}

}  // namespace

Result<TaskText> read_task(std::string_view body) {
  auto parsed = json::parse(body, {.bytes = std::size_t{16} << 20});
  if (!parsed.ok() || !parsed->is_object()) {
    return make_error(Code::protocol, "the agent's answer is no task");
  }
  TaskText out;
  auto const status = member(*parsed, "status");
  auto const error = member(*parsed, "error");
  out.whole = body;
  out.id = text_at(*parsed, "id");
  out.state = text_at(status, "state");
  out.message = error.is_object() ? text_at(error, "message") : text_at(status, "message");
  out.code = text_at(error, "code");
  if (out.id.empty() || out.state.empty()) {
    return make_error(Code::protocol, "the agent's answer is no task: it has no id or state");
  }
  out.product = product_of(body);
  return out;
}

Result<void> check_task(TaskText const& task) {
  if (task.state != "failed" && task.state != "cancelled" && task.state != "rejected") return {};
  auto const code = parse_code(task.code).value_or(Code::backend_failed);
  std::string const why = task.message.empty() ? "" : ": " + task.message;
  return make_error(code, "the task " + task.state + why).with("task_id", task.id);
}

}  // namespace aw::commands
