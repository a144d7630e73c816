// SPDX-License-Identifier: Apache-2.0
#include "commands/health.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/options.h"
#include "commands/support/web.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

std::string_view path_of(HealthOptions::Question question) {
  switch (question) {
    case HealthOptions::Question::healthy:
      return "/health";
    case HealthOptions::Question::ready:
      return "/readyz?verbose";
    case HealthOptions::Question::alive:
      return "/livez";
  }
  return "/health";
}

// It serves, but something is not as it should be: only the document says that, the status is 200.
bool is_degraded(json::Json const& document) {
  return document.is_object() && document.value("status", json::Json()) == "degraded";
}

std::string_view word_of(HealthOptions::Question question, long status,
                         json::Json const& document) {
  bool const good = status == 200;
  switch (question) {
    case HealthOptions::Question::healthy:
      return !good ? "unhealthy" : is_degraded(document) ? "degraded" : "healthy";
    case HealthOptions::Question::ready:
      return good ? "ready" : "not ready";
    case HealthOptions::Question::alive:
      return good ? "alive" : "not alive";
  }
  return "unhealthy";
}

// "http://host:port" gets the question's path; a URL with a path of its own is asked as it is.
std::string address_of(HealthOptions const& options) {
  auto const scheme = options.url.find("://");
  auto const host = scheme == std::string::npos ? 0 : scheme + 3;
  auto const slash = options.url.find('/', host);
  bool const bare = slash == std::string::npos || slash + 1 == options.url.size();
  if (!bare) return options.url;
  return options.url.substr(0, slash) + std::string(path_of(options.question));
}

void write_body(std::ostream& out, WebAnswer const& answer, json::Json const& parsed) {
  if (!parsed.is_object()) {
    for (auto line : text::split(text::trim(answer.body), '\n')) {
      out << "  " << text::printable(line) << '\n';
    }
    return;
  }
  for (auto const& [key, value] : parsed.items()) {
    out << "  " << text::printable(key) << ": "
        << text::printable(value.is_string() ? value.get<std::string>() : value.dump()) << '\n';
  }
}

// "  configuration degraded: AW1003 …" for each that is not ok.
void write_checks(std::ostream& out, json::Json const& document) {
  auto const checks = document.find("checks");
  if (checks == document.end() || !checks->is_object()) return;
  for (auto const& [name, check] : checks->items()) {
    if (!check.is_object() || check.value("status", json::Json()) == "ok") continue;
    auto const of = [&check](char const* member) {
      auto const value = check.value(member, json::Json());
      return value.is_string() ? value.get<std::string>() : value.dump();
    };
    out << "  " << text::printable(name + ' ' + of("status") + ": " + of("detail")) << '\n';
  }
}

}  // namespace

Result<Exit> run_health(HealthOptions const& options, Context& context) {
  AW_TRY(auto answer, web_get(address_of(options), options.timeout));
  auto parsed = json::parse(answer.body);
  json::Json const details = parsed.ok() ? *parsed : json::Json(answer.body);
  auto const word = word_of(options.question, answer.status, details);
  bool const degraded = word == "degraded";
  json::Json const data = {
      {"status", std::string(word)}, {"http_status", answer.status}, {"answer", details}};
  context.print("Health", data, [&](std::ostream& out) {
    bool const good = answer.status == 200;
    auto const style = degraded ? Style::warning : good ? Style::good : Style::bad;
    out << context.paint_out(style, word) << "  status " << answer.status << "  "
        << format_duration(answer.duration) << '\n';
    if (!good || context.verbosity == Verbosity::verbose)
      write_body(out, answer, details);
    else if (degraded)
      write_checks(out, details);
  });
  return answer.status == 200 ? Exit::ok : Exit::failed;
}

void register_health(CLI::App& parent, Context& context) {
  auto options = std::make_shared<HealthOptions>();
  auto& command = add_command(
      parent, {.name = "health",
               .purpose = "Ask an agent whether it is well, or ready for work",
               .examples = {"agentweave health", "agentweave health --ready",
                            "agentweave health http://127.0.0.1:9090 -o json"},
               .details = "The metrics port answers without identity: /health, /readyz, /livez.\n"
                          "To check the agent's TLS port use `agentweave ping`."});
  command.add_option("URL", options->url, "The agent's metrics port, or a whole health URL")
      ->capture_default_str();
  auto* const ready = command.add_flag_callback(
      "--ready", [options] { options->question = HealthOptions::Question::ready; },
      "Ready for requests?");
  command
      .add_flag_callback(
          "--live", [options] { options->question = HealthOptions::Question::alive; },
          "Only: does the process answer?")
      ->excludes(ready);
  add_duration(command, "-t,--timeout", options->timeout, "How long to wait for the agent");
  on_answer(command, context, [options, &context] { return run_health(*options, context); });
}

}  // namespace aw::commands
