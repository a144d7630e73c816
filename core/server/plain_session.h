// SPDX-License-Identifier: Apache-2.0
// What the plain listeners serve: scrapes and probes for everybody who can reach the port (no data
// of calls), and the admin page for the one who holds the token. Neither can start work: no path
// leads from here to the pipeline.
//
// Belongs to its connection's loop; what it needs outlives it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/http/server.h"
#include "core/metrics/registry.h"
#include "core/server/health.h"

namespace aw::server {

// Who decides whether a request may be answered: the listener's `admit`, or the route by itself
// (the trust map's, which knows tickets and cookies).
enum class RouteGuard { listener, own };

// path -> answer. Exact paths; a method that is not there is 405.
struct PlainRoute {
  std::string method;  // "GET" serves HEAD too
  std::function<http::Response(http::Request const&)> answer;
  // Instead, for an answer that has to wait for something.
  std::function<io::Task<http::Response>(http::Request const&)> later = {};
  // Instead, for an answer that goes on: it writes by itself. Not for HEAD.
  std::function<io::Task<void>(http::Request const&, http::ResponseWriter&)> stream = {};
  RouteGuard guard = RouteGuard::listener;
};
// Built once, before the listener starts; several methods of a path are several entries.
using PlainRoutes = std::multimap<std::string, PlainRoute, std::less<>>;

// Unknown paths 404. Answers say nosniff and no-store.
class PlainSession final : public http::Session {
 public:
  // `admit`: null for a public listener, else who may ask at all (false = 401).
  PlainSession(PlainRoutes const& routes, std::function<bool(http::Request const&)> const& admit)
      : routes_(routes), admit_(admit) {}
  [[nodiscard]] io::Task<void> handle(http::Request& request,
                                      http::ResponseWriter& writer) override;

 private:
  PlainRoutes const& routes_;
  std::function<bool(http::Request const&)> const& admit_;
};

// References outlive the routes; the functions are called on the loops, at each /health.
struct ProbeFacts {
  metrics::Registry& metrics;
  std::string metrics_path;
  Health const& health;
  std::string agent_name;
  std::function<std::string()> spiffe_id;
  std::function<std::chrono::nanoseconds()> uptime;
};
// /metrics, /livez, /readyz[?verbose], /startupz, /health and the older probe paths.
[[nodiscard]] PlainRoutes probe_routes(ProbeFacts facts);

// The registry's text, in the format that the request's Accept prefers.
[[nodiscard]] http::Response scrape(metrics::Registry const& registry,
                                    http::Request const& request);

// The token in `Authorization: Bearer`, or `?t=` for people. Also refuses a Host that is no
// loopback name (DNS rebinding) unless the listener was asked to listen elsewhere.
enum class HostRule { loopback_only, any };
// Compared in constant time. Safe to call from any loop.
[[nodiscard]] std::function<bool(http::Request const&)> token_check(std::string token,
                                                                    HostRule rule);
// "127.0.0.1:9091" -> "127.0.0.1"; and whether that is a name of this machine that nobody else can
// give to a host of theirs.
[[nodiscard]] std::string_view host_of(std::string_view authority);
[[nodiscard]] bool is_loopback_name(std::string_view host);

}  // namespace aw::server
