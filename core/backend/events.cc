// SPDX-License-Identifier: Apache-2.0
#include "core/backend/events.h"

#include <array>
#include <nlohmann/json.hpp>

#include "core/backend/http_backend.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::backend {
namespace {

using json::Json;

constexpr std::string_view kTextArtifact = "output";
constexpr std::array<std::string_view, 6> kNames = {"status", "artifact",       "result",
                                                    "error",  "input_required", "rejected"};

Error malformed(std::string what) {
  return make_error(Code::backend_answer_malformed, "backend event: " + std::move(what));
}

std::string text_at(Json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// {"message": "…"} or the plain text itself.
std::string words_of(std::string_view data) {
  auto parsed = json::parse(data);
  if (!parsed.ok()) return std::string(data);
  if (parsed->is_string()) return parsed->get<std::string>();
  if (!parsed->is_object()) return std::string(data);
  for (auto const* const name : {"message", "text"})
    if (auto words = text_at(*parsed, name); !words.empty()) return words;
  return {};
}

bool flag_at(Json const& object, char const* name, bool otherwise) {
  auto const found = object.find(name);
  return found != object.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

}  // namespace

Result<void> EventReader::take(http::SseEvent const& event) {
  if (stopped_ || event.data == "[DONE]") return {};
  if (!event.event.empty() && event.event != "message") return take_named(event.event, event.data);
  auto const parsed = json::parse(event.data);
  if (parsed.ok() && parsed->is_object()) {
    for (auto const name : kNames) {
      auto const member = parsed->find(name);
      if (member != parsed->end()) return take_named(name, member->dump());
    }
    if (auto words = text_at(*parsed, "text"); !words.empty()) {
      take_text(std::move(words));
      return {};
    }
    output_.result(event.data);
    result_ = true;
    return {};
  }
  take_text(parsed.ok() && parsed->is_string() ? parsed->get<std::string>() : event.data);
  return {};
}

Result<void> EventReader::take_named(std::string_view name, std::string_view data) {
  if (name == "status") {
    output_.status(words_of(data));
  } else if (name == "artifact") {
    return take_artifact(data);
  } else if (name == "result") {
    if (!json::parse(data).ok()) return malformed("the result is no json");
    output_.result(std::string(data));
    result_ = true;
  } else if (name == "input_required") {
    output_.input_required(words_of(data));
    stopped_ = true;
  } else if (name == "rejected") {
    output_.rejected(words_of(data));
    stopped_ = true;
  } else if (name == "error") {
    auto words = text::printable(words_of(data)).substr(0, 512);
    return make_error(Code::backend_failed, words.empty() ? "the backend failed" : words);
  }
  return {};  // names of later versions are no error
}

Result<void> EventReader::take_artifact(std::string_view data) {
  auto const parsed = json::parse(data);
  if (!parsed.ok() || !parsed->is_object()) return malformed("an artifact must be an object");
  Chunk chunk;
  chunk.artifact_id = text_at(*parsed, "id");
  if (chunk.artifact_id.empty()) chunk.artifact_id = kTextArtifact;
  chunk.name = text_at(*parsed, "name");
  chunk.media_type = text_at(*parsed, "media_type");
  chunk.filename = text_at(*parsed, "filename");
  chunk.mode = flag_at(*parsed, "append", false) ? Mode::append : Mode::replace;
  chunk.last = flag_at(*parsed, "last", chunk.mode == Mode::replace) ? Last::yes : Last::no;
  if (auto const value = parsed->find("data"); value != parsed->end()) {
    chunk.content = Content::json;
    chunk.value = value->dump();
  } else if (parsed->contains("raw")) {
    chunk.content = Content::base64;
    chunk.value = text_at(*parsed, "raw");
    if (!text::from_base64(chunk.value)) return malformed("an artifact's raw is no base64");
  } else if (parsed->contains("url")) {
    chunk.content = Content::url;
    chunk.value = text_at(*parsed, "url");
  } else {
    chunk.value = text_at(*parsed, "text");
  }
  output_.artifact(std::move(chunk));
  return {};
}

void EventReader::take_text(std::string text) {
  text_ += text;
  output_.artifact({.artifact_id = std::string(kTextArtifact),
                    .name = std::string(kTextArtifact),
                    .media_type = "text/plain",
                    .filename = {},
                    .content = Content::text,
                    .value = std::move(text),
                    .mode = Mode::append,
                    .last = Last::no});
}

void EventReader::finish() {
  if (result_ || stopped_ || text_.empty()) return;
  std::string json;
  json::append_string(json, text_);
  output_.result(std::move(json));
}

}  // namespace aw::backend
