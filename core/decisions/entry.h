// SPDX-License-Identifier: Apache-2.0
// One decision as it is kept: the question's parts, the answer, and how far the request came.
//
// On disk an entry is a frame: magic, length, version, the texts (each a length and its bytes), the
// numbers, magic again. JSON is made for who reads, not for every request. Pure; values.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::decisions {

// Appended to only: the numbers stand in files.
// Which text a frame holds at which place. A frame written before one was added has fewer.
enum class Text : std::uint8_t {
  id,  // "d-01J9…"; grows with time
  trace_id,
  span_id,
  caller,
  callee,
  action,
  direction,  // "inbound" | "outbound"
  method,
  binding,
  skill,
  task_id,
  context_id,
  remote_address,
  request_id,
  context_json,
  input_json,  // instead of the question's parts, where masks took something out
  erased,      // JSON: the masks that did
  gate,        // how far it came: "limits", "replay", "understood", "authorization", "dispatch"
  reason,
  rule,
  policy_id,
  policy_digest,
  policy_path,
  decided_by,
  shadow,  // JSON of the shadow policy's decision
  masked,  // JSON: the masks that put something in the place of something
  count_
};
inline constexpr std::size_t kTexts = static_cast<std::size_t>(Text::count_);

// `code` 0: policy said yes and nothing refused.
// time: nanoseconds since 1970; duration: nanoseconds of the decision; flags: the bits below;
// code: the Code that refused.
enum class Number : std::uint8_t { time, duration, generation, flags, code, count_ };
inline constexpr std::size_t kNumbers = static_cast<std::size_t>(Number::count_);

inline constexpr std::uint64_t kAllowed = 1;
inline constexpr std::uint64_t kCached = 2;
inline constexpr std::uint64_t kWouldDeny = 4;
inline constexpr std::uint64_t kAsked = 8;  // policy was asked: there is an input
// The last word under its id: what stands there before it could not be put on record, and was not
// given.
inline constexpr std::uint64_t kInstead = 16;

// An entry as views: what a request hands over (copied before `keep` returns), or what a frame
// holds. Default: all empty, nothing allowed.
struct Fields {
  std::array<std::string_view, kTexts> texts{};
  std::array<std::uint64_t, kNumbers> numbers{};

  void set(Text which, std::string_view text) { texts[static_cast<std::size_t>(which)] = text; }
  void set(Number which, std::uint64_t number) {
    numbers[static_cast<std::size_t>(which)] = number;
  }
};

// A frame read back; owns its texts. Foreign bytes: no more is promised than that they have the
// frame's shape.
struct Entry {
  std::array<std::string, kTexts> texts;
  std::array<std::uint64_t, kNumbers> numbers{};

  [[nodiscard]] std::string const& text(Text which) const {
    return texts[static_cast<std::size_t>(which)];
  }
  [[nodiscard]] std::uint64_t number(Number which) const {
    return numbers[static_cast<std::size_t>(which)];
  }
  [[nodiscard]] bool flag(std::uint64_t which) const {
    return (number(Number::flags) & which) != 0;
  }
  [[nodiscard]] bool allowed() const { return flag(kAllowed); }
  [[nodiscard]] WallTime time() const {
    return WallTime{std::chrono::nanoseconds(static_cast<std::int64_t>(number(Number::time)))};
  }
};

// A larger frame is not read, and ends the reading of its segment: whoever writes bounds the
// texts.
inline constexpr std::size_t kMaxEntryBytes = 1U << 20;

class Masks;
// The JSON text of `input` for an entry that was asked with parts.
// Given by the server, which knows how a question is put; pure, any thread.
using InputOf = std::function<std::string(Entry const&)>;

// Appends the frame of what may be written: with masks, the input is made here and now.
void append_masked_frame(std::string& out, Fields const& fields, Masks const& masks,
                         InputOf const& input_of);
// Appends the frame.
void append_frame(std::string& out, Fields const& fields);
// What the frame at the front of `bytes` holds, as views into it; `bytes` is moved behind it.
// nullopt when there is no whole one: a torn frame at the end of a segment, which a kill leaves, is
// none.
[[nodiscard]] std::optional<Fields> look_at_frame(std::string_view& bytes);
// The same, for those who keep it.
[[nodiscard]] std::optional<Entry> take_frame(std::string_view& bytes);

// OPA's decision log event: decision_id, timestamp, labels, path, input, result, requested_by,
// erased, masked, metrics; and what this program knows beside it. One JSON object.
[[nodiscard]] std::string event_json(Entry const& entry, InputOf const& input_of,
                                     std::string_view agent_name);

}  // namespace aw::decisions
