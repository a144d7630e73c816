// SPDX-License-Identifier: Apache-2.0
#include "commands/support/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <optional>
#include <string_view>

namespace aw::commands {
namespace {

std::string check_duration(std::string const& value) {
  auto const parsed = parse_duration(value);
  if (parsed && parsed->count() > 0) return {};
  return "\"" + value + "\" is no duration: write 5s, 250ms or 2m";
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string check_number(std::string const& value) {
  return parse_number(value) ? std::string() : "\"" + value + "\" is no number from 0 on";
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

void add_number(CLI::App& command, std::string const& names, std::uint64_t& target,
                std::string const& purpose, std::string const& type) {
  command
      .add_option_function<std::string>(
          names, [&target](std::string const& value) { target = *parse_number(value); }, purpose)
      ->check(CLI::Validator(check_number, type))
      ->type_name(type)
      ->default_str(std::to_string(target));
}

}  // namespace aw::commands
