// SPDX-License-Identifier: Apache-2.0
#include "commands/support/context.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/yaml.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::good:
      return "\033[32m";
    case Style::bad:
      return "\033[31m";
    case Style::warning:
      return "\033[33m";
    case Style::dim:
      return "\033[2m";
    case Style::bold:
      return "\033[1m";
  }
  return "";
}

std::string painted(Terminal terminal, Style style, std::string_view text) {
  if (terminal == Terminal::no || style == Style::plain) return std::string(text);
  return std::string(escape_of(style)) + std::string(text) + "\033[0m";
}

// no-color.org: any non-empty value switches colour off. A dumb terminal has none.
Terminal wants_colour(Terminal terminal, Env const& env) {
  auto const no_color = env.find("NO_COLOR");
  if (no_color != env.end() && !no_color->second.empty()) return Terminal::no;
  auto const term = env.find("TERM");
  if (term != env.end() && term->second == "dumb") return Terminal::no;
  return terminal;
}

json::Json envelope(std::string_view kind) {
  json::Json out = json::Json::object();
  out["api_version"] = std::string(kApiVersion);
  out["kind"] = std::string(kind);
  return out;
}

// JSON text for people and programs; bytes that are no UTF-8 become U+FFFD instead of an exception.
std::string dumped(json::Json const& value, int indent) {
  return value.dump(indent, ' ', false, json::Json::error_handler_t::replace);
}

json::Json error_json(Error const& error) {
  json::Json context = json::Json::object();
  for (auto const& [key, value] : error.context) context[key] = value;
  return {{"code", code_name(error.code)},
          {"reason", std::string(code_info(error.code).id)},
          {"message", error.message},
          {"hint", error.hint},
          {"context", std::move(context)}};
}

}  // namespace

std::optional<Output> output_called(std::string_view word) {
  if (word == "text") return Output::text;
  if (word == "table") return Output::table;
  if (word == "json") return Output::json;
  if (word == "yaml") return Output::yaml;
  if (word == "jsonl") return Output::jsonl;
  return std::nullopt;
}

Context::Context(World const& world)
    : in(world.in),
      out(world.out),
      err(world.err),
      env(world.env),
      clock(world.clock),
      out_terminal_(world.out_terminal),
      out_colour_(wants_colour(world.out_terminal, world.env)),
      err_colour_(wants_colour(world.err_terminal, world.env)),
      interrupt_(world.interrupt) {}

std::optional<std::string> Context::variable(std::string const& name) const {
  auto const found = env.find(name);
  if (found == env.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::stop_token Context::interrupt() const { return interrupt_ ? interrupt_() : std::stop_token{}; }

bool Context::machine_readable() const {
  return output == Output::json || output == Output::yaml || output == Output::jsonl;
}

void Context::print(std::string_view kind, json::Json const& data,
                    std::function<void(std::ostream&)> const& human) {
  switch (output) {
    case Output::text:
    case Output::table:
      human(out);
      break;
    case Output::jsonl:
      if (data.is_array()) {
        for (auto const& element : data) out << dumped(element, -1) << '\n';
      } else {
        out << dumped(data, -1) << '\n';
      }
      break;
    case Output::json:
    case Output::yaml: {
      json::Json whole = envelope(kind);
      whole["data"] = data;
      out << (output == Output::json ? dumped(whole, 2) + "\n" : to_yaml(whole));
      break;
    }
  }
  out.flush();
}

void Context::say(std::string_view line) {
  if (verbosity == Verbosity::quiet) return;
  if (machine_readable() && verbosity != Verbosity::verbose) return;
  err << line << '\n';
}

void Context::detail(std::string_view line) {
  if (verbosity == Verbosity::verbose) err << line << '\n';
}

std::string Context::paint_out(Style style, std::string_view text) const {
  return painted(out_colour_, style, text);
}

std::string Context::paint_err(Style style, std::string_view text) const {
  return painted(err_colour_, style, text);
}

void Context::no_color() {
  out_colour_ = Terminal::no;
  err_colour_ = Terminal::no;
}

void Context::clear_screen() {
  if (out_terminal_ == Terminal::yes && !machine_readable()) out << "\033[H\033[2J";
}

void Context::finish(Result<void> const& result) {
  exit_ = result.ok() ? Exit::ok : exit_code(result.error().code);
  if (!result.ok()) print_error(result.error());
}

void Context::finish(Result<Exit> const& result) {
  exit_ = result.ok() ? *result : exit_code(result.error().code);
  if (!result.ok()) print_error(result.error());
}

void Context::finish(Error const& error) {
  exit_ = exit_code(error.code);
  print_error(error);
}

void Context::print_error(Error const& error) {
  // Where nobody reads it, an envelope would say nothing.
  if (machine_readable() && out.good()) {
    json::Json whole = envelope("Error");
    whole["error"] = error_json(error);
    if (output == Output::yaml) {
      out << to_yaml(whole);
    } else {
      out << dumped(whole, output == Output::json ? 2 : -1) << '\n';
    }
    return;
  }
  // Errors are said even with -q: a failure without a word helps nobody.
  err << paint_err(Style::bad, "error") << "    " << code_name(error.code) << ' '
      << text::printable(error.message) << '\n';
  if (!error.hint.empty()) err << "hint     " << text::printable(error.hint) << '\n';
  // Who was denied by another agent wants to know why: its answer named the decision.
  auto const decision = std::ranges::find_if(
      error.context, [](auto const& fact) { return fact.first == "decision_id"; });
  if (exit_code(error.code) == Exit::denied && decision != error.context.end())
    say("next:    agentweave authz explain " + text::printable(decision->second));
  if (verbosity != Verbosity::verbose) return;
  for (auto const& [key, value] : error.context) {
    err << "         " << key << ": " << text::printable(value) << '\n';
  }
}

Env process_environment() {
  Env env;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view const pair(*entry);
    auto const equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    env.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return env;
}

}  // namespace aw::commands
