// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/federation_admin.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::runtime {
namespace {

using json::Json;

// Retired connections have half a second to finish what they are at, and TLS its goodbye.
constexpr std::chrono::seconds kGoing{3};

http::Response json_answer(int status, Json const& body) {
  http::Response out;
  out.status = status;
  out.headers.add("content-type", "application/json");
  out.headers.add("cache-control", "no-store");
  out.headers.add("x-content-type-options", "nosniff");
  out.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return out;
}

http::Response error_answer(Error const& error) {
  return json_answer(
      409, {{"code", code_name(error.code)}, {"message", error.message}, {"hint", error.hint}});
}

Json time_json(std::optional<WallTime> const& time) {
  return time ? Json(format_rfc3339(*time)) : Json();
}

Json status_json_of(identity::FederationStatus const& one) {
  return {{"trust_domain", one.domain},
          {"source", one.source},
          {"sequence", one.sequence ? Json(*one.sequence) : Json()},
          {"authorities", one.authorities},
          {"fetched", time_json(one.fetched)},
          {"next", time_json(one.next)},
          {"trusted_until", time_json(one.trusted_until)},
          {"state", identity::federation_state_name(one.state)},
          {"last_error", one.last_error}};
}

Json federation_list(identity::FederatedProvider const& federation) {
  Json out = Json::array();
  for (auto const& one : federation.federated()) out.push_back(status_json_of(one));
  return out;
}

Result<Json> body_of(std::string const& text) {
  AW_TRY(auto body, json::parse(text, {.bytes = 8U << 20, .depth = 16}));
  if (!body.is_object()) return make_error(Code::request_malformed, "an object is expected");
  return body;
}

std::string body_text(Json const& body, char const* name) {
  auto const found = body.find(name);
  return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What the body says, and nothing else: a spelling mistake must not ask for less proof than meant.
Result<identity::FederationConfig> source_of(Json const& body) {
  static constexpr std::array<std::string_view, 6> kMembers = {
      "trust_domain", "url", "profile", "endpoint_spiffe_id", "bootstrap", "ca_path"};
  for (auto const& [name, value] : body.items()) {
    if (std::ranges::find(kMembers, name) == kMembers.end())
      return make_error(Code::request_malformed, "unknown member " + text::printable(name));
    if (!value.is_string())
      return make_error(Code::request_malformed, name + " is expected to be a text");
  }
  identity::FederationConfig out{.trust_domain = body_text(body, "trust_domain"),
                                 .url = body_text(body, "url"),
                                 .endpoint_spiffe_id = body_text(body, "endpoint_spiffe_id"),
                                 .bootstrap = {},
                                 .ca_path = body_text(body, "ca_path")};
  auto const profile = body_text(body, "profile");
  for (auto const one :
       {identity::EndpointProfile::https_web, identity::EndpointProfile::https_spiffe})
    if (profile == identity::profile_name(one)) out.profile = one;
  if (!profile.empty() && profile != identity::profile_name(out.profile))
    return make_error(Code::config_out_of_range,
                      "profile is https_web or https_spiffe, not " + text::printable(profile));
  return out;
}

Result<void> permitted(Runtime::Parts const& p, identity::TrustDomain const& domain) {
  auto const& allowed = p.config.identity.allowed_trust_domains;
  if (domain.name() == p.config.agent.trust_domain)
    return make_error(Code::config_conflict, domain.name() + " is the own trust domain");
  if (std::ranges::find(allowed, domain.name()) != allowed.end()) return {};
  return make_error(Code::trust_domain_not_allowed,
                    domain.name() + " is not in identity.allowed_trust_domains",
                    "list it there first: a bundle says who signs for a domain, the list whom we "
                    "talk to");
}

// What was never seen to work is not trusted, and neither is what is on no record.
Result<void> settle(Runtime::Parts& p, identity::TrustDomain const& domain) {
  AW_TRY(p.federation->fetch(domain));
  AW_TRY(p.announce(audit::EventType::config_change, "federation added: " + domain.name()));
  auto accepted = p.federation->accept(domain);
  if (!accepted.ok())
    static_cast<void>(
        p.announce(audit::EventType::config_change, "federation removed: " + domain.name()));
  return accepted;
}

Result<Json> add_source(Runtime::Parts& p, std::string const& text) {
  if (p.config.server.state.directory.empty())
    return make_error(Code::config_missing_key, "what is added would be forgotten at a restart",
                      "set state.directory, or write identity.federation");
  AW_TRY(auto const body, body_of(text));
  AW_TRY(auto const asked, source_of(body));
  AW_TRY(auto source, identity::parse_source(asked));
  AW_TRY(permitted(p, source.domain));
  std::optional<identity::Bundle> bootstrap;
  if (auto const given = body_text(body, "bootstrap"); !given.empty()) {
    AW_TRY(bootstrap,
           with_context(identity::Bundle::parse_json(source.domain, given), "bootstrap"));
  }
  auto const domain = source.domain;
  for (auto const& one : p.federation->federated())
    if (one.domain == domain.name())
      return make_error(Code::config_conflict, domain.name() + " is federated already");
  // From here on nobody else changes this domain, and no other domain's change waits for us.
  AW_TRY(p.federation->propose(std::move(source), bootstrap));
  if (auto settled = settle(p, domain); !settled.ok()) {
    p.federation->withdraw(domain);
    return std::move(settled).error();
  }
  return Json{{"federation", federation_list(*p.federation)}, {"audit_seq", p.audit->status().seq}};
}

Result<Json> remove_source(Runtime::Parts& p, std::string const& text) {
  AW_TRY(auto const body, body_of(text));
  AW_TRY(auto const domain, identity::TrustDomain::parse(body_text(body, "trust_domain")));
  auto const before = p.trust_changes->begun();
  AW_TRY(auto const removed, p.federation->remove(domain));
  AW_TRY(p.announce(audit::EventType::config_change, "federation removed: " + domain.name()));
  auto const audit_seq = p.audit->status().seq;
  auto const closed = p.trust_changes->wait_closed(domain.name(), before, kGoing);
  if (removed.kept.ok()) return Json{{"audit_seq", audit_seq}, {"connections", closed}};
  auto error = Error(removed.kept.error())
                   .within(domain.name() +
                           " is trusted no more, but will be again after a restart, for what is "
                           "kept could not be rewritten");
  error.hint = "mend that, and remove it again";
  return error;
}

using Change = Result<Json> (*)(Runtime::Parts&, std::string const&);

// Fetches and files wait, so they do it where waiting is allowed.
server::PlainRoute changing(Runtime::Parts& parts, Change change) {
  server::PlainRoute route{"POST", {}};
  route.later = [p = &parts, change](http::Request const& request) -> io::Task<http::Response> {
    auto const body = request.body;
    auto done = co_await p->pool->run<Json>([p, change, body] { return change(*p, body); });
    co_return done.ok() ? json_answer(200, *done) : error_answer(done.error());
  };
  return route;
}

}  // namespace

void add_federation_routes(server::PlainRoutes& routes, Runtime::Parts& parts) {
  if (parts.federation == nullptr) return;
  routes.emplace("/federation", server::PlainRoute{"GET", [p = &parts](auto const&) {
                                                     return json_answer(
                                                         200, federation_list(*p->federation));
                                                   }});
  routes.emplace("/federation/add", changing(parts, add_source));
  routes.emplace("/federation/remove", changing(parts, remove_source));
}

}  // namespace aw::runtime
