// SPDX-License-Identifier: Apache-2.0
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "commands/support/diagnosis.h"
#include "core/audit/destination.h"
#include "core/base/fs.h"
#include "core/http/client.h"

namespace aw::commands {
namespace {

// Connects within `patience`; empty = somebody listens there, else why nobody does.
std::string why_no_answer(int family, sockaddr const* address, socklen_t size,
                          std::chrono::nanoseconds patience) {
  Fd const socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), address, size) == 0) return "";
  if (errno != EINPROGRESS) return std::strerror(errno);
  pollfd wait{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  auto const limit = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  if (::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(limit, 60'000))) != 1)
    return "no answer";
  int fault = 0;
  socklen_t length = sizeof(fault);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &fault, &length);
  return fault == 0 ? "" : std::strerror(fault);
}

std::string why_no_answer_at(std::string const& socket_path, std::chrono::nanoseconds patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path)) return "too long for a socket's path";
  std::ranges::copy(socket_path, address.sun_path);
  return why_no_answer(AF_UNIX, reinterpret_cast<sockaddr const*>(&address), sizeof(address),
                       patience);
}

// Of several addresses of a name one is enough.
std::string why_no_answer_from(std::string const& host, std::uint16_t port,
                               std::chrono::nanoseconds patience) {
  addrinfo const hints{.ai_flags = AI_NUMERICSERV,
                       .ai_family = AF_UNSPEC,
                       .ai_socktype = SOCK_STREAM,
                       .ai_protocol = 0,
                       .ai_addrlen = 0,
                       .ai_addr = nullptr,
                       .ai_canonname = nullptr,
                       .ai_next = nullptr};
  addrinfo* list = nullptr;
  if (int const fault = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list))
    return ::gai_strerror(fault);
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(list, &::freeaddrinfo);
  std::string why;
  for (auto const* one = list; one != nullptr; one = one->ai_next) {
    why = why_no_answer(one->ai_family, one->ai_addr, one->ai_addrlen, patience);
    if (why.empty()) return why;
  }
  return why;
}

// One that something needs, and what its silence means.
struct Service {
  std::string what;  // "capability greet"
  http::Endpoint endpoint;
  Code code;
  std::string fix;
  Condition when_silent = Condition::warning;
};

void look_at_service(Service const& service, Patient const& patient, Findings& found) {
  auto const& at = service.endpoint;
  bool const local = at.scheme == http::Scheme::unix_socket;
  auto const why = local ? why_no_answer_at(at.socket_path, patient.patience)
                         : why_no_answer_from(at.host, at.port, patient.patience);
  auto const name = service.what + ": " + at.text();
  if (why.empty()) return found.push_back(good("services", name + " takes connections"));
  found.push_back({service.when_silent, "services", name + ": " + why, service.fix, service.code});
}

class Services {
 public:
  // What is no URL (another check's business), or is known only with a secret, is left out.
  void add(std::string what, std::string const& url, Code code, std::string fix,
           Condition when_silent = Condition::warning) {
    if (auto const parsed = http::parse_url(url); parsed.ok())
      all_.push_back({std::move(what), parsed->endpoint, code, std::move(fix), when_silent});
  }
  void add_backends(config::Config const& config) {
    bool upstream = false;
    for (std::size_t i = 0; i < config.backends.size(); ++i) {
      auto const& backend = config.backends[i];
      upstream = upstream || backend.kind == backend::Kind::none;
      if (backend.kind != backend::Kind::http && backend.kind != backend::Kind::a2a) continue;
      add("capability " + config.agent.capabilities[i].name, backend.url, Code::backend_unreachable,
          "start it, or change agent.capabilities[" + std::to_string(i) + "].backend.url",
          Condition::bad);
    }
    if (upstream)
      add("server.upstream", config.server.upstream, Code::backend_unreachable,
          "start it; under `agentweave run` the command will listen there");
  }
  void add_destination(std::string const& text) {
    auto const where = audit::parse_destination(text);
    if (!where.ok()) return;
    using Transport = audit::Destination::Transport;
    bool const connects =
        where->kind == audit::Destination::Kind::syslog &&
        (where->transport == Transport::tcp || where->transport == Transport::tls);
    auto const url =
        connects ? "http://" + where->host + ':' + std::to_string(where->port) : where->url;
    add("audit log " + where->name, url, Code::audit_unavailable,
        "records wait in state.directory until it answers; a full spool denies");
  }
  [[nodiscard]] std::vector<Service> const& all() const { return all_; }

 private:
  std::vector<Service> all_;
};

}  // namespace

Findings check_services(Patient const& patient) {
  auto const& config = patient.config;
  Services services;
  services.add_backends(config);
  for (auto const& text : config.audit.destinations) services.add_destination(text);
  services.add("authorization.bundle.url", config.authorization.bundle.url, Code::pdp_unavailable,
               "the last good bundle is used; without one every request is denied");
  services.add("authorization.decision_logs.url", config.decision_logs.url, Code::connect,
               "decisions wait, and the oldest go when there are too many");
  for (auto const& one : config.identity.federation)
    services.add("federation with " + one.trust_domain, one.url, Code::trust_domain_without_bundle,
                 "agentweave federation status");
  if (auto const& tracing = config.tracing; tracing.enabled)
    services.add("observability.tracing",
                 tracing.traces_endpoint.empty() ? tracing.endpoint : tracing.traces_endpoint,
                 Code::connect, "spans are dropped until it answers");
  Findings found;
  for (auto const& one : services.all()) look_at_service(one, patient, found);
  return found;
}

}  // namespace aw::commands
