// SPDX-License-Identifier: Apache-2.0
#include "commands/support/audit_records.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/audit_files.h"
#include "core/audit/lines.h"

namespace aw::commands {
namespace {

bool made_of(std::string_view text, std::string_view marks) {
  return std::ranges::all_of(
      text, [&](char c) { return (c >= '0' && c <= '9') || marks.find(c) != marks.npos; });
}

// "8h" -> a time; "02:13" -> today's; a date, and of its time as much as is said, as it is.
Result<std::string> moment(std::string const& text, WallTime now) {
  if (auto const ago = parse_duration(text)) return format_rfc3339(now - *ago);
  if (text.find(':') != std::string::npos && made_of(text, ":."))
    return format_rfc3339(now).substr(0, 11) + text;
  constexpr std::size_t kYear = 4;
  if (text.size() > kYear && text[kYear] == '-' && made_of(text, "-:.TZ")) return text;
  return make_error(Code::usage, "no time: " + text, "8h, 02:13, or 2026-11-23T02:00");
}

}  // namespace

Result<void> for_each_record(std::span<const std::filesystem::path> files,
                             audit::Filter const& filter, Context& context,
                             std::function<void(json::Json const&)> const& each) {
  std::uint64_t odd = 0;
  auto const read = [&](std::istream& in) {
    audit::LineReader reader(in);
    while (auto const line = reader.next()) {
      auto const record = json::parse(line->text);
      if (!record.ok()) {
        ++odd;
      } else if (filter.matches(*record)) {
        each(*record);
      }
    }
  };
  for (auto const& file : files) {
    if (file == kStandardInput) {
      read(context.in);
      continue;
    }
    AW_TRY(auto in, audit::open_log_file(file));
    read(in);
  }
  if (odd > 0) {
    context.say((odd == 1 ? std::string("1 line is no record")
                          : std::to_string(odd) + " lines are no records") +
                ": run `agentweave audit verify`");
  }
  return {};
}

Result<audit::Filter> window_filter(std::string const& since, std::string const& until,
                                    Context const& context) {
  std::string text;
  auto const now = context.clock.now();
  if (!since.empty()) {
    AW_TRY(auto const from, moment(since, now));
    text = "t>=\"" + from + "\"";
  }
  if (!until.empty()) {
    AW_TRY(auto const to, moment(until, now));
    text += std::string(text.empty() ? "" : " && ") + "t<\"" + to + "\"";
  }
  return audit::Filter::parse(text);
}

}  // namespace aw::commands
