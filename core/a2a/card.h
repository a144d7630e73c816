// SPDX-License-Identifier: Apache-2.0
// What this agent says of itself: the A2A agent card, as 1.0 document and as hybrid that 0.3
// clients understand too.
//
// Immutable; any thread. A2A §agent card.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/config.h"
#include "core/a2a/router.h"
#include "core/base/clock.h"
#include "core/http/message.h"

namespace aw::a2a {

// Declared by every card: its params say which SPIFFE ID the handshake proves.
inline constexpr std::string_view kSpiffeExtension = "urn:agentweave:extension:spiffe";

struct CardOptions {
  AgentInfo agent;
  std::string spiffe_id;
  std::string base_url;  // "https://agent.example:8443"; empty = the address the caller used
  std::vector<std::string> versions = {"1.0", "0.3"};
  bool push = false;  // does the agent serve webhooks?
  WallTime made;      // Last-Modified
  std::chrono::seconds max_age{300};
};

class Card {
 public:
  explicit Card(CardOptions options) : options_(std::move(options)) {}

  [[nodiscard]] std::string json(CardRequest::Form form, std::string_view base_url) const;
  // With ETag, Last-Modified and Cache-Control; 304 when the caller has this very document.
  [[nodiscard]] http::Response respond(CardRequest const& request) const;
  [[nodiscard]] std::string base_url_for(std::string_view host) const;

 private:
  CardOptions options_;
};

}  // namespace aw::a2a
