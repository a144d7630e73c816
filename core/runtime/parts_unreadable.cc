// SPDX-License-Identifier: Apache-2.0
// What the start could not read of what was kept, said where people look.
#include <algorithm>
#include <filesystem>
#include <span>

#include "core/runtime/parts.h"

namespace aw::runtime {
namespace {

constexpr std::size_t kMostNamed = 20;

// What an earlier start set aside counts until somebody took it away.
server::CheckResult look_at(std::filesystem::path const& place) {
  auto const there = a2a::count_unreadable(place);
  if (there == 0) return {server::CheckResult::State::ok, "all could be read"};
  return {server::CheckResult::State::degraded,
          std::to_string(there) + " could not be read, see " + place.string()};
}

}  // namespace

void Runtime::Parts::show_unreadable(a2a::SqliteTaskStore const& kept) {
  auto const& all = kept.unreadable();
  auto const place = a2a::unreadable_beside(std::filesystem::path(config.server.state.directory) /
                                            a2a::kTasksFile);
  metrics
      .gauge("agentweave_tasks_unreadable",
             "Kept tasks, webhooks and parts of their journal that the start could not read.")
      .set(static_cast<double>(all.size()));
  health.add("kept tasks", server::Weight::informs, [place] { return look_at(place); });
  auto const named = std::min(all.size(), kMostNamed);
  for (auto const& one : std::span(all).first(named)) {
    log->write(log::Component::a2a, log::Level::error,
               "Set aside, since it cannot be read: no caller is shown it",
               {{"code", code_name(Code::state_unusable)},
                {"what", one.what},
                {"id", one.id},
                {"reason", one.why},
                {"file", one.file.string()}});
  }
  if (all.size() == named) return;
  log->write(log::Component::a2a, log::Level::error, "More was set aside",
             {{"code", code_name(Code::state_unusable)},
              {"count", std::to_string(all.size() - named)},
              {"directory", place.string()}});
}

}  // namespace aw::runtime
