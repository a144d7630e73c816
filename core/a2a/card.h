// SPDX-License-Identifier: Apache-2.0
// This agent's card as it is served: as 1.0 document and as hybrid that 0.3 clients understand too,
// signed, with what HTTP caches need.
//
// Any thread; quick (a signature is made once for each address and set of keys, and kept).
// A2A §agent card.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/card_keys.h"
#include "core/a2a/config.h"
#include "core/a2a/remote_card.h"
#include "core/a2a/router.h"
#include "core/base/clock.h"
#include "core/http/message.h"

namespace aw::a2a {

// Declared by every card: its params say which SPIFFE ID the handshake proves.
inline constexpr std::string_view kSpiffeExtension = "urn:agentweave:extension:spiffe";
// Declared when a capability says what it takes: its params map skill ids to the JSON Schema of the
// payload. The service holds each call against it; the card only shows it.
inline constexpr std::string_view kParametersExtension = "urn:agentweave:extension:parameters";

// Read once; only `keys` is asked again, at each request, from any thread.
struct CardOptions {
  AgentInfo agent;
  std::string spiffe_id;
  std::string base_url;  // "https://agent.example:8443"; empty = the address the caller used
  std::vector<std::string> versions = {"1.0", "0.3"};
  std::vector<Transport> transports = {Transport::json_rpc, Transport::http_json, Transport::grpc};
  bool push = false;  // does the agent serve webhooks?
  WallTime made;      // Last-Modified
  std::chrono::seconds max_age{300};
  std::function<CardKeys()> keys;  // those of now; empty = the card is not signed
};

// Signatures are kept for 64 base addresses: callers choose the address.
class Card {
 public:
  explicit Card(CardOptions options);

  [[nodiscard]] std::string json(CardRequest::Form form, std::string_view base_url) const;
  // With ETag, Last-Modified and Cache-Control; 304 when the caller has this very document.
  [[nodiscard]] http::Response respond(CardRequest const& request) const;
  // `host` is a caller's word: what is no host[:port] does not get into the document.
  [[nodiscard]] std::string base_url_for(std::string_view host) const;

 private:
  struct Signed {
    CardKeys keys;
    std::string signatures;
  };
  [[nodiscard]] CardKeys keys() const;
  [[nodiscard]] std::string signatures_for(std::string_view base, CardKeys const& keys) const;

  CardOptions const options_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Signed, std::less<>> signed_;  // by base address
};

}  // namespace aw::a2a
