// SPDX-License-Identifier: Apache-2.0
#include "commands/support/policy_input.h"

#include <CLI/CLI.hpp>
#include <istream>
#include <iterator>

#include "core/authz/data_files.h"
#include "core/base/fs.h"
#include "core/rego/yaml.h"

namespace aw::commands {
namespace {

// A byte order mark is passed over, as OPA does.
Result<rego::Value> parse_text(std::string_view text, std::string const& name) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return with_context(rego::parse_json(text), name);
}

}  // namespace

Result<rego::Value> read_policy_input(std::string const& argument, Context& context) {
  if (argument.empty()) return rego::Value();
  if (argument == "-") {
    std::string const text(std::istreambuf_iterator<char>(context.in), {});
    return parse_text(text, "stdin");
  }
  if (argument.front() == '{') return with_context(rego::parse_json(argument), "--input");
  AW_TRY(auto const text, fs::read_file(argument));
  bool const yaml = argument.ends_with(".yaml") || argument.ends_with(".yml");
  if (yaml) return with_context(rego::parse_yaml(text), argument);
  return parse_text(text, argument);
}

void add_policy_input(CLI::App& command, std::string& input) {
  command.add_option("-i,--input", input, "The input document: a file, - or {…}")
      ->type_name("FILE");
  command.add_flag_callback(
      "-I,--stdin-input", [&input] { input = "-"; }, "Read the input from stdin");
}

}  // namespace aw::commands
