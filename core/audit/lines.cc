// SPDX-License-Identifier: Apache-2.0
#include "core/audit/lines.h"

#include <cerrno>

namespace aw::audit {

Result<std::ifstream> open_log_file(std::filesystem::path const& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return make_error(Code::audit_unreadable, "audit log " + path.string() + " is a directory",
                      "name the files in it");
  }
  std::ifstream in(path, std::ios::binary);
  if (in) return in;
  return errno_error(Code::audit_unreadable, "audit log " + path.string(), errno);
}

std::optional<LineReader::Line> LineReader::next() {
  buffer_.clear();
  auto* const source = in_.rdbuf();
  bool too_long = false;
  for (;;) {
    auto const c = source->sbumpc();
    if (c == std::char_traits<char>::eof()) {
      in_.setstate(std::ios::eofbit);
      if (buffer_.empty() && !too_long) return std::nullopt;
      return Line{.text = buffer_, .ended = false, .too_long = too_long};
    }
    if (c == '\n') return Line{.text = buffer_, .ended = true, .too_long = too_long};
    if (buffer_.size() >= kMaxRecordBytes) {
      too_long = true;
      buffer_.clear();
    }
    if (!too_long) buffer_.push_back(static_cast<char>(c));
  }
}

std::string_view string_member(std::string_view line, std::string_view name) {
  std::string quoted;
  quoted.append("\"").append(name).append("\":\"");
  auto const at = line.find(quoted);
  if (at == std::string_view::npos) return {};
  auto const rest = line.substr(at + quoted.size());
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '\\')
      ++i;
    else if (rest[i] == '"')
      return rest.substr(0, i);
  }
  return {};
}

}  // namespace aw::audit
