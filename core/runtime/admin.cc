// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/admin.h"

#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/markup.h"
#include "core/runtime/federation_admin.h"
#include "core/runtime/map_admin.h"

namespace aw::runtime {
namespace {

http::Response answer(int status, std::string_view type, std::string body) {
  http::Response out;
  out.status = status;
  out.headers.add("content-type", type);
  out.headers.add("cache-control", "no-store");
  out.headers.add("x-content-type-options", "nosniff");
  out.headers.add("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
  out.headers.add("referrer-policy", "no-referrer");
  out.body = std::move(body);
  return out;
}

void write_trust_changes(json::Writer& w, std::vector<TrustChange> const& changes) {
  w.key("trust_changes").begin_array();
  for (auto const& change : changes) {
    w.begin_object().member("time", format_rfc3339(change.at));
    w.member("connections", static_cast<std::int64_t>(change.connections));
    w.member("took_milliseconds",
             std::chrono::duration_cast<std::chrono::milliseconds>(change.took).count());
    w.key("withdrawn").begin_array();
    for (auto const& one : change.withdrawn) {
      w.begin_object().member("trust_domain", one.trust_domain);
      w.member("fingerprint_sha256", one.fingerprint).end_object();
    }
    w.end_array().end_object();
  }
  w.end_array();
}

std::string status_json(Runtime::Parts& p) {
  std::string out;
  json::Writer w(out);
  auto const policy = p.authorizer->status();
  auto const stats = p.agent->stats();
  auto const audit = p.audit->status();
  w.begin_object().member("agent", p.config.agent.name).member("version", AW_VERSION);
  w.member("environment", config::environment_name(p.config.environment));
  w.member("spiffe_id", p.first_svid->id.text()).key("ready").boolean(p.health.ready());
  w.key("checks").begin_object();
  for (auto const& check : p.health.report()) w.member(check.name, check.result.detail);
  w.end_object();
  w.key("policy").begin_object().member("kind", policy.kind).member("path", policy.policy_path);
  w.member("mode", policy.mode).member("digest", policy.policy_digest);
  w.member("generation", static_cast<std::int64_t>(policy.generation))
      .member("last_error", policy.last_error);
  w.key("endpoints").begin_array();
  for (auto const& endpoint : policy.endpoints) {
    w.begin_object().member("name", endpoint.name).member("breaker", endpoint.breaker);
    w.member("last_error", endpoint.last_error).end_object();
  }
  w.end_array().end_object();
  w.key("audit")
      .begin_object()
      .member("seq", static_cast<std::int64_t>(audit.seq))
      .member("hash", audit.hash)
      .end_object();
  w.member("connections", static_cast<std::int64_t>(stats.connections));
  write_trust_changes(w, p.trust_changes->list());
  w.member("requests_in_flight", static_cast<std::int64_t>(stats.in_flight));
  w.member("replay_nonces", static_cast<std::int64_t>(p.replay->size())).end_object();
  return out;
}

std::string page(Runtime::Parts& p) {
  std::string out =
      "<!doctype html><meta charset=utf-8><title>agentweave</title>"
      "<style>body{font:14px "
      "system-ui;margin:2em;max-width:70em}pre{background:#f4f4f4;padding:1em;overflow:auto}</"
      "style>";
  out += "<h1>" + text::escape_markup(p.config.agent.name) + "</h1><p>" +
         text::escape_markup(p.first_svid->id.text()) + "</p>";
  out += "<p><a href=\"/map?ticket=" + p.map_door->issue_ticket() + "\">Trust map</a></p>";
  out += "<h2>Checks</h2><pre>" + text::escape_markup(server::verbose_text(p.health)) + "</pre>";
  if (p.decisions) {
    return out +
           "<h2>Decisions</h2><p>GET /v1/data/system/decisions, or <code>agentweave authz "
           "decisions</code></p>";
  }
  out += "<h2>Recent decisions</h2><pre>";
  auto const recent = json::parse(p.recent->document(), {.bytes = 64U << 20, .depth = 64});
  if (recent.ok()) out += text::escape_markup(recent->dump(2));
  return out + "</pre>";
}

// The store's database is read where blocking is allowed.
io::Task<http::Response> recent_decisions(Runtime::Parts& p) {
  constexpr std::size_t kMostTold = 1000;
  if (!p.decisions) co_return answer(200, "application/json", p.recent->document());
  auto document = co_await p.pool->run<std::string>([&p]() -> Result<std::string> {
    return p.decisions->document(kMostTold, p.config.agent.name);
  });
  if (!document.ok()) {
    co_return answer(503, "text/plain; charset=utf-8", document.error().text() + "\n");
  }
  co_return answer(200, "application/json", std::move(*document));
}

http::Response reload_policy(Runtime::Parts& p) {
  if (auto done = p.authorizer->reload(); !done.ok()) {
    return answer(409, "text/plain; charset=utf-8", done.error().text() + "\n");
  }
  return answer(200, "text/plain; charset=utf-8", "reloaded\n");
}

}  // namespace

server::PlainRoutes admin_routes_of(Runtime::Parts& parts) {
  server::PlainRoutes out;
  Runtime::Parts* p = &parts;
  out.emplace("/", server::PlainRoute{"GET", [p](auto const&) {
                                        return answer(200, "text/html; charset=utf-8", page(*p));
                                      }});
  out.emplace("/status", server::PlainRoute{"GET", [p](auto const&) {
                                              return answer(200, "application/json",
                                                            status_json(*p));
                                            }});
  server::PlainRoute past{"GET", {}};
  past.later = [p](auto const&) { return recent_decisions(*p); };
  out.emplace("/v1/data/system/decisions", std::move(past));
  out.emplace("/metrics", server::PlainRoute{"GET", [p](http::Request const& request) {
                                               return server::scrape(p->metrics, request);
                                             }});
  out.emplace("/reload-policy",
              server::PlainRoute{"POST", [p](auto const&) { return reload_policy(*p); }});
  add_federation_routes(out, parts);
  add_map_routes(out, parts);
  return out;
}

}  // namespace aw::runtime
