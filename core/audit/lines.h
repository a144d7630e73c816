// SPDX-License-Identifier: Apache-2.0
// Reads a log line by line, never holding more than one record's worth of it.
#pragma once

#include <filesystem>
#include <fstream>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

#include "core/audit/chain.h"

namespace aw::audit {

// The file of a log. Code::audit_unreadable: missing, not for this user, or a directory, which
// opens like a file and fails at the first read.
[[nodiscard]] Result<std::ifstream> open_log_file(std::filesystem::path const& path);

// `in` outlives it. Any bytes may come.
class LineReader {
 public:
  struct Line {
    std::string_view text;  // without its newline; until the next call
    bool ended = false;     // by a newline: a line being written is not
    bool too_long = false;  // then `text` is empty and the rest of the line was skipped
  };
  explicit LineReader(std::istream& in) : in_(in) {}
  // nullopt at the end.
  std::optional<Line> next();

 private:
  std::istream& in_;
  std::string buffer_;
};

// The value of a top-level string member that this program wrote itself, as written (escapes not
// undone); empty when it is not there.
// Finds the first text that looks so: of a verified line only, and only for members that stand
// before foreign text.
[[nodiscard]] std::string_view string_member(std::string_view line, std::string_view name);

}  // namespace aw::audit
