// SPDX-License-Identifier: Apache-2.0
// Which agent a request of our own agent is meant for, and what is sent there. Pure; any thread.
//
// Named by, in this order: the header x-agentweave-target (a SPIFFE ID or a short name); a path
// /agents/NAME/… (NAME percent-encoded where it is a whole SPIFFE ID); the host, as HTTP proxies
// have it (http://search/rpc): the host of a configured peer's address, or a short name.
// Over TCP the host names an agent only in a target that is whole, as a proxy's client sends it.
// The host beside a header or a path is a loopback address, localhost or a name below it, nothing,
// or, in a whole target, the very name they give: by any other, with a dot or without, comes a web
// page whose owner made it resolve to us.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/a2a/config.h"
#include "core/base/result.h"
#include "core/http/message.h"
#include "core/identity/spiffe_id.h"

namespace aw::server {

inline constexpr std::string_view kTargetHeader = "x-agentweave-target";

// A value; owns its texts.
struct OutboundTarget {
  identity::SpiffeId id;
  std::string target;  // path and query as the peer gets them
  std::string prefix;  // what stood before them here: "/agents/search", or empty
};

// A browser comes over TCP only.
enum class Door : std::uint8_t { tcp, unix_socket, in_process };
// Code::usage says what names nobody.
[[nodiscard]] Result<OutboundTarget> outbound_target(http::Request const& request,
                                                     identity::TrustDomain const& own,
                                                     a2a::DiscoveryConfig const& discovery,
                                                     Door door = Door::tcp);

// Is this a web page's doing? Browsers say so, and a page must not call agents through us.
[[nodiscard]] bool from_browser(http::Request const& request);

// The headers that go on: without those of this hop, those that name somebody, and ours.
// Of this hop are also those that Connection names (RFC 9110 §7.6.1). Ours are those that begin
// with x-agentweave- or x-forwarded, and traceparent: the caller's word for it is not passed on.
[[nodiscard]] http::Headers outbound_headers(http::Headers const& from);
// Without those of this hop.
[[nodiscard]] http::Headers returned_headers(http::Headers const& from);

// A peer's card for our own agent: its interfaces lead through `base` ("http://127.0.0.1:8081" and
// the prefix). gRPC interfaces and signatures are left out: the first cannot pass, the second do
// not cover this document. Code::protocol.
[[nodiscard]] Result<std::string> card_through(std::string_view card_json, std::string_view base);

}  // namespace aw::server
