// SPDX-License-Identifier: Apache-2.0
#include "core/http/h1_head.h"

#include <algorithm>
#include <charconv>

#include "core/base/text.h"

namespace aw::http {

namespace {

using text::equal_ignoring_case;

std::unexpected<Fault> too_large(int status, std::string_view what) {
  return std::unexpected(Fault{.code = Code::too_large, .status = status, .what = what});
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// RFC 9110 §8.6: digits only; 18 of them never overflow.
bool parse_length(std::string_view text, std::uint64_t& out) {
  if (text.empty() || text.size() > 18) return false;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc{};
}

// Calls `use` with each member of a comma-separated list.
template <class Use>
void each_member(std::string_view list, Use use) {
  while (!list.empty()) {
    auto const comma = list.find(',');
    use(trim_blanks(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

bool visible(char c) { return c > 0x20 && c < 0x7f; }

// Finds the next complete line; nullopt = it has not ended yet.
std::expected<std::optional<std::string_view>, Fault> next_line(std::string_view bytes,
                                                                std::size_t& line_start,
                                                                std::size_t& scanned) {
  auto const end = bytes.find('\n', scanned);
  if (end == std::string_view::npos) {
    scanned = bytes.size();
    return std::nullopt;
  }
  if (end == line_start || bytes[end - 1] != '\r') return malformed_message("line ends without CR");
  auto const line = bytes.substr(line_start, end - 1 - line_start);
  line_start = end + 1;
  scanned = line_start;
  return line;
}

std::expected<void, Fault> absolute_target(std::string_view rest, Request& out) {
  auto const slash = rest.find_first_of("/?");
  auto const authority = rest.substr(0, slash);
  if (!is_authority(authority)) return malformed_message("target has a malformed authority");
  out.authority.assign(authority);
  auto const path = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
  if (!is_origin_target(path)) return malformed_message("malformed target");
  out.set_target(path);
  out.form = TargetForm::absolute;
  return {};
}

std::expected<void, Fault> parse_target(std::string_view target, Request& out) {
  if (out.method == "CONNECT") return malformed_message("CONNECT is not served");
  if (target == "*") {
    if (out.method != "OPTIONS") return malformed_message("target * is for OPTIONS");
    out.set_target(target);
    return {};
  }
  if (is_origin_target(target)) {
    out.set_target(target);
    return {};
  }
  for (std::string_view const scheme : {"http://", "https://"}) {
    if (target.size() > scheme.size() &&
        equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      return absolute_target(target.substr(scheme.size()), out);
    }
  }
  return malformed_message("malformed target");
}

std::expected<Version, Fault> parse_version(std::string_view text) {
  if (text == "HTTP/1.1") return Version::http1_1;
  if (text == "HTTP/1.0") return Version::http1_0;
  bool const shaped = text.size() == 8 && text.starts_with("HTTP/") && text[5] >= '0' &&
                      text[5] <= '9' && text[6] == '.' && text[7] >= '0' && text[7] <= '9';
  if (!shaped) return malformed_message("malformed version");
  return std::unexpected(
      Fault{.code = Code::request_malformed, .status = 505, .what = "version not spoken"});
}

}  // namespace

HeadLimits head_limits(Limits const& limits) {
  return {.bytes = limits.max_head_bytes,
          .fields = limits.max_headers,
          .target = limits.max_target_bytes};
}

bool is_authority(std::string_view text) {
  if (text.empty() || text.size() > 255 + 6) return false;
  std::string_view port;
  if (text.front() == '[') {
    auto const close = text.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    auto const inside = text.substr(1, close - 1);
    if (inside.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
      return false;
    }
    port = text.substr(close + 1);
  } else {
    auto const colon = text.find(':');
    auto const host = text.substr(0, colon);
    bool const fine = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             c == '-' || c == '.' || c == '_' || c == '~';
    });
    if (!fine) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  return port.front() == ':' && port.size() <= 6 &&
         port.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

bool is_origin_target(std::string_view text) {
  return !text.empty() && text.front() == '/' &&
         std::all_of(text.begin(), text.end(), [](char c) { return visible(c) && c != '#'; });
}

std::expected<void, Fault> FieldBlock::line(std::string_view text, Headers& out) {
  auto const colon = text.find(':');
  // An obsolete fold begins with a blank, which no token does.
  if (colon == std::string_view::npos || !is_token(text.substr(0, colon))) {
    return malformed_message("malformed field name");
  }
  auto const name = text.substr(0, colon);
  auto const value = trim_blanks(text.substr(colon + 1));
  if (!is_field_value(value)) return malformed_message("control character in a field value");
  if (auto noted = note(name, value); !noted) return noted;
  out.add(name, value);
  return {};
}

std::expected<void, Fault> FieldBlock::note(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (equal_ignoring_case(name, "host")) {
        if (++hosts > 1) return malformed_message("more than one host");
        if (!is_authority(value)) return malformed_message("malformed host");
      }
      break;
    case 6:
      if (equal_ignoring_case(name, "expect")) {
        if (!equal_ignoring_case(value, "100-continue")) {
          return std::unexpected(
              Fault{.code = Code::request_malformed, .status = 417, .what = "unknown expectation"});
        }
        expect_continue = true;
      }
      break;
    case 10:
      if (equal_ignoring_case(name, "connection")) {
        each_member(value, [this](std::string_view option) {
          close = close || equal_ignoring_case(option, "close");
          keep_alive = keep_alive || equal_ignoring_case(option, "keep-alive");
        });
      }
      break;
    case 14:
      if (equal_ignoring_case(name, "content-length")) {
        if (++lengths > 1) return malformed_message("more than one content-length");
        if (!parse_length(value, length)) return malformed_message("malformed content-length");
      }
      break;
    case 17:
      if (equal_ignoring_case(name, "transfer-encoding")) {
        if (++encodings > 1) return malformed_message("more than one transfer-encoding");
        if (!equal_ignoring_case(value, "chunked"))
          return malformed_message("transfer-encoding not spoken");
      }
      break;
    default:
      break;
  }
  return {};
}

void RequestHead::reset() {
  line_start_ = 0;
  scanned_ = 0;
  fields_.reset();
  framing_ = {};
}

std::expected<std::size_t, Fault> RequestHead::parse(std::string_view bytes, Request& out) {
  for (;;) {
    bool const first = line_start_ == 0;
    auto const line = next_line(bytes, line_start_, scanned_);
    if (!line) return std::unexpected(line.error());
    auto const seen = *line ? line_start_ : bytes.size();
    if (first && seen > limits_.target + 64) return too_large(414, "request line too long");
    if (seen > limits_.bytes) return too_large(431, "head too large");
    if (!*line) return 0;
    if (first) {
      if (auto parsed = request_line(**line, out); !parsed) return std::unexpected(parsed.error());
      continue;
    }
    if ((*line)->empty()) {
      if (auto ended = finish(out); !ended) return std::unexpected(ended.error());
      return line_start_;
    }
    if (out.headers.size() == limits_.fields) return too_large(431, "too many fields");
    if (auto field = fields_.line(**line, out.headers); !field) {
      return std::unexpected(field.error());
    }
  }
}

std::expected<void, Fault> RequestHead::request_line(std::string_view text, Request& out) const {
  auto const first = text.find(' ');
  auto const last = text.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return malformed_message("malformed request line");
  auto const method = text.substr(0, first);
  if (!is_token(method) || method.size() > 32) return malformed_message("malformed method");
  auto const target = text.substr(first + 1, last - first - 1);
  if (target.size() > limits_.target) return too_large(414, "target too long");
  auto const version = parse_version(text.substr(last + 1));
  if (!version) return std::unexpected(version.error());
  out.method.assign(method);
  out.version = *version;
  return parse_target(target, out);
}

std::expected<void, Fault> RequestHead::finish(Request& out) {
  bool const old = out.version == Version::http1_0;
  if (fields_.hosts == 0 && !old) return malformed_message("no host");
  if (fields_.encodings > 0 && (old || fields_.lengths > 0)) {
    return malformed_message("transfer-encoding where a length counts");
  }
  if (fields_.hosts > 0) {
    auto const host = out.headers.get("host").value_or("");
    // RFC 9112 §3.2.2 lets the target win; we let nobody disagree.
    if (!out.authority.empty() && !equal_ignoring_case(out.authority, host)) {
      return malformed_message("target and host disagree");
    }
    out.authority.assign(host);
    out.headers.erase("host");
  }
  framing_ = Framing{.body = BodyKind::none,
                     .length = fields_.length,
                     .keep_alive = !fields_.close && (!old || fields_.keep_alive),
                     .expect_continue = fields_.expect_continue && !old};
  if (fields_.encodings > 0) framing_.body = BodyKind::chunked;
  if (fields_.length > 0) framing_.body = BodyKind::length;
  return {};
}

void ResponseHead::reset() {
  line_start_ = 0;
  scanned_ = 0;
  version_ = Version::http1_1;
  fields_.reset();
  framing_ = {};
}

std::expected<std::size_t, Fault> ResponseHead::parse(std::string_view bytes, Asked asked,
                                                      Response& out) {
  for (;;) {
    bool const first = line_start_ == 0;
    auto const line = next_line(bytes, line_start_, scanned_);
    if (!line) return std::unexpected(line.error());
    auto const seen = *line ? line_start_ : bytes.size();
    if (seen > limits_.bytes) return too_large(431, "head too large");
    if (!*line) return 0;
    if (first) {
      if (auto parsed = status_line(**line, out); !parsed) return std::unexpected(parsed.error());
      continue;
    }
    if ((*line)->empty()) {
      if (auto ended = finish(asked, out); !ended) return std::unexpected(ended.error());
      return line_start_;
    }
    if (out.headers.size() == limits_.fields) return too_large(431, "too many fields");
    if (auto field = fields_.line(**line, out.headers); !field) {
      return std::unexpected(field.error());
    }
  }
}

// RFC 9112 §4: HTTP/1.1 SP 3DIGIT SP [reason]; the last space is often forgotten when there is no
// reason.
std::expected<void, Fault> ResponseHead::status_line(std::string_view text, Response& out) {
  if (text.size() < 12 || text[8] != ' ') return malformed_message("malformed status line");
  auto const version = parse_version(text.substr(0, 8));
  if (!version) return std::unexpected(version.error());
  version_ = *version;
  auto const digits = text.substr(9, 3);
  bool const fine = digits[0] >= '1' && digits[0] <= '9' && digits[1] >= '0' && digits[1] <= '9' &&
                    digits[2] >= '0' && digits[2] <= '9';
  if (!fine || (text.size() > 12 && text[12] != ' ') || !is_field_value(text)) {
    return malformed_message("malformed status line");
  }
  out.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  return {};
}

std::expected<void, Fault> ResponseHead::finish(Asked asked, Response const& out) {
  bool const old = version_ == Version::http1_0;
  if (fields_.encodings > 0 && (old || fields_.lengths > 0)) {
    return malformed_message("transfer-encoding where a length counts");
  }
  framing_ = Framing{.body = BodyKind::until_close,
                     .length = fields_.length,
                     .keep_alive = !fields_.close && (!old || fields_.keep_alive)};
  bool const bodiless =
      asked == Asked::head || out.status < 200 || out.status == 204 || out.status == 304;
  if (bodiless) {
    framing_.body = BodyKind::none;
  } else if (fields_.encodings > 0) {
    framing_.body = BodyKind::chunked;
  } else if (fields_.lengths > 0) {
    framing_.body = fields_.length > 0 ? BodyKind::length : BodyKind::none;
  }
  if (framing_.body == BodyKind::until_close) framing_.keep_alive = false;
  return {};
}

}  // namespace aw::http
