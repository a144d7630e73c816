// SPDX-License-Identifier: Apache-2.0
#include "commands/support/top_view.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <tuple>
#include <utility>

#include "commands/support/table.h"
#include "core/base/code.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

using std::chrono::duration;

constexpr double kMost = 0.99;

double sum_of(Exposition const& metrics, std::string const& name) {
  double out = 0;
  for (auto const& sample : metrics.samples)
    if (sample.name == name) out += sample.value;
  return out;
}

std::optional<double> one_of(Exposition const& metrics, std::string const& name) {
  auto const found = std::ranges::find(metrics.samples, name, &Sample::name);
  return found == metrics.samples.end() ? std::nullopt : std::optional(found->value);
}

std::chrono::nanoseconds from_seconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration<double>(seconds));
}

bool nobody_decided(DecisionRecord const& record) {
  return record.code == code_name(Code::pdp_unavailable) ||
         record.code == code_name(Code::decision_timeout);
}

std::string pair_name(std::string const& id) {
  auto const slash = id.rfind('/');
  return id.empty() ? "-" : slash == std::string::npos ? id : id.substr(slash + 1);
}

// The observations up to each bound, over all series of the family.
std::map<double, double> buckets_of(Exposition const& metrics, std::string const& family) {
  std::map<double, double> out;
  for (auto const& sample : metrics.samples) {
    auto const bound = sample.labels.find("le");
    if (sample.name != family + "_bucket" || bound == sample.labels.end()) continue;
    double const le =
        bound->second == "+Inf" ? HUGE_VAL : std::strtod(bound->second.c_str(), nullptr);
    out[le] += sample.value;
  }
  return out;
}

struct PairTally {
  TopPair pair;
  std::vector<std::chrono::nanoseconds> durations;
};

std::vector<TopPair> pairs_of(TopLook const& look, std::chrono::nanoseconds window) {
  std::map<std::pair<std::string, std::string>, PairTally> tallies;
  auto oldest = look.time;
  for (auto const& record : look.decisions) {
    auto const time = parse_rfc3339(record.time);
    if (!time || look.time - *time > window) continue;
    oldest = std::min(oldest, *time);
    auto& tally = tallies[{record.caller, record.target}];
    bool const allowed = record.verdict == authz::Verdict::allow;
    ++(allowed                  ? tally.pair.allowed
       : nobody_decided(record) ? tally.pair.closed
                                : tally.pair.denied);
    tally.durations.push_back(record.duration);
  }
  // A full list reaches back less than the window; less than a second says nothing.
  double const seconds = std::max(1.0, duration<double>(look.time - oldest).count());
  std::vector<TopPair> out;
  for (auto& [names, tally] : tallies) {
    auto& pair = tally.pair;
    std::ranges::sort(tally.durations);
    auto const at = static_cast<std::size_t>(
        std::ceil(kMost * static_cast<double>(tally.durations.size())) - 1);
    pair.caller = pair_name(names.first);
    pair.callee = pair_name(names.second);
    pair.p99 = tally.durations.at(at);
    pair.rate = static_cast<double>(tally.durations.size()) / seconds;
    out.push_back(std::move(pair));
  }
  std::ranges::sort(out, [](TopPair const& a, TopPair const& b) {
    if (a.rate != b.rate) return a.rate > b.rate;
    return std::tie(a.caller, a.callee) < std::tie(b.caller, b.callee);
  });
  return out;
}

std::vector<TopBreaker> breakers_of(Exposition const& metrics) {
  std::vector<TopBreaker> out;
  for (auto const& sample : metrics.samples) {
    if (sample.name != "agentweave_authz_circuit_breaker_state" || sample.value != 1) continue;
    auto const label = [&sample](char const* name) {
      auto const found = sample.labels.find(name);
      return found == sample.labels.end() ? std::string() : found->second;
    };
    out.push_back({.endpoint = label("endpoint"), .state = label("state")});
  }
  // The series without an endpoint sums the others up.
  if (out.size() > 1)
    std::erase_if(out, [](TopBreaker const& one) { return one.endpoint.empty(); });
  return out;
}

std::string rate_text(double rate) {
  auto const tenths = static_cast<long long>(std::llround(rate * 10));
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
}

std::string share_text(TopPair const& pair) {
  auto const all = pair.allowed + pair.denied + pair.closed;
  return std::to_string(pair.allowed * 100 / std::max<std::uint64_t>(1, all)) + '%';
}

}  // namespace

