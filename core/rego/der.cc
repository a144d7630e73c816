// SPDX-License-Identifier: Apache-2.0
#include "core/rego/der.h"

#include "core/base/text.h"
#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

// The length behind the tag, and where the body begins.
bool read_length(std::string_view bytes, std::size_t& length, std::size_t& header) {
  std::uint8_t first = byte_at(bytes, 1);
  header = 2;
  length = first;
  if (first < 0x80) return true;
  std::size_t count = first & 0x7FU;
  if (count == 0 || count > 4 || bytes.size() < 2 + count) return false;
  length = 0;
  for (std::size_t i = 0; i < count; ++i) length = length << 8U | byte_at(bytes, 2 + i);
  header = 2 + count;
  return length >= 0x80 && (count == 1 || length >> (8 * (count - 1)) != 0);  // §10.1: minimal
}

std::optional<std::string> latin1(std::string_view body) {
  std::string out;
  for (char c : body) append_utf8(out, static_cast<std::uint8_t>(c));
  return out;
}

std::optional<std::string> utf16(std::string_view body) {
  if (body.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < body.size(); i += 2) {
    append_utf8(out, static_cast<Rune>(byte_at(body, i) << 8U | byte_at(body, i + 1)));
  }
  return out;
}

}  // namespace

bool DerReader::next(DerElement& out) {
  if (rest_.size() < 2 || (byte_at(rest_, 0) & 0x1FU) == 0x1FU) return false;
  std::size_t length = 0;
  std::size_t header = 0;
  if (!read_length(rest_, length, header) || rest_.size() - header < length) return false;
  out.tag = byte_at(rest_, 0);
  out.body = rest_.substr(header, length);
  out.whole = rest_.substr(0, header + length);
  rest_.remove_prefix(header + length);
  return true;
}

bool DerReader::take(std::uint8_t tag, DerElement& out) {
  DerReader ahead = *this;
  if (!ahead.next(out) || out.tag != tag) return false;
  *this = ahead;
  return true;
}

bool DerReader::take(std::uint8_t tag, std::string_view& body) {
  DerElement element;
  if (!take(tag, element)) return false;
  body = element.body;
  return true;
}

std::optional<std::vector<std::uint64_t>> object_id(std::string_view body) {
  std::vector<std::uint64_t> out;
  std::uint64_t part = 0;
  bool open = body.empty();
  for (char c : body) {
    auto byte = static_cast<std::uint8_t>(c);
    if (part > UINT64_MAX >> 8U || (!open && byte == 0x80)) return std::nullopt;
    part = part << 7U | (byte & 0x7FU);
    open = (byte & 0x80U) != 0;
    if (open) continue;
    if (out.empty()) {  // §8.19.4: the first two numbers share one
      std::uint64_t first = part < 80 ? part / 40 : 2;
      out.push_back(first);
      part -= first * 40;
    }
    out.push_back(part);
    part = 0;
  }
  if (open) return std::nullopt;
  return out;
}

std::string dotted(std::vector<std::uint64_t> const& id) {
  std::string out;
  for (std::uint64_t part : id) out += (out.empty() ? "" : ".") + std::to_string(part);
  return out;
}

std::optional<std::int64_t> small_integer(std::string_view body) {
  if (body.empty() || body.size() > 8 || (byte_at(body, 0) & 0x80U) != 0) return std::nullopt;
  std::int64_t out = 0;
  for (char c : body) out = out << 8 | static_cast<std::uint8_t>(c);
  return out;
}

std::optional<std::string> der_text(DerElement const& element) {
  switch (element.tag) {
    case der::kT61String:
      return latin1(element.body);
    case der::kBmpString:
      return utf16(element.body);
    case der::kUtf8String:
    case der::kNumericString:
    case der::kPrintableString:
    case der::kIa5String:
      if (!text::is_utf8(element.body)) return std::nullopt;
      return std::string(element.body);
    default:
      return std::nullopt;
  }
}

}  // namespace aw::rego
