// SPDX-License-Identifier: Apache-2.0
#include "core/http/message.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace aw::http {

namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// `name` in any case against a stored, lower-case one.
bool same_name(std::string_view stored, std::string_view name) {
  if (stored.size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (stored[i] != lower(name[i])) return false;
  }
  return true;
}

constexpr bool token_character(unsigned char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}

constexpr auto kTokenTable = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    table[c] = token_character(static_cast<unsigned char>(c));
  }
  return table;
}();

struct Reason {
  int status;
  std::string_view phrase;
};
constexpr std::array kReasons = {
    Reason{100, "Continue"},
    Reason{101, "Switching Protocols"},
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{417, "Expectation Failed"},
    Reason{421, "Misdirected Request"},
    Reason{422, "Unprocessable Content"},
    Reason{425, "Too Early"},
    Reason{426, "Upgrade Required"},
    Reason{428, "Precondition Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
};

}  // namespace

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  for (auto const& [name, value] : fields) add(name, value);
}

void Headers::add(std::string_view name, std::string_view value) {
  if (slots_.capacity() == 0) {  // room for a usual message at once, not by growing to it
    slots_.reserve(8);
    arena_.reserve(240);
  }
  auto const at = arena_.size();
  auto const after = at + name.size() + value.size();
  arena_.resize_and_overwrite(after, [&](char* bytes, std::size_t) {
    char* const place = bytes + at;
    for (std::size_t i = 0; i < name.size(); ++i) place[i] = lower(name[i]);
    if (!value.empty()) std::memcpy(place + name.size(), value.data(), value.size());
    return after;
  });
  slots_.push_back({.name = static_cast<std::uint32_t>(at),
                    .name_size = static_cast<std::uint32_t>(name.size()),
                    .value_size = static_cast<std::uint32_t>(value.size())});
  bytes_ += name.size() + value.size();
}

void Headers::set(std::string_view name, std::string_view value) {
  erase(name);
  add(name, value);
}

std::size_t Headers::erase(std::string_view name) {
  return std::erase_if(slots_, [&](Slot const& slot) {
    std::string_view const stored(arena_.data() + slot.name, slot.name_size);
    if (!same_name(stored, name)) return false;
    bytes_ -= slot.name_size + slot.value_size;
    return true;
  });
}

void Headers::append(Headers const& other) {
  for (auto const field : other) add(field.name, field.value);
}

void Headers::clear() {
  arena_.clear();
  slots_.clear();
  bytes_ = 0;
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto const field = (*this)[i];
    if (same_name(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [&](Slot const& slot) {
        return same_name({arena_.data() + slot.name, slot.name_size}, name);
      }));
}

Headers::Field Headers::operator[](std::size_t index) const {
  auto const& slot = slots_[index];
  char const* const at = arena_.data() + slot.name;
  return {.name = {at, slot.name_size}, .value = {at + slot.name_size, slot.value_size}};
}

void Request::set_target(std::string_view whole) {
  target.assign(whole);
  auto const mark = whole.find('?');
  path.assign(whole.substr(0, mark));
  if (mark == std::string_view::npos) {
    query.clear();
  } else {
    query.assign(whole.substr(mark + 1));
  }
}

void Request::clear() {
  method.clear();
  target.clear();
  path.clear();
  query.clear();
  authority.clear();
  headers.clear();
  body.clear();
  version = Version::http1_1;
  form = TargetForm::origin;
}

void Response::clear() {
  status = 200;
  headers.clear();
  body.clear();
  trailers.clear();
}

std::string_view reason_phrase(int status) {
  auto const* const at =
      std::lower_bound(kReasons.begin(), kReasons.end(), status,
                       [](Reason const& reason, int wanted) { return reason.status < wanted; });
  return at != kReasons.end() && at->status == status ? at->phrase : std::string_view();
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return kTokenTable[static_cast<unsigned char>(c)];
  });
}

// To the end whatever it meets: without a way out in the middle the compiler looks at many bytes a
// step, and values are good.
bool is_field_value(std::string_view text) {
  std::uint8_t bad = 0;
  for (char const c : text) {
    auto const byte = static_cast<std::uint8_t>(c);
    auto const control =
        static_cast<std::uint8_t>(byte < 0x20) & static_cast<std::uint8_t>(byte != '\t');
    bad |= static_cast<std::uint8_t>(control | static_cast<std::uint8_t>(byte == 0x7f));
  }
  return bad == 0;
}

}  // namespace aw::http
