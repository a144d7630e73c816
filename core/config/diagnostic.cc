// SPDX-License-Identifier: Apache-2.0
#include "core/config/diagnostic.h"

#include <algorithm>

#include "core/base/text.h"

namespace aw::config {
namespace {

// Tabs stay, so that the caret line can repeat them; everything else a terminal acts on does not.
std::string shown(std::string_view line) {
  std::string out;
  for (const auto part : text::split(line, '\t')) {
    if (!out.empty() || part.data() != line.data()) out += '\t';
    out += text::printable(part);
  }
  return out;
}

// As wide as the text before the caret looks: tabs repeated, one blank a character.
std::string blanks(std::string_view before) {
  std::string out;
  for (const char c : before) {
    if (c == '\t') {
      out += '\t';
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      out += ' ';
    }
  }
  return out;
}

std::string carets(std::string_view marked) {
  const auto width = std::ranges::count_if(
      marked, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return std::string(static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, width)), '^');
}

void append_snippet(std::string& out, Diagnostic const& diagnostic) {
  Place const& place = diagnostic.place;
  const std::string number = std::to_string(place.line);
  const std::string margin(number.size(), ' ');
  const std::string_view line = place.line_text;
  const std::size_t start = std::min(line.size(), static_cast<std::size_t>(place.column - 1));
  const std::size_t length = std::min(line.size() - start, static_cast<std::size_t>(place.length));
  out += margin + " |\n";
  out += number + " | " + shown(line) + '\n';
  out += margin + " | " + blanks(line.substr(0, start)) + carets(line.substr(start, length));
  if (!diagnostic.hint.empty()) out += ' ' + diagnostic.hint;
  out += '\n';
}

}  // namespace

std::string Place::text() const {
  if (file.empty()) return name;
  if (line <= 0) return file;
  return file + ':' + std::to_string(line) + ':' + std::to_string(column);
}

std::string Place::before(std::string_view message) const {
  auto out = text();
  if (!out.empty()) out += ": ";
  return out.append(message);
}

std::size_t count(std::span<const Diagnostic> diagnostics, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(diagnostics, severity, &Diagnostic::severity));
}

std::string render_text(Diagnostic const& diagnostic) {
  std::string out = diagnostic.severity == Severity::error ? "error[" : "warning[";
  out += code_name(diagnostic.code) + "]: " + text::printable(diagnostic.message) + '\n';
  Place const& place = diagnostic.place;
  if (const std::string at = place.text(); !at.empty()) out += "  --> " + at + '\n';
  const bool snippet = place.line > 0 && place.column > 0 && !place.line_text.empty() &&
                       place.line_text.size() <= kMaxShownLine;
  if (snippet) {
    append_snippet(out, diagnostic);
  } else if (!diagnostic.hint.empty()) {
    out += "   = " + text::printable(diagnostic.hint) + '\n';
  }
  return out;
}

std::string render_text(std::span<const Diagnostic> diagnostics) {
  std::string out;
  for (Diagnostic const& diagnostic : diagnostics) out += render_text(diagnostic);
  return out;
}

}  // namespace aw::config
