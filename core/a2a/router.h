// SPDX-License-Identifier: Apache-2.0
// From an HTTP request to what it means. Pure: no state, no I/O, any thread.
//
// Served paths:
//   POST /a2a/v1/tasks · GET /a2a/v1/tasks[/{id}[/stream]] · POST /a2a/v1/tasks/{id}/cancel
//   GET  /a2a/v1/authorize?action=X
//   POST / · /rpc · /a2a/v1 (each also with a slash at the end): JSON-RPC
//   A2A REST: /message:send, /message:stream, /tasks, /tasks/{id}[:cancel|:subscribe],
//     /tasks/{id}/pushNotificationConfigs[/{config}], /extendedAgentCard; the same below /{tenant},
//     and the 0.3 spelling below /v1, or with A2A-Version: 0.3
//   gRPC: lf.a2a.v1.A2AService, a2a.v1.A2AService, health and reflection
//   GET  /.well-known/agent-card.json and its old name agent.json, and the JSON-RPC address itself:
//     the public card
//   GET  /health, /health/ready, /health/live, /ready: how the agent is
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "core/a2a/operation.h"
#include "core/http/message.h"

namespace aw::a2a {

// One of the card's: what a caller may ask for, or must.
struct Extension {
  enum class Need : std::uint8_t { optional, required };
  std::string uri;
  Need need = Need::optional;
};

// The configuration's part of understanding; the same for the life of the process.
struct RouterOptions {
  std::vector<std::string> capabilities;  // names, order of the configuration
  std::vector<std::string> versions = {"1.0", "0.3"};
  std::size_t max_body = 16U << 20;
  int max_depth = 64;
  std::vector<Extension> extensions;
};

// The public card was asked for.
struct CardRequest {
  // earlier: the hybrid, with what the earlier implementation's clients look for.
  enum class Form : std::uint8_t { hybrid, pure, earlier } form = Form::hybrid;
  enum class Body : std::uint8_t { yes, no } body = Body::yes;  // no: HEAD
  std::string if_none_match;
  std::string host;  // the request's authority, for cards that name no fixed address
};

// How the agent is: the earlier implementation's GET /health, and its probes' paths.
struct HealthRequest {
  enum class What : std::uint8_t { ready, live } what = What::ready;
  CardRequest::Body body = CardRequest::Body::yes;
};

// Understood as wrong: answer `response`, after audit. `code` is why. Where the body has a place
// for the decision's id (the gates' errors and the plain binding's), `with_id` makes the same
// answer with it; null elsewhere.
struct Refused {
  Code code = Code::request_malformed;
  std::string method;
  http::Response response;
  std::function<http::Response(std::string_view decision_id)> with_id = {};
};

// No route: the gates deny it (Code::unmapped_route) in the shape given.
struct Unmapped {
  Code code = Code::unmapped_route;  // or method_not_allowed
  Shape shape;
  std::string method;
};

// gRPC's own services: any verified peer may ask them, and they reach no backend.
struct GrpcAside {
  enum class What : std::uint8_t { health_check, health_watch, reflection } what;
  Shape shape;
  std::string method;
};

using Parsed = std::variant<Operation, Refused, CardRequest, HealthRequest, GrpcAside, Unmapped>;

// One for all loops.
class Router {
 public:
  explicit Router(RouterOptions options) : options_(std::move(options)) {}
  // Anything that is not exactly understood comes back as Refused or Unmapped, never as Operation.
  [[nodiscard]] Parsed parse(http::Request const& request) const;
  [[nodiscard]] std::size_t max_body() const { return options_.max_body; }

 private:
  RouterOptions options_;
};

// A method whose request is more than one message (reflection): its body is not collected.
[[nodiscard]] bool is_grpc_conversation(std::string_view path);

// The shape to refuse a request in that was not parsed (gates before the router); from the path
// alone.
[[nodiscard]] Shape shape_of(http::Request const& request);

}  // namespace aw::a2a
