// SPDX-License-Identifier: Apache-2.0
// JSON -> messages, artifacts.
#include "core/a2a/codec.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

constexpr std::size_t kMaxParts = 10'000;
constexpr std::size_t kMaxId = 1'024;

Error bad(std::string what) { return make_error(Code::request_malformed, std::move(what)); }

using Type = JsonView::Kind;

// An optional JSON object, carried as text.
Result<std::string> object_text(JsonObject const& from, std::string_view name) {
  auto const view = from.get(name);
  if (!view.present()) return std::string();
  if (!view.is(Type::object)) return bad(std::string(name) + " must be an object");
  return std::string(view.raw());
}

// An optional string of sane length.
Result<std::string> short_text(JsonObject const& from, std::string_view name) {
  auto const view = from.get(name);
  if (!view.present()) return std::string();
  auto text = view.string();
  if (!text || text->size() > kMaxId)
    return bad(std::string(name) + " must be a string of at most 1024 bytes");
  return std::move(*text);
}

Result<std::vector<std::string>> text_list(JsonObject const& from, std::string_view name) {
  std::vector<std::string> out;
  auto const view = from.get(name);
  if (!view.present()) return out;
  if (!view.is(Type::array)) return bad(std::string(name) + " must be a list of strings");
  for (auto const& element : view.elements()) {
    auto text = element.string();
    if (!text) return bad(std::string(name) + " must be a list of strings");
    out.push_back(std::move(*text));
  }
  return out;
}

Result<void> take_text(JsonView view, PartKind kind, Part& part, std::string_view name) {
  auto text = view.string();
  if (!text) return bad("part." + std::string(name) + " must be a string");
  part.kind = kind;
  part.value = std::move(*text);
  return {};
}

// ProtoJSON's bytes. Anything else could be said in JSON and in no gRPC answer.
Result<void> take_bytes(JsonView view, Part& part, std::string_view name) {
  AW_TRY(take_text(view, PartKind::raw, part, name));
  if (!text::is_base64(part.value)) return bad("part." + std::string(name) + " must be base64");
  return {};
}

// 0.3: file{bytes | uri, mimeType, name}; its proto: file{fileWithBytes | fileWithUri, …}.
Result<void> take_file(JsonView view, Part& part) {
  if (!view.is(Type::object)) return bad("part.file must be an object");
  JsonObject const file(view);
  part.filename = file.text("name");
  part.media_type = file.text("mimeType");
  for (auto const* const name : {"bytes", "fileWithBytes"})
    if (auto const bytes = file.get(name); bytes.present())
      return take_bytes(bytes, part, "file.bytes");
  for (auto const* const name : {"uri", "fileWithUri"})
    if (auto const uri = file.get(name); uri.present())
      return take_text(uri, PartKind::url, part, "file.uri");
  return bad("part.file must have bytes or a uri");
}

// The proto of 0.3 wraps data once more: {"data":{"data":{…}}}.
JsonView unwrapped_data(JsonView view, JsonObject const& part, Dialect dialect) {
  if (dialect == Dialect::v1_0 || part.get("kind").present() || !view.is(Type::object)) return view;
  auto const inner = view.members();
  if (inner.size() == 1 && inner.front().first == "data" && inner.front().second.is(Type::object))
    return inner.front().second;
  return view;
}

Result<void> take_content(JsonObject const& from, Part& part, Dialect dialect) {
  if (auto const text = from.get("text"); text.present())
    return take_text(text, PartKind::text, part, "text");
  if (auto const raw = from.get("raw"); raw.present()) return take_bytes(raw, part, "raw");
  if (auto const url = from.get("url"); url.present())
    return take_text(url, PartKind::url, part, "url");
  if (auto const file = from.get("file"); file.present()) return take_file(file, part);
  auto const data = from.get("data");
  if (data.is(Type::none)) return bad("a part needs one of text, raw, url, data, file");
  part.kind = PartKind::data;
  part.value = std::string(unwrapped_data(data, from, dialect).raw());
  return {};
}

