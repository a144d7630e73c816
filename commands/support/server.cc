// SPDX-License-Identifier: Apache-2.0
#include "commands/support/server.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "core/base/text.h"
#include "core/http/web_security.h"

namespace aw::commands {
namespace {

Result<a2a::Wish> wish_of(ServerOptions const& options) {
  a2a::Wish wish;
  if (!options.binding.empty()) {
    wish.transport = a2a::parse_transport(options.binding);
    if (!wish.transport)
      return make_error(Code::usage, "there is no binding \"" + options.binding + '"',
                        "jsonrpc, rest or grpc");
  }
  if (options.version == "1.0") wish.dialect = a2a::Dialect::v1_0;
  if (options.version == "0.3") wish.dialect = a2a::Dialect::v0_3;
  return wish;
}

bool is_url(std::string_view target) {
  return target.contains("://") && !target.starts_with("spiffe://");
}

Result<void> check_trust(ServerOptions const& options, http::Endpoint const& endpoint) {
  bool const web = options.trust == ServerOptions::Trust::web_pki;
  if (endpoint.scheme == http::Scheme::https) {
    if (web) return {};
    return make_error(Code::usage, "nobody says which SPIFFE ID " + endpoint.text() + " must prove",
                      "name the agent and give --address, or trust its host name with --web-pki");
  }
  if (a2a::is_this_machine(endpoint)) return {};
  return make_error(Code::usage, endpoint.text() + " would be spoken to in the clear",
                    "only servers on this machine may be; others need https");
}

// "/agents/x/.well-known/agent-card.json" and "/agents/x/" both mean "/agents/x".
std::string base_of(std::string target) {
  target = target.substr(0, target.find('?'));
  if (auto const at = target.find("/.well-known/"); at != std::string::npos) target.resize(at);
  while (target.ends_with('/')) target.pop_back();
  return target;
}

}  // namespace

void add_server_options(CLI::App& command, ServerOptions& options) {
  add_agent_options(command, options.agent);
  command.add_flag_callback(
      "--web-pki", [&options] { options.trust = ServerOptions::Trust::web_pki; },
      "TARGET is an https URL whose host name a public authority vouches for");
  command
      .add_option("--ca", options.ca_file, "With --web-pki: trust these authorities (PEM) instead")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  command.add_option("--binding", options.binding, "Instead of what its card puts first")
      ->check(CLI::IsMember({"jsonrpc", "rest", "grpc"}));
  command.add_option("--a2a-version", options.version, "Instead of the newest its card offers")
      ->check(CLI::IsMember({"1.0", "0.3"}));
}

Result<std::unique_ptr<ServerSession>> ServerSession::open(ServerOptions const& options,
                                                           Context const& context) {
  AW_TRY(auto const wish, wish_of(options));
  if (!options.ca_file.empty() && options.trust != ServerOptions::Trust::web_pki)
    return make_error(Code::usage, "--ca says whom --web-pki trusts",
                      "an agent is verified by its SPIFFE ID; give --web-pki and a URL");
  if (is_url(options.agent.target)) return open_url(options, wish, context);
  if (options.trust == ServerOptions::Trust::web_pki)
    return make_error(Code::usage, "--web-pki needs a URL", "for example https://agent.example");
  AW_TRY(auto agent, AgentSession::open(options.agent, context));
  std::unique_ptr<ServerSession> session(
      new ServerSession(agent->peer().id.text(), wish, context.clock, {}));
  session->agent_ = std::move(agent);
  return session;
}

Result<std::unique_ptr<ServerSession>> ServerSession::open_url(ServerOptions const& options,
                                                               a2a::Wish wish,
                                                               Context const& context) {
  AW_TRY(auto url, http::parse_url(options.agent.target));
  AW_TRY(check_trust(options, url.endpoint));
  http::ClientConfig config;
  config.timeout = options.agent.timeout;
  config.pool.connect_timeout = std::min(config.pool.connect_timeout, options.agent.timeout);
  std::unique_ptr<ServerSession> session(
      new ServerSession(options.agent.target, wish, context.clock, std::move(config)));
  session->endpoint_ = std::move(url.endpoint);
  session->base_ = base_of(std::move(url.target));
  if (session->endpoint_.scheme == http::Scheme::https) {
    AW_TRY(session->security_, http::web_security(options.ca_file));
  }
  return session;
}

ServerSession::ServerSession(std::string target, a2a::Wish wish, Clock const& clock,
                             http::ClientConfig config)
    : target_(std::move(target)),
      wish_(wish),
      clock_(clock),
      transport_(std::move(config), pool_, clock) {}

a2a::Line ServerSession::line() {
  if (agent_) return agent_->line();
  return {.transport = transport_,
          .clock = clock_,
          .endpoint = endpoint_,
          .base = base_,
          .security = security_,
          .replay = a2a::Replay::unmarked,
          .follow = security_ ? a2a::Follow::card : a2a::Follow::pinned};
}

std::string ServerSession::self() const { return agent_ ? agent_->self().text() : "nobody"; }
std::string ServerSession::peer() const { return target_; }

io::Task<Result<a2a::FetchedCard>> ServerSession::card(SteadyTime deadline) {
  AW_CO_TRY(auto card, co_await a2a::fetch_card(line(), deadline));
  auto const& claimed = card.card.spiffe_id;
  if (agent_ && !claimed.empty() && claimed != agent_->peer().id.text()) {
    co_return make_error(Code::peer_mismatch, "the card says " + text::printable(claimed) +
                                                  ", but the peer is " + agent_->peer().id.text());
  }
  co_return card;
}

io::Task<Result<a2a::Remote>> ServerSession::remote(SteadyTime deadline) {
  AW_CO_TRY(auto const fetched, co_await card(deadline));
  AW_CO_TRY(auto one, a2a::choose_interface(fetched.card, wish_));
  co_return a2a::Remote(line(), std::move(one));
}

}  // namespace aw::commands