std::optional<double> quantile(Exposition const& now, Exposition const* before,
                               std::string const& family, double share) {
  auto buckets = buckets_of(now, family);
  if (before != nullptr)
    for (auto const& [bound, count] : buckets_of(*before, family)) buckets[bound] -= count;
  if (buckets.empty() || buckets.rbegin()->second <= 0) return std::nullopt;
  double const wanted = share * buckets.rbegin()->second;
  double last = 0;
  for (auto const& [bound, count] : buckets) {
    if (std::isfinite(bound)) last = bound;
    if (count >= wanted) break;
  }
  return last;  // beyond the last bound: that bound, which is what is known
}

TopView top_view(TopLook const& now, TopLook const* before, std::chrono::nanoseconds window) {
  constexpr char kRequests[] = "agentweave_requests_total";
  constexpr char kDurations[] = "agentweave_request_duration_seconds";
  TopView out{.ready = one_of(now.metrics, "agentweave_ready") == 1,
              .in_flight = sum_of(now.metrics, "agentweave_requests_in_flight"),
              .breakers = breakers_of(now.metrics),
              .pairs = pairs_of(now, window)};
  if (!now.decisions.empty()) out.agent = now.decisions.front().enforced_at;
  if (before != nullptr && now.time > before->time) {
    auto const done = sum_of(now.metrics, kRequests) - sum_of(before->metrics, kRequests);
    out.rate = std::max(0.0, done) / duration<double>(now.time - before->time).count();
  } else {
    for (auto const& pair : out.pairs) out.rate += pair.rate;
  }
  auto const slow =
      quantile(now.metrics, before == nullptr ? nullptr : &before->metrics, kDurations, kMost);
  if (slow) out.p99 = from_seconds(*slow);
  if (auto const ends = one_of(now.metrics, "agentweave_svid_not_after_timestamp_seconds"))
    out.svid_left = from_seconds(*ends - unix_seconds(now.time));
  return out;
}

json::Json top_json(TopView const& view) {
  json::Json breakers = json::Json::array();
  for (auto const& one : view.breakers)
    breakers.push_back({{"endpoint", one.endpoint}, {"state", one.state}});
  json::Json pairs = json::Json::array();
  for (auto const& one : view.pairs)
    pairs.push_back({{"caller", one.caller},
                     {"callee", one.callee},
                     {"rps", one.rate},
                     {"policy_p99_ns", one.p99.count()},
                     {"allowed", one.allowed},
                     {"denied", one.denied},
                     {"closed", one.closed}});
  json::Json out = {{"agent", view.agent},  {"ready", view.ready},
                    {"rps", view.rate},     {"in_flight", view.in_flight},
                    {"breakers", breakers}, {"pairs", std::move(pairs)}};
  if (view.p99) out["p99_ns"] = view.p99->count();
  if (view.svid_left) out["svid_left_seconds"] = duration<double>(*view.svid_left).count();
  return out;
}

void write_top(std::ostream& out, TopView const& view, Context const& context) {
  out << text::printable(view.agent) << "  "
      << (view.ready ? context.paint_out(Style::good, "ready")
                     : context.paint_out(Style::bad, "NOT READY"))
      << "  " << rate_text(view.rate) << " req/s";
  if (view.p99) out << "  p99 ≤ " << format_duration(*view.p99);
  out << "  in flight " << static_cast<long long>(view.in_flight);
  if (view.svid_left) out << "  SVID " << format_duration(*view.svid_left) << " left";
  out << "\nOPA";
  for (auto const& one : view.breakers) {
    bool const closed = one.state == "closed";
    out << "  " << text::printable(one.endpoint.empty() ? "embedded" : one.endpoint) << ' '
        << context.paint_out(closed ? Style::good : Style::bad, closed ? "●" : "○") << " breaker "
        << text::printable(one.state);
  }
  out << "\n\n";
  std::vector<std::vector<std::string>> rows;
  for (auto const& one : view.pairs)
    rows.push_back({one.caller, "→ " + one.callee, rate_text(one.rate), format_duration(one.p99),
                    share_text(one), std::to_string(one.denied), std::to_string(one.closed)});
  write_table(out, {"CALLER", "→ CALLEE", "RPS", "POLICY P99", "ALLOW", "DENY", "CLOSED"}, rows);
}

}  // namespace aw::commands
