// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/entry.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/code.h"
#include "core/base/json.h"
#include "core/decisions/masks.h"

namespace aw::decisions {
namespace {

static_assert(std::endian::native == std::endian::little, "frames hold numbers as they are");

constexpr std::uint32_t kMagic = 0x44575741;  // "AWWD"
constexpr std::uint8_t kVersion = 1;

// Writes into room that is already there.
class Put {
 public:
  explicit Put(char* at) : at_(at) {}
  template <class T>
  void number(T value) {
    std::memcpy(at_, &value, sizeof(T));
    at_ += sizeof(T);
  }
  void text(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    if (text.empty()) return;                    // perhaps of no text at all
    std::memcpy(at_, text.data(), text.size());  // std::copy went byte by byte here
    at_ += text.size();
  }

 private:
  char* at_;
};

template <class T>
std::optional<T> get(std::string_view& bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value{};
  bytes.copy(reinterpret_cast<char*>(&value), sizeof(T));
  bytes.remove_prefix(sizeof(T));
  return value;
}

// Views into `bytes`.
std::optional<Fields> parse_payload(std::string_view bytes) {
  auto const version = get<std::uint8_t>(bytes);
  auto const texts = get<std::uint8_t>(bytes);
  if (!version || *version != kVersion || !texts || *texts > kTexts) return std::nullopt;
  Fields out;
  for (std::size_t i = 0; i < *texts; ++i) {
    auto const size = get<std::uint32_t>(bytes);
    if (!size || *size > bytes.size()) return std::nullopt;
    out.texts[i] = bytes.substr(0, *size);
    bytes.remove_prefix(*size);
  }
  for (auto& number : out.numbers) {
    auto const value = get<std::uint64_t>(bytes);
    if (!value) return std::nullopt;
    number = *value;
  }
  return bytes.empty() ? std::optional(out) : std::nullopt;
}

void optional_member(json::Writer& w, std::string_view name, std::string_view value) {
  if (!value.empty()) w.member(name, value);
}

void append_result(json::Writer& w, Entry const& entry) {
  w.key("result").boolean(entry.allowed());
  w.member("decision", entry.allowed() ? "allow" : "deny");
  w.member("reason", entry.text(Text::reason)).member("rule", entry.text(Text::rule));
  if (auto const code = entry.number(Number::code); code != 0) {
    w.member("code", code_name(static_cast<Code>(code)));
  }
  w.member("gate", entry.text(Text::gate));
  w.member("policy_digest", entry.text(Text::policy_digest));
  w.member("policy_generation", static_cast<std::int64_t>(entry.number(Number::generation)));
  optional_member(w, "policy_id", entry.text(Text::policy_id));
  w.member("decided_by", entry.text(Text::decided_by));
  w.key("cached").boolean(entry.flag(kCached)).key("would_deny").boolean(entry.flag(kWouldDeny));
  if (!entry.text(Text::shadow).empty()) w.key("shadow").raw(entry.text(Text::shadow));
}

}  // namespace

void append_frame(std::string& out, Fields const& fields) {
  std::size_t size = 2 + kNumbers * sizeof(std::uint64_t);
  for (auto const text : fields.texts) size += sizeof(std::uint32_t) + text.size();
  auto const before = out.size();
  auto const after = before + 2 * sizeof(kMagic) + sizeof(std::uint32_t) + size;
  out.resize_and_overwrite(after, [&](char* bytes, std::size_t) {
    Put put(bytes + before);
    put.number(kMagic);
    put.number(static_cast<std::uint32_t>(size));
    put.number(kVersion);
    put.number(static_cast<std::uint8_t>(kTexts));
    for (auto const text : fields.texts) put.text(text);
    for (auto const number : fields.numbers) put.number(number);
    put.number(kMagic);
    return after;
  });
}

void append_masked_frame(std::string& out, Fields const& fields, Masks const& masks,
                         InputOf const& input_of) {
  if (masks.empty() || (fields.numbers[static_cast<std::size_t>(Number::flags)] & kAsked) == 0) {
    return append_frame(out, fields);
  }
  Entry whole;
  for (std::size_t i = 0; i < kTexts; ++i) whole.texts[i] = fields.texts[i];
  whole.numbers = fields.numbers;
  auto const masked = masks.apply(input_of(whole));
  auto safe = fields;
  safe.set(Text::input_json, masked.input);
  safe.set(Text::erased, masked.erased);
  safe.set(Text::masked, masked.masked);
  safe.set(Text::context_json, {});
  append_frame(out, safe);
}

std::optional<Fields> look_at_frame(std::string_view& bytes) {
  auto rest = bytes;
  auto const magic = get<std::uint32_t>(rest);
  auto const size = get<std::uint32_t>(rest);
  if (!magic || *magic != kMagic || !size || *size > kMaxEntryBytes) return std::nullopt;
  if (rest.size() < *size + sizeof(kMagic)) return std::nullopt;
  auto const payload = rest.substr(0, *size);
  rest.remove_prefix(*size);
  if (*get<std::uint32_t>(rest) != kMagic) return std::nullopt;
  auto const fields = parse_payload(payload);
  if (fields) bytes = rest;
  return fields;
}

std::optional<Entry> take_frame(std::string_view& bytes) {
  auto const fields = look_at_frame(bytes);
  if (!fields) return std::nullopt;
  Entry out{.texts = {}, .numbers = fields->numbers};
  for (std::size_t i = 0; i < kTexts; ++i) out.texts[i] = fields->texts[i];
  return out;
}

std::string event_json(Entry const& entry, InputOf const& input_of, std::string_view agent_name) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("decision_id", entry.text(Text::id));
  w.member("timestamp", format_rfc3339(entry.time()));
  w.key("labels").begin_object().member("id", agent_name).member("app", "agentweave");
  w.member("version", AW_VERSION).end_object();
  optional_member(w, "trace_id", entry.text(Text::trace_id));
  optional_member(w, "span_id", entry.text(Text::span_id));
  w.member("path", entry.text(Text::policy_path));
  if (!entry.text(Text::input_json).empty()) {
    w.key("input").raw(entry.text(Text::input_json));
  } else if (entry.flag(kAsked)) {
    w.key("input").raw(input_of(entry));
  } else {
    w.key("input").begin_object();
    optional_member(w, "caller_spiffe_id", entry.text(Text::caller));
    optional_member(w, "callee_spiffe_id", entry.text(Text::callee));
    optional_member(w, "action", entry.text(Text::action));
    optional_member(w, "method", entry.text(Text::method));
    w.end_object();
  }
  if (!entry.text(Text::erased).empty()) w.key("erased").raw(entry.text(Text::erased));
  if (!entry.text(Text::masked).empty()) w.key("masked").raw(entry.text(Text::masked));
  append_result(w, entry);
  w.member("requested_by", entry.text(Text::remote_address));
  w.member("remote_address", entry.text(Text::remote_address));
  auto const took = static_cast<std::int64_t>(entry.number(Number::duration));
  w.member("duration_ns", took);
  w.key("metrics").begin_object().member("timer_rego_query_eval_ns", took).end_object();
  w.end_object();
  return out;
}

}  // namespace aw::decisions
