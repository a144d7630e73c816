// SPDX-License-Identifier: Apache-2.0
#include "commands/support/payload.h"

#include <istream>
#include <nlohmann/json.hpp>

#include "core/base/fs.h"

namespace aw::commands {
namespace {

constexpr std::size_t kMaxPayload = std::size_t{4} << 20;

Result<std::string> read_stream(std::istream& in) {
  std::string out;
  std::string piece(64U << 10, '\0');
  while (in.good()) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    out.append(piece, 0, static_cast<std::size_t>(in.gcount()));
    if (out.size() > kMaxPayload) return make_error(Code::too_large, "stdin passes 4 MiB");
  }
  return out;
}

Result<std::string> text_of(std::string const& argument, Context& context) {
  if (argument.empty()) return std::string("{}");
  if (argument == "-") return read_stream(context.in);
  if (argument.front() == '@') return fs::read_file(argument.substr(1), kMaxPayload);
  return argument;
}

}  // namespace

Result<std::string> read_payload(std::string const& argument, Context& context) {
  AW_TRY(auto text, text_of(argument, context));
  // Some editors' files begin so; RFC 8259 §8.1: never sent, and may be passed over when read.
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.erase(0, kMark.size());
  if (auto parsed = json::parse(text, {.bytes = kMaxPayload}); !parsed.ok()) {
    if (argument.starts_with('@'))
      return make_error(Code::usage, argument.substr(1) + " is no JSON: " + parsed.error().message);
    return make_error(Code::usage,
                      std::string(argument == "-" ? "standard input" : "the payload") +
                          " is no JSON: " + parsed.error().message,
                      "for example '{\"name\":\"Ada\"}', - for stdin, or @file.json");
  }
  return text;
}

}  // namespace aw::commands
