// SPDX-License-Identifier: Apache-2.0
#include "commands/svid_check.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"

namespace aw::commands {
namespace {

constexpr int kWholePercent = 100;

// "25%" of `life`, or "10m".
std::optional<std::chrono::nanoseconds> threshold_time(std::string_view text,
                                                       std::chrono::nanoseconds life) {
  if (!text.ends_with('%')) return parse_duration(text);
  int percent = -1;
  auto const digits = text.substr(0, text.size() - 1);
  auto const [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), percent);
  if (ec != std::errc{} || end != digits.data() + digits.size() || percent < 0 ||
      percent > kWholePercent)
    return std::nullopt;
  return life / kWholePercent * percent;
}

std::string check_threshold(std::string const& text) {
  return threshold_time(text, std::chrono::hours(1))
             ? ""
             : "\"" + text + "\" is neither a percentage nor a duration";
}

}  // namespace

Result<Exit> run_svid_check(SvidCheckOptions const& options, Context& context) {
  AW_TRY(auto const state, current_state(options.workload, context));
  auto const view = view_of(state.svid(), state.bundles, context.clock.now());
  auto const threshold = threshold_time(options.threshold, view.not_after - view.not_before);
  if (!threshold)
    return make_error(Code::usage, check_threshold(options.threshold),
                      "--expires-in 25% or --expires-in 10m");
  bool const met = view.left <= *threshold || view.issuer.empty();
  auto data = to_json(view);
  data["threshold"] = options.threshold;
  data["ok"] = !met;
  context.print("SvidCheck", data, [&](std::ostream& out) {
    if (context.verbosity == Verbosity::quiet) return;
    out << (met ? context.paint_out(Style::bad, "expiring") : context.paint_out(Style::good, "ok"))
        << "   " << one_line(view, context) << "   threshold " << options.threshold << '\n';
  });
  return met ? Exit::threshold : Exit::ok;
}

void register_svid_check(CLI::App& parent, Context& context) {
  auto options = std::make_shared<SvidCheckOptions>();
  auto& group = add_group(parent, "svid", "See, follow, save and check this workload's identity");
  auto& command =
      add_command(group, {.name = "check",
                          .purpose = "Exit 6 when the SVID expires soon: for monitoring and cron",
                          .examples = {"agentweave svid check --expires-in 25%",
                                       "agentweave svid check --expires-in 10m -q"},
                          .details = "Exit codes: 0 more is left, 6 the threshold is met, 5 the "
                                     "Workload API is unreachable."});
  add_workload_options(command, options->workload);
  command
      .add_option("--expires-in", options->threshold,
                  "A percentage of the SVID's life, or a duration")
      ->capture_default_str()
      ->check(CLI::Validator(check_threshold, "PERCENT|DURATION"));
  on_answer(command, context, [options, &context] { return run_svid_check(*options, context); });
}

}  // namespace aw::commands
