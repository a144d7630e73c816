// SPDX-License-Identifier: Apache-2.0
// Which addresses may be dialled for somebody else: what a caller names must not lead into our own
// network (SSRF).
//
// Pure. Asked about the address that is dialled, after every name was resolved, so that no name can
// mean one thing when checked and another when used.
#pragma once

#include <sys/socket.h>

#include <string_view>

namespace aw::a2a {

// A unicast address of the public internet. False for loopback, private, shared, link-local (the
// clouds' metadata services live there), documentation, benchmark, multicast and reserved ranges,
// for IPv6 that carries such an IPv4 address (mapped, NAT64, 6to4, Teredo), and for every family
// but these two. IANA's special-purpose registries; RFC 6890.
[[nodiscard]] bool is_public_address(sockaddr const& address);
// The same of a literal, "127.0.0.1", "::1", "[::1]"; true for what is no literal.
[[nodiscard]] bool may_be_public_host(std::string_view host);

}  // namespace aw::a2a
