// SPDX-License-Identifier: Apache-2.0
#include "core/server/plain_session.h"

#include <algorithm>
#include <utility>

#include "core/base/json.h"
#include "core/base/secret.h"
#include "core/server/map_door.h"

namespace aw::server {
namespace {

http::Response text_answer(int status, std::string body,
                           std::string_view type = "text/plain; charset=utf-8") {
  http::Response out;
  out.status = status;
  out.headers.add("content-type", type);
  out.headers.add("cache-control", "no-store");
  out.headers.add("x-content-type-options", "nosniff");
  out.body = std::move(body);
  return out;
}

bool asks_verbose(http::Request const& request) { return request.query.starts_with("verbose"); }

http::Response readiness(Health const& health, http::Request const& request) {
  bool const ready = health.ready();
  return text_answer(ready ? 200 : 503, asks_verbose(request) ? verbose_text(health)
                                                              : (ready ? "ok\n" : "not ready\n"));
}

std::string_view token_of(http::Request const& request) {
  if (auto const header = request.headers.get("authorization");
      header && header->starts_with("Bearer ")) {
    return header->substr(7);
  }
  return query_value(request.query, "t");
}

}  // namespace

io::Task<void> PlainSession::handle(http::Request& request, http::ResponseWriter& writer) {
  auto const [first, last] = routes_.equal_range(request.path);
  bool const own = std::any_of(
      first, last, [](auto const& route) { return route.second.guard == RouteGuard::own; });
  if (!own && admit_ && !admit_(request)) {
    auto refused = text_answer(401, "a token is needed: Authorization: Bearer TOKEN\n");
    refused.headers.add("www-authenticate", "Bearer");
    co_return co_await writer.respond(std::move(refused));
  }
  if (first == last) co_return co_await writer.respond(text_answer(404, "not found\n"));
  std::string allowed;
  for (auto route = first; route != last; ++route) {
    auto const& method = route->second.method;
    bool const head = request.method == "HEAD" && method == "GET" && !route->second.stream;
    if (request.method == method || head) {
      if (route->second.stream) co_return co_await route->second.stream(request, writer);
      if (route->second.later) {
        auto response = co_await route->second.later(request);
        co_return co_await writer.respond(std::move(response));
      }
      co_return co_await writer.respond(route->second.answer(request));
    }
    allowed += (allowed.empty() ? "" : ", ") + method;
  }
  auto refused = text_answer(405, "method not allowed\n");
  refused.headers.add("allow", allowed);
  co_await writer.respond(std::move(refused));
}

PlainRoutes probe_routes(ProbeFacts facts) {
  PlainRoutes out;
  auto const get = [&out](std::string path,
                          std::function<http::Response(http::Request const&)> answer) {
    out.emplace(std::move(path), PlainRoute{"GET", std::move(answer)});
  };
  Health const& health = facts.health;
  metrics::Registry& registry = facts.metrics;
  get(facts.metrics_path,
      [&registry](http::Request const& request) { return scrape(registry, request); });
  auto const live = [](http::Request const&) { return text_answer(200, "ok\n"); };
  auto const ready = [&health](http::Request const& request) { return readiness(health, request); };
  for (auto const* path : {"/livez", "/health/live", "/healthz"}) get(path, live);
  for (auto const* path : {"/readyz", "/health/ready", "/ready"}) get(path, ready);
  get("/startupz", [&health](http::Request const&) {
    return text_answer(health.started() ? 200 : 503, health.started() ? "ok\n" : "starting\n");
  });
  get("/health", [&health, facts](http::Request const&) {
    auto body = health_document(health, facts.agent_name, facts.spiffe_id(), facts.uptime());
    return text_answer(health.ready() ? 200 : 503, std::move(body), "application/json");
  });
  return out;
}

http::Response scrape(metrics::Registry const& registry, http::Request const& request) {
  auto const format =
      metrics::accepted_format(request.headers.get("accept").value_or(std::string_view()));
  return text_answer(200, registry.text(format), metrics::content_type(format));
}

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

// A name that only begins like a loopback address (127.0.0.1.evil.test) resolves to whatever its
// owner says.
bool is_loopback_name(std::string_view host) {
  bool const v4 =
      host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
      std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return v4 || host == "localhost" || host == "[::1]";
}

std::function<bool(http::Request const&)> token_check(std::string token, HostRule rule) {
  return [token = std::move(token), rule](http::Request const& request) {
    if (rule == HostRule::loopback_only && !is_loopback_name(host_of(request.authority)))
      return false;
    return equal_constant_time(token_of(request), token);
  };
}

}  // namespace aw::server
