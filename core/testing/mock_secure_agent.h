// SPDX-License-Identifier: Apache-2.0
// An agent without a network, for unit tests of the code that is written against sdk::Agent:
// handlers are called here and now, other agents answer what the test says.
//
// What of the gates can be had without a network is there: the schema of a payload, and an
// authorization provider if one is given. One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/sdk/agent.h"
#include "core/sdk/authorization_provider.h"

namespace aw::testing {

// Another agent, as the code under test meets it in `call_agent`.
class MockPeer {
 public:
  using Answer = std::function<Result<std::string>(std::string_view payload)>;

  MockPeer& answers(std::string_view capability, std::string_view json);
  MockPeer& answers(std::string_view capability, Answer answer);
  MockPeer& fails(std::string_view capability, Error error);
  // The payloads it was sent, in their order.
  [[nodiscard]] std::vector<std::string> const& received(std::string_view capability) const;

 private:
  friend class MockSecureAgent;
  Result<std::string> ask(std::string_view capability, std::string_view payload);

  std::map<std::string, Answer, std::less<>> answers_;
  std::map<std::string, std::vector<std::string>, std::less<>> received_;
};

class MockSecureAgent final : public sdk::Agent {
 public:
  // What a handler said before it returned.
  struct Said {
    std::vector<std::string> statuses;
    std::vector<std::pair<std::string, std::string>> artifacts;  // name, text; pieces as they came
    std::string input_required;
    std::string rejected;
  };

  // `clock` outlives it; null = the machine's. A SPIFFE ID that is none throws
  // std::invalid_argument: the test is wrong.
  explicit MockSecureAgent(std::string_view spiffe_id = "spiffe://test.local/agent/mock",
                           Clock const* clock = nullptr);
  ~MockSecureAgent() override;

  Result<void> add_capability(sdk::Capability capability) override;
  // Asked before each call in both directions from now on; without one everything is allowed.
  void authorize_with(std::shared_ptr<sdk::AuthorizationProvider> provider);

  // One call of a capability, as a caller would make it. One that nobody added answers
  // {"status":"success"}. Errors: denied_by_policy, request_malformed with the field's path, what
  // the handler returned; unsupported_operation when it asked back or rejected (see `said`).
  [[nodiscard]] Result<std::string> call(
      std::string_view capability, std::string_view payload,
      std::string_view caller = "spiffe://test.local/agent/caller");
  // Of the latest call.
  [[nodiscard]] Said const& said() const;

  // Made at the first mention. `target` as the code under test names it.
  MockPeer& peer(std::string_view target);

  using Agent::call_agent;
  // Code::connect when the target is no peer of the test, Code::unknown_capability when that has no
  // answer.
  Result<std::string> call_agent(std::string_view target, std::string_view capability,
                                 std::string_view payload, sdk::CallOptions options) override;
  [[nodiscard]] std::string spiffe_id() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::testing
