// SPDX-License-Identifier: Apache-2.0
#include "core/testing/mock_secure_agent.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/a2a/discovery.h"
#include "core/base/json.h"
#include "core/sdk/capability.h"

namespace aw::testing {
namespace {

identity::SpiffeId mock_id(std::string_view text) {
  auto id = identity::SpiffeId::parse(text);
  if (!id.ok()) throw std::invalid_argument(id.error().text());
  return std::move(id).value();
}

class KeptProgress final : public sdk::Progress {
 public:
  explicit KeptProgress(MockSecureAgent::Said& said) : said_(said) {}
  void status(std::string_view text) override { said_.statuses.emplace_back(text); }
  void artifact(std::string_view name, std::string_view text) override {
    said_.artifacts.emplace_back(name, text);
  }
  void input_required(std::string_view text) override { said_.input_required = text; }
  void rejected(std::string_view text) override { said_.rejected = text; }

 private:
  MockSecureAgent::Said& said_;
};

}  // namespace

MockPeer& MockPeer::answers(std::string_view capability, std::string_view json) {
  return answers(capability, [json = std::string(json)](std::string_view) { return json; });
}

MockPeer& MockPeer::answers(std::string_view capability, Answer answer) {
  answers_.insert_or_assign(std::string(capability), std::move(answer));
  return *this;
}

MockPeer& MockPeer::fails(std::string_view capability, Error error) {
  return answers(capability, [error = std::move(error)](std::string_view) { return error; });
}

std::vector<std::string> const& MockPeer::received(std::string_view capability) const {
  static std::vector<std::string> const nothing;
  auto const found = received_.find(capability);
  return found == received_.end() ? nothing : found->second;
}

Result<std::string> MockPeer::ask(std::string_view capability, std::string_view payload) {
  auto const found = answers_.find(capability);
  if (found == answers_.end())
    return make_error(Code::unknown_capability,
                      "the mock peer has no answer for " + std::string(capability));
  received_[std::string(capability)].emplace_back(payload);
  return found->second(payload);
}

struct MockSecureAgent::Impl {
  Impl(std::string_view id, Clock const* given)
      : clock(given != nullptr ? *given : system), self(mock_id(id)) {}

  SystemClock const system;
  Clock const& clock;
  identity::SpiffeId const self;
  sdk::Capabilities capabilities;
  std::map<std::string, rego::JsonSchema, std::less<>> schemas;
  std::shared_ptr<sdk::AuthorizationProvider> provider;  // the test looks at it too
  std::map<std::string, MockPeer, std::less<>> peers;
  Said said;
  int calls = 0;

  Result<void> permit(identity::SpiffeId caller, identity::SpiffeId callee, std::string_view action,
                      sdk::Direction direction) const {
    if (!provider) return {};
    auto const decision = provider->authorize({.caller = std::move(caller),
                                               .callee = std::move(callee),
                                               .action = std::string(action),
                                               .direction = direction,
                                               .time = clock.now()});
    if (decision.allowed()) return {};
    return make_error(decision.code, decision.reason);
  }
  Result<std::string> run(sdk::Capability const& capability, std::string_view payload,
                          std::string_view caller);
};

Result<std::string> MockSecureAgent::Impl::run(sdk::Capability const& capability,
                                               std::string_view payload, std::string_view caller) {
  auto const number = std::to_string(++calls);
  sdk::Call call{.capability = capability.name,
                 .payload = std::string(payload),
                 .caller = std::string(caller),
                 .task_id = "t-" + number,
                 .context_id = "c-" + number,
                 .decision_id = "d-" + number,
                 .traceparent = {},
                 .deadline = clock.steady() +
                             std::chrono::duration_cast<SteadyTime::duration>(capability.timeout),
                 .cancelled = {}};
  KeptProgress progress(said);
  AW_TRY(auto answer, sdk::run_handler(capability.handler, call, progress));
  if (!said.input_required.empty())
    return make_error(Code::unsupported_operation, "input required: " + said.input_required);
  if (!said.rejected.empty())
    return make_error(Code::unsupported_operation, "rejected: " + said.rejected);
  AW_TRY(with_context(json::parse(answer), "the handler's answer"));
  return answer;
}

MockSecureAgent::MockSecureAgent(std::string_view spiffe_id, Clock const* clock)
    : impl_(std::make_unique<Impl>(spiffe_id, clock)) {}
MockSecureAgent::~MockSecureAgent() = default;

Result<void> MockSecureAgent::add_capability(sdk::Capability capability) {
  auto const name = capability.name;
  AW_TRY(sdk::register_capability(impl_->capabilities, std::move(capability)));
  auto const& parameters = impl_->capabilities.find(name)->second.parameters;
  if (parameters.empty()) return {};
  AW_TRY(auto schema, rego::JsonSchema::parse(parameters));
  impl_->schemas.emplace(name, std::move(schema));
  return {};
}

void MockSecureAgent::authorize_with(std::shared_ptr<sdk::AuthorizationProvider> provider) {
  impl_->provider = std::move(provider);
}

Result<std::string> MockSecureAgent::call(std::string_view capability, std::string_view payload,
                                          std::string_view caller) {
  impl_->said = {};
  AW_TRY(impl_->permit(mock_id(caller), impl_->self, capability, sdk::Direction::inbound));
  auto const found = impl_->capabilities.find(capability);
  if (found == impl_->capabilities.end()) return std::string(R"({"status":"success"})");
  if (auto const schema = impl_->schemas.find(capability); schema != impl_->schemas.end()) {
    if (auto said = schema->second.objection(payload, "payload"); !said.empty())
      return make_error(Code::request_malformed, std::move(said));
  } else {
    AW_TRY(with_context(json::parse(payload), "payload"));
  }
  return impl_->run(found->second, payload, caller);
}

MockSecureAgent::Said const& MockSecureAgent::said() const { return impl_->said; }

MockPeer& MockSecureAgent::peer(std::string_view target) {
  return impl_->peers[std::string(target)];
}

Result<std::string> MockSecureAgent::call_agent(std::string_view target,
                                                std::string_view capability,
                                                std::string_view payload,
                                                sdk::CallOptions /*options*/) {
  AW_TRY(auto callee, a2a::target_id(target, impl_->self.trust_domain()));
  AW_TRY(impl_->permit(impl_->self, std::move(callee), capability, sdk::Direction::outbound));
  auto const found = impl_->peers.find(target);
  if (found == impl_->peers.end())
    return make_error(Code::connect, std::string(target) + " is no peer of this test",
                      "agent.peer(\"" + std::string(target) + "\").answers(…)");
  return found->second.ask(capability, payload);
}

std::string MockSecureAgent::spiffe_id() const { return impl_->self.text(); }

}  // namespace aw::testing
