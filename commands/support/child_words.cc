// SPDX-License-Identifier: Apache-2.0
#include "commands/support/child_words.h"

#include <algorithm>
#include <array>

#include "core/http/client.h"
#include "core/runtime/attendant.h"

namespace aw::commands {
namespace {

// systemd's, for whoever it started.
constexpr auto kOurs =
    std::to_array<std::string_view>({"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID",
                                     "LISTEN_FDS", "LISTEN_FDNAMES", "CREDENTIALS_DIRECTORY"});
constexpr std::string_view kUnix = "unix://";

// A variable that is there for us to read a secret from; the child gets it by `run.environment`, or
// not at all.
bool holds_secret(config::Config const& config, std::string const& name) {
  return std::ranges::any_of(config.secrets.values, [&name](secrets::Entry const& one) {
    return one.from == secrets::From::env && one.variable == name;
  });
}

// Where the child is to listen: the upstream, or the one address that all backends share.
std::string app_address(config::Config const& config) {
  auto const addresses = runtime::child_addresses(config);
  auto const upstream = http::parse_url(config.server.upstream);
  if (upstream.ok()) {
    auto const text = upstream->endpoint.text();
    if (std::ranges::find(addresses, text) != addresses.end()) return text;
  }
  return addresses.size() == 1 ? addresses.front() : std::string();
}

// "unix app.sock", "http 127.0.0.1:9000"
std::string short_name(std::string const& address) {
  if (address.starts_with(kUnix)) return "unix " + address.substr(address.rfind('/') + 1);
  auto const at = address.find("://");
  return at == std::string::npos ? address : address.substr(0, at) + ' ' + address.substr(at + 3);
}

// Whom the child may try to reach: policy decides about each call.
std::string reachable(config::Config const& config) {
  std::string out = "spiffe://" + config.agent.trust_domain + "/agent/*";
  constexpr std::size_t kMostNamed = 3;
  std::size_t named = 0;
  for (auto const& peer : config.discovery.peers) {
    if (peer.spiffe_id.starts_with("spiffe://" + config.agent.trust_domain + "/agent/")) continue;
    if (++named > kMostNamed) return out + ", …";
    out += ", " + peer.spiffe_id;
  }
  return out;
}

// "120ms", "1.1s", "2m5s"
std::string tenths(std::chrono::nanoseconds time) {
  if (time < std::chrono::seconds(1) || time >= std::chrono::minutes(1))
    return format_duration(time);
  auto const count = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
  return std::to_string(count / 10) + (count % 10 == 0 ? "" : "." + std::to_string(count % 10)) +
         's';
}

std::string in_line(config::Config const& config, runtime::Listening const& at,
                    std::uint64_t claims_dropped) {
  auto const colon = at.agent.rfind(':');
  std::string to;
  for (auto const& address : runtime::child_addresses(config))
    to += (to.empty() ? "" : ", ") + short_name(address);
  if (to.empty()) to = "no capability of the child's";
  return "in   https " + at.agent.substr(colon) + " mTLS → " + to +
         "     adds x-agentweave-caller, x-forwarded-client-cert (inbound copies removed: " +
         std::to_string(claims_dropped) + " stripped so far)";
}

std::string out_line(config::Config const& config, runtime::Listening const& at) {
  if (at.outbound.empty()) return "out  none (outbound.listen is not set): the child calls nobody";
  bool const local = at.outbound.starts_with(kUnix);
  return "out  " + (local ? at.outbound : "http " + at.outbound) + " → mTLS to " +
         reachable(config) +
         (local ? "   (AGENTWEAVE_OUTBOUND set for the child)"
                : "   (HTTP_PROXY set for the child)");
}

std::string routes_line(config::Config const& config) {
  std::string out;
  for (std::size_t i = 0; i < config.backends.size(); ++i) {
    auto const& backend = config.backends[i];
    auto const& name = config.agent.capabilities[i].name;
    std::string target = "/" + name;
    if (backend.kind == backend::Kind::http) {
      auto const url = http::parse_url(backend.url);
      if (url.ok()) target = url->target;
    } else if (backend.kind != backend::Kind::none) {
      continue;
    }
    out += (out.empty() ? "" : ", ") + ("POST " + target) + " → action \"" + name + '"';
  }
  return "routes  " + (out.empty() ? "none to the child" : out) +
         ";  everything else → denied (AW3004 unmapped_route)";
}

}  // namespace

std::vector<std::string> child_environment(Env const& ours, config::Config const& config,
                                           runtime::Listening const& at) {
  Env out;
  for (auto const& [name, value] : ours) {
    if (name.starts_with("AGENTWEAVE_") || std::ranges::find(kOurs, name) != kOurs.end()) continue;
    if (holds_secret(config, name)) continue;
    out[name] = value;
  }
  auto const set = [&out](std::string const& name, std::string value) {
    if (!value.empty()) out[name] = std::move(value);
  };
  set("AGENTWEAVE_APP", app_address(config));
  set("AGENTWEAVE_AGENT", config.agent.name);
  set("AGENTWEAVE_SPIFFE_ID", at.spiffe_id);
  set("AGENTWEAVE_TRUST_DOMAIN", config.agent.trust_domain);
  set("AGENTWEAVE_ENVIRONMENT", std::string(config::environment_name(config.environment)));
  set("AGENTWEAVE_METRICS", at.metrics);
  set("AGENTWEAVE_ADMIN", at.admin.substr(0, at.admin.find("/?")));
  if (at.outbound.starts_with(kUnix)) {
    set("AGENTWEAVE_OUTBOUND", at.outbound);
  } else if (!at.outbound.empty()) {
    for (auto const* const name : {"AGENTWEAVE_OUTBOUND", "HTTP_PROXY", "http_proxy"})
      set(name, "http://" + at.outbound);
    if (!out.contains("NO_PROXY") && !out.contains("no_proxy")) {
      for (auto const* const name : {"NO_PROXY", "no_proxy"}) set(name, "localhost,127.0.0.1,::1");
    }
  }
  for (auto const& entry : config.child.environment) {
    auto const equals = entry.find('=');
    out[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  std::vector<std::string> lines;
  lines.reserve(out.size());
  for (auto const& [name, value] : out) lines.push_back(name + '=' + value);
  return lines;
}

std::vector<std::string> sidecar_lines(config::Config const& config, runtime::Listening const& at,
                                       std::uint64_t claims_dropped) {
  return {in_line(config, at, claims_dropped), out_line(config, at), routes_line(config)};
}

std::string drain_line(runtime::Drained const& drained,
                       std::optional<backend::ChildEnd> const& end) {
  std::string out = "not ready → waited " + tenths(drained.waited) + " → " +
                    (drained.finished ? "drained " : "cut off: ") +
                    std::to_string(drained.in_flight) + " in-flight (" + tenths(drained.took) +
                    ") → child ";
  if (!end) return out + "had ended";
  using How = backend::ChildEnd::How;
  if (end->how == How::killed) return out + "killed: it did not end in run.stop_timeout";
  return out + (end->status > 128 ? "ended by signal " + std::to_string(end->status - 128)
                                  : "exit " + std::to_string(end->status));
}

}  // namespace aw::commands
