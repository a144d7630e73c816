// SPDX-License-Identifier: Apache-2.0
#include "commands/support/task_text.h"

#include <algorithm>

#include "core/a2a/codec.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

using a2a::PartKind;

bool all_text(std::vector<a2a::PartPtr> const& parts) {
  return std::ranges::all_of(parts, [](auto const& part) { return part->kind == PartKind::text; });
}

// Line breaks and tabs are the text's own; other control characters are nobody's business here.
std::string shown(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '\n' || c == '\t') {
      out += c;
    } else {
      out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? text::printable({&c, 1})
                                                               : std::string(1, c);
    }
  }
  return out;
}

std::string words_in(std::vector<a2a::PartPtr> const& parts) {
  std::string out;
  for (auto const& part : parts)
    if (part->kind == PartKind::text) out += part->value;
  return shown(out);
}

std::string artifacts_json(a2a::Task const& task) {
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (auto const& artifact : task.artifacts) {
    std::string one;
    json::Writer inner(one);
    a2a::write_artifact_json(inner, *artifact);
    writer.raw(one);
  }
  writer.end_array();
  return out;
}

}  // namespace

std::string words_of(a2a::MessagePtr const& message) {
  return message ? words_in(message->parts) : std::string();
}

std::string product_of(a2a::Message const& message) {
  if (message.parts.size() == 1 && message.parts.front()->kind == PartKind::data)
    return message.parts.front()->value;
  return all_text(message.parts) ? words_in(message.parts) : a2a::message_json(message);
}

std::string product_of(a2a::Task const& task) {
  for (auto const& artifact : task.artifacts) {
    bool const result = artifact->id == a2a::kResultArtifact || task.artifacts.size() == 1;
    bool const lone = artifact->parts.size() == 1;
    if (result && lone && artifact->parts.front()->kind == PartKind::data)
      return artifact->parts.front()->value;
  }
  if (task.artifacts.empty()) return words_of(task.status.message);
  std::string out;
  for (auto const& artifact : task.artifacts) {
    if (!all_text(artifact->parts)) return artifacts_json(task);
    if (!out.empty()) out += '\n';
    out += words_in(artifact->parts);
  }
  return out;
}

bool going_on(a2a::Task const& task) {
  return !is_terminal(task.status.state) && !is_interrupted(task.status.state);
}

Result<void> check_task(a2a::Task const& task) {
  auto const state = task.status.state;
  if (!is_terminal(state) || state == a2a::TaskState::completed) return {};
  auto const words = words_of(task.status.message);
  std::string const why = words.empty() ? "" : ": " + words;
  auto const name = state == a2a::TaskState::failed     ? "failed"
                    : state == a2a::TaskState::canceled ? "was cancelled"
                                                        : "was rejected";
  return make_error(Code::backend_failed, std::string("the task ") + name + why)
      .with("task_id", task.id);
}

}  // namespace aw::commands
