// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "commands/support/diagnosis.h"
#include "commands/support/web.h"
#include "core/base/fs.h"
#include "core/http/client.h"

namespace aw::commands {
namespace {

// 0 = free, else errno.
int try_to_bind(std::string const& host, std::uint16_t port) {
  Fd const socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int const one = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  auto const text = host == "localhost" ? std::string("127.0.0.1") : host;
  if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) return 0;  // a name or IPv6
  return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 ? 0
                                                                                           : errno;
}

std::string local_host(std::string const& host) {
  return host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host;
}

// Is the one that holds the metrics port an agent of ours? Then its own checks count.
bool look_at_running(Patient const& patient, Findings& found) {
  auto const& metrics = patient.config.metrics;
  auto const answer = web_get(
      "http://" + local_host(metrics.host) + ':' + std::to_string(metrics.port) + "/readyz?verbose",
      patient.patience);
  if (!answer.ok()) return false;
  auto const parsed = json::parse(answer->body);
  bool const ready = answer->status == 200;
  if (ready) {
    found.push_back(good("listener", "the agent runs and is ready"));
    return true;
  }
  std::string why;
  if (parsed.ok() && parsed->is_object() && parsed->contains("checks"))
    for (auto const& [name, check] : (*parsed)["checks"].items())
      if (check.is_object() && check.value("status", "") != "ok")
        why += (why.empty() ? "" : "; ") + name + ": " + check.value("detail", check.dump());
  found.push_back(bad("listener", Code::draining,
                      "the agent runs and is not ready" + (why.empty() ? "" : ": " + why),
                      "agentweave health --ready"));
  return true;
}

void look_at_port(std::string const& what, std::string const& host, std::uint16_t port,
                  Findings& found) {
  if (port == 0) return;
  int const fault = try_to_bind(host, port);
  auto const name = what + ' ' + host + ':' + std::to_string(port);
  if (fault == 0) return found.push_back(good("listener", name + " is free"));
  bool const taken = fault == EADDRINUSE;
  found.push_back(bad("listener", taken ? Code::address_in_use : Code::io,
                      name + ": " + std::strerror(fault),
                      taken ? "who holds it: ss -ltnp sport = :" + std::to_string(port)
                            : "ports below 1024 need CAP_NET_BIND_SERVICE; server.port: 8443"));
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
  look_at_port("agent", config.server.host, config.server.port, found);
  if (config.metrics.enabled)
    look_at_port("metrics", config.metrics.host, config.metrics.port, found);
  if (config.server.admin.enabled)
    look_at_port("admin", config.server.admin.host, config.server.admin.port, found);
  auto const& outbound = config.server.outbound.listen;
  if (auto const url = http::parse_url("http://" + outbound);
      !outbound.starts_with("unix:") && url.ok())
    look_at_port("outbound", url->endpoint.host, url->endpoint.port, found);
  return found;
}

}  // namespace aw::commands
