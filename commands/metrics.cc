// SPDX-License-Identifier: Apache-2.0
#include "commands/metrics.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "commands/support/command.h"
#include "commands/support/exposition.h"
#include "commands/support/options.h"
#include "commands/support/wait.h"
#include "commands/support/web.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

bool wanted(Sample const& sample, MetricsOptions const& options) {
  // Buckets are for machines; sum and count say what a person can read.
  if (options.names.empty()) return !sample.name.ends_with("_bucket");
  return std::ranges::any_of(options.names, [&](std::string const& name) {
    return sample.name.find(name) != std::string::npos;
  });
}

std::string number_text(double value) {
  std::ostringstream out;
  out.precision(value == std::floor(value) ? 15 : 6);
  out << value;
  return out.str();
}

using Values = std::map<std::string, double>;

struct Fetched {
  std::string body;
  std::vector<Sample> samples;
  Exposition whole;
};

Result<Fetched> fetch(MetricsOptions const& options) {
  AW_TRY(auto answer, web_get(options.url, options.timeout));
  if (answer.status != 200) {
    return make_error(Code::check_failed,
                      options.url + " answered status " + std::to_string(answer.status));
  }
  Fetched out;
  AW_TRY(out.whole, parse_exposition(answer.body));
  out.body = std::move(answer.body);
  std::ranges::copy_if(out.whole.samples, std::back_inserter(out.samples),
                       [&](Sample const& sample) { return wanted(sample, options); });
  return out;
}

json::Json samples_json(Fetched const& fetched) {
  json::Json out = json::Json::array();
  for (auto const& sample : fetched.samples) {
    json::Json entry = {{"name", sample.name}, {"labels", sample.labels}};
    entry["value"] = std::isfinite(sample.value) ? json::Json(sample.value)
                                                 : json::Json(number_text(sample.value));
    auto const type = fetched.whole.types.find(sample.name);
    if (type != fetched.whole.types.end()) entry["type"] = type->second;
    out.push_back(std::move(entry));
  }
  return out;
}

// A row per series; with `before`, the change a second beside it.
void write_metrics_table(std::ostream& out, Fetched const& fetched, Values const& before,
                         double seconds) {
  std::size_t width = 0;
  for (auto const& sample : fetched.samples) width = std::max(width, sample.series().size());
  for (auto const& sample : fetched.samples) {
    auto const series = sample.series();
    out << series << std::string(width - series.size() + 2, ' ') << number_text(sample.value);
    auto const old = before.find(series);
    if (old != before.end() && old->second != sample.value && seconds > 0) {
      auto const rate = std::round((sample.value - old->second) / seconds * 10) / 10;
      out << "  " << (rate > 0 ? "+" : "") << number_text(rate) << "/s";
    }
    out << '\n';
  }
}

void print_once(MetricsOptions const& options, Context& context, Fetched const& fetched,
                Values const& before, double seconds) {
  context.print("Metrics", samples_json(fetched), [&](std::ostream& out) {
    if (options.form == MetricsOptions::Form::exposition) {
      out << (options.names.empty() ? fetched.body
                                    : selected_exposition(fetched.body, options.names));
    } else {
      write_metrics_table(out, fetched, before, seconds);
    }
  });
}

Values values_of(Fetched const& fetched) {
  Values out;
  for (auto const& sample : fetched.samples) out[sample.series()] = sample.value;
  return out;
}

// Goes on over failures: an agent that restarts is what one watches for.
Result<Exit> watch(MetricsOptions const& options, Context& context) {
  auto const stop = context.interrupt();
  Values before;
  double const seconds = std::chrono::duration<double>(options.interval).count();
  do {
    context.clear_screen();
    if (auto fetched = fetch(options); fetched.ok()) {
      print_once(options, context, *fetched, before, seconds);
      before = values_of(*fetched);
    } else {
      context.say(fetched.error().text());
    }
  } while (context.out.flush().good() && wait_for(stop, options.interval) == Waited::whole);
  return stop.stop_requested() ? Exit::interrupted : Exit::ok;
}

}  // namespace

Result<Exit> run_metrics(MetricsOptions const& options, Context& context) {
  if (options.mode == MetricsOptions::Mode::watch) return watch(options, context);
  AW_TRY(auto fetched, fetch(options));
  print_once(options, context, fetched, {}, 0);
  if (fetched.samples.empty() && !options.names.empty())
    context.say("no series has " + text::join(options.names, " or ") + " in its name");
  return Exit::ok;
}

void register_metrics(CLI::App& parent, Context& context) {
  auto options = std::make_shared<MetricsOptions>();
  auto& command =
      add_command(parent, {.name = "metrics",
                           .purpose = "Show an agent's metrics, once or live",
                           .examples = {"agentweave metrics", "agentweave metrics circuit_breaker",
                                        "agentweave metrics --watch authz requests"},
                           .details = "Without names, histogram buckets are left out."});
  command.add_option("NAME", options->names, "Only series whose name contains one of these");
  command.add_option("--url", options->url, "The agent's metrics address")->capture_default_str();
  command.add_flag_callback(
      "-w,--watch", [options] { options->mode = MetricsOptions::Mode::watch; },
      "Show again and again, with the change a second");
  command.add_flag_callback(
      "--raw", [options] { options->form = MetricsOptions::Form::exposition; },
      "The Prometheus text as it came; with names, their series of it");
  add_duration(command, "-i,--interval", options->interval, "Between two looks, with --watch");
  add_duration(command, "-t,--timeout", options->timeout, "How long to wait for the agent");
  on_answer(command, context, [options, &context] { return run_metrics(*options, context); });
}

}  // namespace aw::commands
