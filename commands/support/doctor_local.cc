// SPDX-License-Identifier: Apache-2.0
#include <sys/timex.h>

#include <nlohmann/json.hpp>

#include "commands/support/diagnosis.h"
#include "commands/support/web.h"
#include "core/http/client.h"
#include "core/http/socket_address.h"

namespace aw::commands {
namespace {

std::string local_host(std::string const& host) {
  return host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host;
}

// Who answers at the port may be anybody: what is no text is shown as it is.
std::string member(json::Json const& of, std::string_view name) {
  auto const found = of.find(name);
  if (found == of.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string failing(json::Json const& answer) {
  auto const checks = answer.find("checks");
  if (checks == answer.end() || !checks->is_object()) return {};
  std::string out;
  for (auto const& [name, check] : checks->items()) {
    if (!check.is_object() || member(check, "status") == "ok") continue;
    auto const detail = member(check, "detail");
    out += (out.empty() ? ": " : "; ") + name + ": " + (detail.empty() ? check.dump() : detail);
  }
  return out;
}

// What of itself the agent that answered says; `answer` is its /health.
Finding told_by(json::Json const& answer, long status) {
  auto const why = failing(answer);
  if (status != 200)
    return bad("listener", Code::draining, "the agent runs and is not ready" + why,
               "agentweave health --ready");
  if (member(answer, "status") == "degraded")
    return warned("listener", Code::check_failed, "the agent runs, and not all is well" + why,
                  "agentweave health");
  return good("listener", "the agent runs and is ready");
}

// Is the one that holds the metrics port our agent? Then its own checks count.
bool look_at_running(Patient const& patient, Findings& found) {
  auto const& metrics = patient.config.metrics;
  auto const port = std::to_string(metrics.port);
  auto const answer =
      web_get("http://" + local_host(metrics.host) + ':' + port + "/health", patient.patience);
  if (!answer.ok()) return false;
  auto parsed = json::parse(answer->body);
  json::Json const health = parsed.ok() && parsed->is_object() ? *std::move(parsed) : json::Json();
  auto const name = member(health, "agent");
  if (name == patient.config.agent.name) {
    found.push_back(told_by(health, answer->status));
    return true;
  }
  found.push_back(bad("listener", Code::address_in_use,
                      (name.empty() ? "something that is no agent" : "the agent " + name) +
                          " holds port " + port + ", which is observability.metrics.port",
                      "who holds it: ss -ltnp sport = :" + port));
  return true;
}

// A port that we open, and the keys that say where.
struct Port {
  std::string what;
  std::string host_key;
  std::string port_key;
  std::string host;
  std::uint16_t number = 0;
};

std::string port_fix(Error const& error, Port const& port) {
  constexpr std::uint16_t kPrivileged = 1024;
  if (error.code == Code::address_in_use)
    return "who holds it: ss -ltnp sport = :" + std::to_string(port.number);
  if (!error.hint.empty()) return port.host_key + ": " + error.hint;
  return port.number < kPrivileged
             ? "ports below 1024 need CAP_NET_BIND_SERVICE; " + port.port_key + ": 8443"
             : port.host_key + ": an address of this machine (ip -brief address)";
}

// As `serve` would open it, and closed again at once.
void look_at_port(Port const& port, Findings& found) {
  if (port.number == 0) return;
  auto const opened = http::listen_on(http::TcpAddress{.host = port.host, .port = port.number}, 1);
  if (opened.ok())
    return found.push_back(good("listener", port.what + ' ' + opened->text + " is free"));
  found.push_back(bad("listener", opened.error().code, port.what + ": " + opened.error().message,
                      port_fix(opened.error(), port)));
}

}  // namespace

Findings check_clock() {
  timex state{};
  int const answer = ::adjtimex(&state);
  if (answer < 0) return {good("clock", "whether it is synchronised cannot be seen here")};
  if (answer == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    return {warned("clock", Code::replay_outside_window,
                   "the kernel says that this clock is not synchronised: certificates and "
                   "timestamps are judged by it",
                   "timedatectl set-ntp true")};
  return {good("clock", "synchronised")};
}

Findings check_ports(Patient const& patient) {
  Findings found;
  auto const& config = patient.config;
  if (config.metrics.enabled && look_at_running(patient, found)) return found;
  auto const& server = config.server;
  look_at_port({"agent", "server.host", "server.port", server.host, server.port}, found);
  if (config.metrics.enabled)
    look_at_port({"metrics", "observability.metrics.host", "observability.metrics.port",
                  config.metrics.host, config.metrics.port},
                 found);
  if (server.admin.enabled)
    look_at_port(
        {"admin", "server.admin.host", "server.admin.port", server.admin.host, server.admin.port},
        found);
  auto const& outbound = server.outbound.listen;
  if (auto const url = http::parse_url("http://" + outbound);
      !outbound.starts_with("unix:") && url.ok())
    look_at_port(
        {"outbound", "outbound.listen", "outbound.listen", url->endpoint.host, url->endpoint.port},
        found);
  look_at_locks(patient, found);  // an agent that runs, which was seen above, holds its own
  return found;
}

}  // namespace aw::commands
