// SPDX-License-Identifier: Apache-2.0
// From an HTTP request to what it means. Pure: no state, no I/O, any thread.
//
// Served paths:
//   POST /a2a/v1/tasks · GET /a2a/v1/tasks[/{id}[/stream]] · POST /a2a/v1/tasks/{id}/cancel
//   GET  /a2a/v1/authorize?action=X
//   POST / · /rpc · /a2a/v1 (each also with a slash at the end): JSON-RPC
//   A2A REST: /message:send, /message:stream, /tasks, /tasks/{id}[:cancel|:subscribe],
//     /extendedAgentCard, and the 0.3 spelling below /v1
//   GET  /.well-known/agent-card.json and its old name agent.json: the public card
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/a2a/operation.h"
#include "core/http/message.h"

namespace aw::a2a {

struct RouterOptions {
  std::vector<std::string> capabilities;  // names, order of the configuration
  std::vector<std::string> versions = {"1.0", "0.3"};
  std::size_t max_body = 16U << 20;
  int max_depth = 64;
};

// The public card was asked for.
struct CardRequest {
  enum class Form : std::uint8_t { hybrid, pure } form = Form::hybrid;
  enum class Body : std::uint8_t { yes, no } body = Body::yes;  // no: HEAD
  std::string if_none_match;
  std::string host;  // the request's authority, for cards that name no fixed address
};

// Understood as wrong: answer `response` as it is, after audit. `code` is why.
struct Refused {
  Code code = Code::request_malformed;
  std::string method;
  http::Response response;
};

// No route: the gates deny it (Code::unmapped_route) in the shape given.
struct Unmapped {
  Code code = Code::unmapped_route;  // or method_not_allowed
  Shape shape;
  std::string method;
};

using Parsed = std::variant<Operation, Refused, CardRequest, Unmapped>;

class Router {
 public:
  explicit Router(RouterOptions options) : options_(std::move(options)) {}
  // Anything that is not exactly understood comes back as Refused or Unmapped, never as Operation.
  [[nodiscard]] Parsed parse(http::Request const& request) const;

 private:
  RouterOptions options_;
};

// The shape to refuse a request in that was not parsed (gates before the router); from the path
// alone.
[[nodiscard]] Shape shape_of(http::Request const& request);

}  // namespace aw::a2a
