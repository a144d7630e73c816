// SPDX-License-Identifier: Apache-2.0
#include "commands/doctor.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/diagnosis.h"
#include "commands/support/options.h"
#include "commands/support/wait.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{500};

void add_all(Findings& all, Findings more) { std::ranges::move(more, std::back_inserter(all)); }

Findings findings_of(config::Loaded const& loaded) {
  Findings found;
  for (auto const& one : loaded.diagnostics) {
    bool const wrong = one.severity == config::Severity::error;
    auto text = one.message;
    if (auto const at = one.place.text(); !at.empty()) text += "  (" + at + ')';
    auto const fix = one.hint.empty() ? std::string("agentweave config validate") : one.hint;
    found.push_back(wrong ? bad("config", one.code, std::move(text), fix)
                          : warned("config", one.code, std::move(text), fix));
  }
  if (!loaded.ok()) return found;
  auto const file = loaded.files.empty() ? "no file" : loaded.files.front().string();
  found.push_back(
      good("config", file + ", " + std::to_string(loaded.keys) + " keys, " +
                         std::string(config::environment_name(loaded.config.environment))));
  return found;
}

Findings look_around(DoctorOptions const& options, config::LoadRequest const& request,
                     Context const& context) {
  auto const loaded = config::inspect(request);
  Findings found = findings_of(loaded);
  add_all(found, check_clock());
  if (!loaded.ok()) return found;  // what it says cannot be followed
  Patient const patient{
      .loaded = loaded, .config = loaded.config, .context = context, .patience = options.timeout};
  add_all(found, check_identity(patient));
  add_all(found, check_secrets(patient));
  add_all(found, check_policy(patient));
  add_all(found, check_places(patient));
  add_all(found, check_ports(patient));
  add_all(found, check_machine(patient));
  add_all(found, check_services(patient));
  bool const known = std::ranges::none_of(found, [](Finding const& one) {
    return one.group == "identity" && one.condition == Condition::bad;
  });
  if (known) add_all(found, check_peers(patient));
  return found;
}

std::size_t count_of(Findings const& found, Condition condition) {
  return static_cast<std::size_t>(std::ranges::count(found, condition, &Finding::condition));
}

std::string_view condition_word(Condition condition) {
  switch (condition) {
    case Condition::good:
      return "ok";
    case Condition::warning:
      return "warning";
    case Condition::bad:
      return "failed";
  }
  return "failed";
}

std::string condition_mark(Condition condition, Context const& context) {
  switch (condition) {
    case Condition::good:
      return context.paint_out(Style::good, "√");
    case Condition::warning:
      return context.paint_out(Style::warning, "‼");
    case Condition::bad:
      return context.paint_out(Style::bad, "×");
  }
  return "×";
}

json::Json finding_json(Finding const& finding) {
  json::Json out = {{"group", finding.group},
                    {"status", std::string(condition_word(finding.condition))},
                    {"text", finding.text}};
  if (finding.condition == Condition::good) return out;
  out["code"] = code_name(finding.code);
  if (!finding.fix.empty()) out["fix"] = finding.fix;
  return out;
}

void write_findings(std::ostream& out, Findings const& found, Context const& context) {
  constexpr std::size_t kColumn = 10;
  for (auto const& one : found) {
    bool const fine = one.condition == Condition::good;
    if (fine && context.verbosity == Verbosity::quiet) continue;
    auto group = one.group;
    group.resize(std::max(group.size(), kColumn), ' ');
    out << ' ' << condition_mark(one.condition, context) << ' ' << group << ' '
        << text::printable(one.text);
    if (!fine) out << "   explain " << code_name(one.code);
    out << '\n';
    if (!fine && !one.fix.empty())
      out << "   " << std::string(kColumn, ' ') << ' '
          << context.paint_out(Style::bold, text::printable(one.fix)) << '\n';
  }
  if (context.verbosity == Verbosity::quiet) return;
  out << count_of(found, Condition::bad) << " failed, " << count_of(found, Condition::warning)
      << (count_of(found, Condition::warning) == 1 ? " warning, " : " warnings, ")
      << count_of(found, Condition::good) << " ok\n";
}

