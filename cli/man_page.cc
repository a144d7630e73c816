// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "cli/pages.h"
#include "core/base/text.h"

namespace aw::cli {
namespace {

using commands::CommandInfo;
using commands::OptionInfo;

// groff reads backslashes and hyphens, and lines that begin with a dot or an apostrophe.
std::string roff(std::string_view text) {
  std::string out;
  bool start = true;
  for (char const c : text) {
    if (start && (c == '.' || c == '\'')) out += "\\&";
    start = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string page_name(CommandInfo const& command) {
  std::string out = command.path;
  std::ranges::replace(out, ' ', '-');
  return out;
}

void append_option(std::string& out, OptionInfo const& option) {
  out += ".TP\n.B ";
  out += option.names.empty() ? roff(option.value) : roff(text::join(option.names, ", "));
  if (!option.names.empty() && !option.value.empty()) out += " " + roff(option.value);
  out += "\n" + roff(option.purpose);
  if (!option.fallback.empty()) out += " (default: " + roff(option.fallback) + ")";
  out += '\n';
}

void append_options(std::string& out, std::string_view head,
                    std::vector<OptionInfo> const& options) {
  if (options.empty()) return;
  out += ".SH " + std::string(head) + "\n";
  for (auto const& option : options) append_option(out, option);
}

void append_commands(std::string& out, CommandInfo const& command) {
  if (command.children.empty()) return;
  out += ".SH COMMANDS\n";
  for (auto const& child : command.children) {
    out += ".TP\n.BR " + roff(page_name(child)) + " (1)\n" + roff(child.purpose) + "\n";
  }
}

void append_examples(std::string& out, CommandInfo const& command) {
  if (command.examples.empty()) return;
  out += ".SH EXAMPLES\n.nf\n";
  for (auto const& example : command.examples) out += roff(example) + "\n";
  out += ".fi\n";
}

}  // namespace

std::string man_page(CommandInfo const& root, CommandInfo const& command) {
  std::string const name = page_name(command);
  std::string out = ".\\\" Made from the command tree; do not edit.\n";
  out +=
      ".TH " + roff(upper(name)) + " 1 \"\" \"agentweave " AW_VERSION "\" \"agentweave manual\"\n";
  out += ".SH NAME\n" + roff(name) + " \\- " + roff(command.purpose) + "\n";
  out += ".SH SYNOPSIS\n.B " + roff(command.usage()) + "\n";
  append_examples(out, command);
  if (!command.details.empty()) out += ".SH DESCRIPTION\n.nf\n" + roff(command.details) + ".fi\n";
  append_commands(out, command);
  append_options(out, "ARGUMENTS", command.positionals);
  append_options(out, "OPTIONS", command.options);
  if (&command != &root) out += ".SH SEE ALSO\n.BR agentweave (1)\n";
  return out;
}

}  // namespace aw::cli
