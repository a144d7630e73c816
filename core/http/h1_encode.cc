// SPDX-License-Identifier: Apache-2.0
#include "core/http/h1_encode.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace aw::http {

namespace {

constexpr std::array<std::string_view, 8> kFramingFields = {
    "connection",        "content-length", "keep-alive", "proxy-connection",
    "transfer-encoding", "upgrade",        "te",         "trailer"};

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, Headers::Field const& field) {
  if (is_framing_field(field.name) || !is_token(field.name) || !is_field_value(field.value)) return;
  out.append(field.name).append(": ").append(field.value).append("\r\n");
}

void append_framing(std::string& out, ResponseFrame const& frame) {
  if (frame.body == BodyKind::length) {
    out.append("content-length: ");
    append_number(out, frame.length);
    out.append("\r\n");
  } else if (frame.body == BodyKind::chunked) {
    out.append("transfer-encoding: chunked\r\n");
  }
  if (frame.after == After::close) {
    out.append("connection: close\r\n");
  } else if (frame.version == Version::http1_0) {
    out.append("connection: keep-alive\r\n");
  }
}

}  // namespace

bool is_framing_field(std::string_view name) {
  return std::find(kFramingFields.begin(), kFramingFields.end(), name) != kFramingFields.end();
}

void append_response_head(std::string& out, int status, Headers const& extra, Headers const& fields,
                          ResponseFrame const& frame) {
  if (status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(std::clamp(status, 100, 999)));
    out.append(" ").append(reason_phrase(status)).append("\r\n");
  }
  for (auto const field : extra) append_field(out, field);
  for (auto const field : fields) {
    if (extra.empty() || !extra.has(field.name)) append_field(out, field);
  }
  if (!frame.date.empty() && !fields.has("date")) {
    out.append("date: ").append(frame.date).append("\r\n");
  }
  append_framing(out, frame);
  out.append("\r\n");
}

void append_request_head(std::string& out, Request const& request, std::string_view authority) {
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nhost: ");
  out.append(authority).append("\r\n");
  for (auto const field : request.headers) {
    if (field.name != "host") append_field(out, field);
  }
  bool const says_length = !request.body.empty() || request.method == "POST" ||
                           request.method == "PUT" || request.method == "PATCH";
  if (says_length) {
    out.append("content-length: ");
    append_number(out, request.body.size());
    out.append("\r\n");
  }
  out.append("\r\n");
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;  // a chunk of nothing would end the body
  std::array<char, 16> digits{};
  auto const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16).ptr;
  out.append(digits.data(), end).append("\r\n").append(bytes).append("\r\n");
}

void append_last_chunk(std::string& out, Headers const& trailers) {
  out.append("0\r\n");
  for (auto const field : trailers) append_field(out, field);
  out.append("\r\n");
}

std::string_view DateField::at(WallTime now) {
  auto const second = std::chrono::floor<std::chrono::seconds>(now);
  if (second.time_since_epoch().count() != second_) {
    second_ = second.time_since_epoch().count();
    text_.clear();
    std::array<char, 40> buffer{};
    std::time_t const time = second_;
    std::tm parts{};
    gmtime_r(&time, &parts);
    // The C locale's names are the ones the format wants (RFC 9110 §5.6.7).
    text_.assign(buffer.data(),
                 std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }
  return text_;
}

}  // namespace aw::http
