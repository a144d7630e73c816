// SPDX-License-Identifier: Apache-2.0
#include "commands/support/options.h"

#include <CLI/CLI.hpp>

namespace aw::commands {
namespace {

std::string check_duration(std::string const& value) {
  auto const parsed = parse_duration(value);
  if (parsed && parsed->count() > 0) return {};
  return "\"" + value + "\" is no duration: write 5s, 250ms or 2m";
}

}  // namespace

void add_duration(CLI::App& command, std::string const& names, std::chrono::nanoseconds& target,
                  std::string const& purpose) {
  command
      .add_option_function<std::string>(
          names, [&target](std::string const& value) { target = *parse_duration(value); }, purpose)
      ->check(CLI::Validator(check_duration, "DURATION"))
      ->type_name("DURATION")
      ->default_str(format_duration(target));
}

}  // namespace aw::commands
