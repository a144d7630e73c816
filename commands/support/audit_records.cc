// SPDX-License-Identifier: Apache-2.0
#include "commands/support/audit_records.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/audit/lines.h"

namespace aw::commands {
namespace {

// "8h" -> a time; "02:13" -> today's; anything else as it is.
std::string moment(std::string const& text, WallTime now) {
  if (text.size() >= 4 && text.find(':') != std::string::npos && text.find('-') == text.npos) {
    return format_rfc3339(now).substr(0, 11) + text;
  }
  if (auto const ago = parse_duration(text)) return format_rfc3339(now - *ago);
  return text;
}

}  // namespace

Result<void> for_each_record(std::span<const std::filesystem::path> files,
                             audit::Filter const& filter, Context& context,
                             std::function<void(json::Json const&)> const& each) {
  std::uint64_t odd = 0;
  for (auto const& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      return make_error(Code::audit_unreadable, "audit log " + file.string() + " cannot be read",
                        "does it exist, and may this user read it?");
    }
    audit::LineReader reader(in);
    while (auto const line = reader.next()) {
      auto const record = json::parse(line->text);
      if (!record.ok()) {
        ++odd;
      } else if (filter.matches(*record)) {
        each(*record);
      }
    }
  }
  if (odd > 0) {
    context.say(std::to_string(odd) + " lines are no records: run `agentweave audit verify`");
  }
  return {};
}

Result<audit::Filter> window_filter(std::string const& since, std::string const& until,
                                    Context const& context) {
  std::string text;
  auto const now = context.clock.now();
  if (!since.empty()) text = "t>=\"" + moment(since, now) + "\"";
  if (!until.empty()) {
    text += std::string(text.empty() ? "" : " && ") + "t<\"" + moment(until, now) + "\"";
  }
  return audit::Filter::parse(text);
}

}  // namespace aw::commands
