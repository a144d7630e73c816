// SPDX-License-Identifier: Apache-2.0
#include "commands/support/drill_pdp.h"

#include <utility>

#include "core/authz/embedded.h"
#include "core/authz/policy_files.h"
#include "core/rego/value.h"

namespace aw::commands {
namespace {

struct PdpSession final : http::Session {
  explicit PdpSession(DrillPdp const& asked) : pdp(asked) {}
  io::Task<void> handle(http::Request& request, http::ResponseWriter& writer) override {
    http::Response out;
    bool const data = request.method == "POST" && request.path.starts_with("/v1/data/");
    out.status = data ? 200 : 404;
    out.headers.add("content-type", "application/json");
    out.body = data ? pdp.answer(request.body) : "{}";
    co_await writer.respond(std::move(out));
  }
  DrillPdp const& pdp;
};

}  // namespace

DrillPdp::DrillPdp(authz::LoadedPolicy policy, Clock const& clock)
    : policy_(std::move(policy)), clock_(clock) {}

DrillPdp::~DrillPdp() {
  take_away();
  loops_.stop();
}

Result<std::unique_ptr<DrillPdp>> DrillPdp::open(authz::Config const& config, Clock const& clock) {
  AW_TRY(auto policy,
         authz::load_policy(authz::policy_location(config), config.policy_path, clock));
  std::unique_ptr<DrillPdp> pdp(new DrillPdp(std::move(policy), clock));
  AW_TRY(pdp->listen(0));
  return pdp;
}

Result<void> DrillPdp::listen(std::uint16_t port) {
  http::ServerOptions options;
  options.listen = http::TcpAddress{.host = "127.0.0.1", .port = port};
  options.sessions = [this](http::ConnectionInfo const&) -> Result<std::unique_ptr<http::Session>> {
    return std::unique_ptr<http::Session>(std::make_unique<PdpSession>(*this));
  };
  AW_TRY(server_, http::Server::start(std::move(options), loops_, clock_));
  port_ = server_->port();
  return {};
}

std::string DrillPdp::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void DrillPdp::take_away() {
  if (server_) server_->stop();
  server_.reset();
}

Result<void> DrillPdp::bring_back() { return listen(port_); }

std::string DrillPdp::answer(std::string_view request_body) const {
  auto const parsed = rego::parse_json(request_body);
  if (!parsed.ok()) return "{}";  // no result: denied, whoever asks
  auto const input = parsed->get("input");
  auto const decided = authz::evaluate_policy(policy_, input, {.now = clock_.now()});
  if (!decided.outcome.defined()) return "{}";
  return R"({"result":)" + decided.outcome.value.to_json() + "}";
}

}  // namespace aw::commands
