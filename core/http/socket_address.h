// SPDX-License-Identifier: Apache-2.0
// Socket addresses as text, and listening sockets from addresses.
//
// Pure or one system call after another; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/http/server.h"
#include "core/tls/stream.h"

namespace aw::http {

// "10.0.0.7:51234", "[::1]:80", "unix"; empty when the socket has none any more.
[[nodiscard]] std::string local_address(tls::Socket& socket);
[[nodiscard]] std::string remote_address(tls::Socket& socket);

// Open, listening, non-blocking descriptors, `count` of them for one address.
// TCP: one socket a loop, bound with SO_REUSEPORT after a probe without it, so that another
// process on the port is noticed. Otherwise copies of one descriptor.
struct Listening {
  std::vector<Fd> descriptors;
  std::uint16_t port = 0;
  std::string text;  // "127.0.0.1:41233", "unix:///run/x.sock"
};
// Code::address_in_use, Code::io, Code::config_wrong_type (a host that is no IP address).
[[nodiscard]] Result<Listening> listen_on(Address const& address, std::size_t count);

}  // namespace aw::http