Exit verdict_of(Findings const& found, DoctorOptions::FailOn fail_on) {
  auto const first = std::ranges::find(found, Condition::bad, &Finding::condition);
  if (first != found.end()) {
    auto const code = exit_code(first->code);
    return code == Exit::ok ? Exit::failed : code;
  }
  bool const objects =
      fail_on == DoctorOptions::FailOn::warning && count_of(found, Condition::warning) > 0;
  return objects ? Exit::threshold : Exit::ok;
}

}  // namespace

Result<Exit> run_doctor(DoctorOptions const& options, Context& context) {
  if (!options.prove.check.empty()) return run_check_report(options.prove, context);
  AW_TRY(auto const request, load_request(options.config, context));
  if (options.task == DoctorOptions::Task::prove)
    return run_prove(options.prove, request, options.timeout, context);
  auto const until =
      context.clock.steady() + std::chrono::duration_cast<SteadyTime::duration>(options.wait);
  Findings found = look_around(options, request, context);
  while (verdict_of(found, options.fail_on) != Exit::ok && context.clock.steady() < until) {
    if (wait_for(context.interrupt(), kBetweenLooks) == Waited::interrupted)
      return Exit::interrupted;
    found = look_around(options, request, context);
  }
  auto const exit = verdict_of(found, options.fail_on);
  json::Json data = {{"ok", exit == Exit::ok}, {"checks", json::Json::array()}};
  for (auto const& one : found) data["checks"].push_back(finding_json(one));
  context.print("Doctor", data, [&](std::ostream& out) { write_findings(out, found, context); });
  return exit;
}

void register_doctor(CLI::App& parent, Context& context) {
  auto options = std::make_shared<DoctorOptions>();
  auto& command = add_command(
      parent,
      {.name = "doctor",
       .purpose = "What is wrong here, and the line that mends it",
       .examples = {"agentweave doctor", "agentweave doctor config.yaml --env production",
                    "agentweave doctor --wait 30s --fail-on warn", "agentweave doctor -o json",
                    "agentweave doctor --prove --report proof.json",
                    "agentweave doctor --check-report proof.json --bundle bundle.pem"},
       .details = "Looks at configuration, identity (Workload API, SVID, own selectors), bundles, "
                  "secrets, policy or OPA, peers,\nbackends, clock, files, programs, libraries, "
                  "directories and ports, as `serve` would meet them; changes nothing. Run it as "
                  "the user that "
                  "serves.\nExit 0: nothing is "
                  "wrong; else the code of the first failure (4 configuration, 5 unreachable, …);\n"
                  "6: only --fail-on warn objects.\n\n"
                  "--prove attacks the agent that runs with this configuration, from outside and "
                  "as its own identity: plaintext,\nold TLS, wrong certificates, replay, spoofed "
                  "headers, request smuggling, sizes, routes, HTTP/2. Nothing of it\nreaches a "
                  "backend (but with --echo); the attempts are in its audit log. Exit 0: all was "
                  "refused; 7: something was not.\n"});
  add_config_options(command, options->config);
  add_duration(command, "-t,--timeout", options->timeout, "How long one check may take");
  add_duration(command, "--wait", options->wait, "Look again until all is well, at most so long");
  command
      .add_option_function<std::string>(
          "--fail-on",
          [options](std::string const& word) {
            options->fail_on =
                word == "warn" ? DoctorOptions::FailOn::warning : DoctorOptions::FailOn::bad;
          },
          "What makes the exit code say no")
      ->check(CLI::IsMember({"fail", "warn"}))
      ->default_str("fail");
  command.add_flag_callback(
      "--prove", [options] { options->task = DoctorOptions::Task::prove; },
      "Attack our own listener, and say what it refused");
  add_prove_options(command, options->prove);
  on_answer(command, context, [options, &context] { return run_doctor(*options, context); });
}

}  // namespace aw::commands