// 0.3 says what a part is (its first drafts in `type`); a kind we do not know is not read as one we
// do.
Result<void> check_kind(JsonObject const& from, Dialect dialect) {
  auto kind = from.get("kind");
  if (!kind.present() && dialect == Dialect::v0_3) kind = from.get("type");
  if (!kind.present()) return {};
  auto const name = kind.string().value_or(std::string());
  if (name == "text" || name == "file" || name == "data") return {};
  return bad("part.kind must be text, file or data");
}

Result<PartPtr> parse_part(JsonView view, Dialect dialect) {
  if (!view.is(Type::object)) return bad("a part must be an object");
  JsonObject const from(view);
  auto part = std::make_shared<Part>();
  int contents = 0;
  for (auto const* const name : {"text", "raw", "url", "data", "file"})
    if (!from.get(name).is(Type::none)) ++contents;
  if (contents > 1) return bad("a part must have exactly one of text, raw, url, data, file");
  AW_TRY(check_kind(from, dialect));
  AW_TRY(take_content(from, *part, dialect));
  if (auto name = from.text("filename"); !name.empty()) part->filename = std::move(name);
  if (auto type = from.text("mediaType"); !type.empty()) part->media_type = std::move(type);
  AW_TRY(part->metadata, object_text(from, "metadata"));
  return PartPtr(std::move(part));
}

Result<std::vector<PartPtr>> parse_parts(JsonView view, std::string_view where, Dialect dialect) {
  std::vector<PartPtr> parts;
  if (!view.is(Type::array)) return bad(std::string(where) + " must be a list");
  for (auto const& element : view.elements()) {
    if (parts.size() >= kMaxParts) return bad(std::string(where) + " has too many elements");
    AW_TRY(auto part, parse_part(element, dialect));
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return bad(std::string(where) + " must not be empty");
  return parts;
}

Result<Role> parse_role(JsonObject const& from) {
  auto const role = from.text("role");
  if (role == "ROLE_USER" || role == "user") return Role::user;
  if (role == "ROLE_AGENT" || role == "agent") return Role::agent;
  return bad("message.role must be ROLE_USER or ROLE_AGENT");
}

}  // namespace

Result<Message> parse_message(JsonView view, Dialect dialect) {
  if (!view.is(Type::object)) return bad("message must be an object");
  JsonObject const from(view);
  Message message;
  AW_TRY(message.id, short_text(from, "messageId"));
  if (message.id.empty()) return bad("message.messageId is required");
  AW_TRY(message.role, parse_role(from));
  auto parts = from.get("parts");
  if (!parts.present()) parts = from.get("content");
  if (!parts.present()) return bad("message.parts is required");
  AW_TRY(message.parts, parse_parts(parts, "message.parts", dialect));
  AW_TRY(message.task_id, short_text(from, "taskId"));
  AW_TRY(message.context_id, short_text(from, "contextId"));
  AW_TRY(message.reference_task_ids, text_list(from, "referenceTaskIds"));
  AW_TRY(message.extensions, text_list(from, "extensions"));
  AW_TRY(message.metadata, object_text(from, "metadata"));
  return message;
}

Result<Artifact> parse_artifact(JsonView view, Dialect dialect) {
  if (!view.is(Type::object)) return bad("artifact must be an object");
  JsonObject const from(view);
  Artifact artifact;
  AW_TRY(artifact.id, short_text(from, "artifactId"));
  if (artifact.id.empty()) return bad("artifact.artifactId is required");
  artifact.name = from.text("name");
  artifact.description = from.text("description");
  AW_TRY(artifact.parts, parse_parts(from.get("parts"), "artifact.parts", dialect));
  AW_TRY(artifact.extensions, text_list(from, "extensions"));
  AW_TRY(artifact.metadata, object_text(from, "metadata"));
  return artifact;
}

}  // namespace aw::a2a
