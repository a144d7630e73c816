// SPDX-License-Identifier: Apache-2.0
#include "commands/svid_watch.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/options.h"
#include "core/base/log.h"
#include "core/identity/first_snapshot.h"
#include "core/identity/workload_client.h"

namespace aw::commands {
namespace {

constexpr std::size_t kTimeStart = 11;  // in RFC 3339
constexpr std::size_t kTimeLength = 8;
constexpr std::size_t kEventWidth = 11;  // the longest event

constexpr auto kLook =
    std::chrono::milliseconds(100);  // how soon Ctrl-C and a changed state are seen

// "15:05:33"
std::string time_of_day(WallTime time) {
  return format_rfc3339(time).substr(kTimeStart, kTimeLength);
}

// A line per update, whatever the format: who pipes a stream wants lines.
class Follower {
 public:
  explicit Follower(Context& context) : context_(context) {}

  void update(identity::Snapshot const& snapshot) {
    auto const now = context_.clock.now();
    if (!snapshot.has_identity())
      return say(now, "withdrawn", {}, "the workload api says: no identity for this workload");
    auto const view = view_of(snapshot.svid(), snapshot.bundles, now);
    auto const what = leaf_.empty() ? "received" : view.leaf == leaf_ ? "updated" : "rotated";
    leaf_ = view.leaf;
    auto data = to_json(view);
    data["federated"] = json::Json::array();
    for (auto const& [domain, bundle] : snapshot.bundles)
      if (domain != snapshot.svid().id.trust_domain()) data["federated"].push_back(to_json(bundle));
    say(now, what, std::move(data),
        one_line(view, context_) + "   federated: " + federated_text(snapshot));
  }

  // The state when it is not the snapshots that tell.
  void state(identity::ProviderStatus const& status) {
    if (status.state == state_) return;
    state_ = status.state;
    if (state_ != identity::ProviderState::unreachable &&
        state_ != identity::ProviderState::expired)
      return;
    auto const why = status.last_error ? status.last_error->message : std::string();
    say(context_.clock.now(), identity::state_name(state_), {{"reason", why}}, why);
  }

 private:
  void say(WallTime now, std::string_view what, json::Json data, std::string const& text) {
    if (context_.machine_readable()) {
      if (!data.is_object()) data = json::Json::object();
      data["time"] = format_rfc3339(now);
      data["event"] = std::string(what);
      context_.out << data.dump() << '\n';
    } else {
      context_.out << time_of_day(now) << "  " << what
                   << std::string(kEventWidth + 2 - what.size(), ' ') << text << '\n';
    }
    context_.out.flush();
  }

  Context& context_;
  std::string leaf_;
  identity::ProviderState state_ = identity::ProviderState::waiting;
};

}  // namespace

Result<Exit> run_svid_watch(SvidWatchOptions const& options, Context& context) {
  AW_TRY(auto const endpoint, workload_endpoint(options.workload, context));
  auto const log = log::Log::silent();
  auto const stop = context.interrupt();
  io::Watch<identity::Snapshot> watch;
  identity::WorkloadApiProvider provider({.endpoint = endpoint.text()}, context.clock, *log);
  AW_TRY(provider.start(watch));
  AW_TRY(identity::wait_first_snapshot(watch, provider, options.workload.timeout, stop));
  Follower follower(context);
  std::uint64_t version = 0;
  for (std::uint64_t seen_updates = 0; options.count == 0 || seen_updates < options.count;) {
    if (stop.stop_requested()) return Exit::interrupted;
    auto const seen = watch.wait_newer(version, kLook);
    follower.state(provider.status());
    if (seen.version == version) continue;
    version = seen.version;
    ++seen_updates;
    follower.update(*seen.value);
  }
  return Exit::ok;
}

void register_svid_watch(CLI::App& parent, Context& context) {
  auto options = std::make_shared<SvidWatchOptions>();
  auto& group = add_group(parent, "svid", "See, follow, save and check this workload's identity");
  auto& command = add_command(
      group, {.name = "watch",
              .purpose = "Print a line for every update of this workload's identity",
              .examples = {"agentweave svid watch", "agentweave svid watch -o jsonl -n 1"},
              .details = "Events: received, rotated, updated (same SVID, other bundles), "
                         "withdrawn, unreachable, expired."});
  add_workload_options(command, options->workload);
  add_number(command, "-n,--count", options->count, "Stop after so many updates (0 = never)");
  on_answer(command, context, [options, &context] { return run_svid_watch(*options, context); });
}

}  // namespace aw::commands
