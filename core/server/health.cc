// SPDX-License-Identifier: Apache-2.0
#include "core/server/health.h"

#include <algorithm>

#include "core/base/json.h"

namespace aw::server {
namespace {

std::string_view state_name(CheckResult::State state) {
  switch (state) {
    case CheckResult::State::ok:
      return "ok";
    case CheckResult::State::degraded:
      return "degraded";
    case CheckResult::State::failed:
      return "failed";
  }
  return "failed";
}

std::string_view overall(Health const& health, std::vector<Health::Named> const& checks) {
  if (!health.ready()) return "unhealthy";
  bool const all_ok = std::ranges::all_of(
      checks, [](auto const& c) { return c.result.state == CheckResult::State::ok; });
  return all_ok ? "healthy" : "degraded";
}

}  // namespace

void Health::add(std::string name, Weight weight, std::function<CheckResult()> check) {
  std::lock_guard const lock(mutex_);
  checks_.push_back({std::move(name), weight, std::move(check)});
}

std::vector<Health::Named> Health::report() const {
  std::lock_guard const lock(mutex_);
  std::vector<Named> out;
  out.reserve(checks_.size());
  for (auto const& check : checks_) out.push_back({check.name, check.weight, check.run()});
  return out;
}

bool Health::ready() const {
  if (!started_ || draining_) return false;
  auto const checks = report();
  return std::ranges::none_of(checks, [](auto const& check) {
    return check.weight == Weight::gates_readiness &&
           check.result.state == CheckResult::State::failed;
  });
}

std::string verbose_text(Health const& health) {
  std::string out;
  for (auto const& check : health.report()) {
    bool const failed = check.result.state == CheckResult::State::failed;
    out.append(failed ? "[-]" : "[+]")
        .append(check.name)
        .append(" ")
        .append(state_name(check.result.state));
    if (!check.result.detail.empty()) out.append(": ").append(check.result.detail);
    if (failed && check.weight == Weight::informs) out += " (readiness stays up by policy)";
    out += '\n';
  }
  if (health.draining()) out += "[-]draining\n";
  if (!health.started()) out += "[-]starting\n";
  out += health.ready() ? "readyz check passed\n" : "readyz check failed\n";
  return out;
}

std::string health_document(Health const& health, std::string_view agent,
                            std::string_view spiffe_id, std::chrono::nanoseconds uptime) {
  auto const checks = health.report();
  std::string out;
  json::Writer w(out);
  w.begin_object()
      .member("status", overall(health, checks))
      .member("agent", agent)
      .member("spiffe_id", spiffe_id);
  w.member("uptime_seconds", std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
  w.key("checks").begin_object();
  for (auto const& check : checks) {
    w.key(check.name).begin_object().member("status", state_name(check.result.state));
    w.member("detail", check.result.detail).end_object();
  }
  w.end_object().end_object();
  return out;
}

}  // namespace aw::server
