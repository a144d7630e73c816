// SPDX-License-Identifier: Apache-2.0
// Where a Workload API listens: SPIFFE Workload Endpoint §4, `unix:///run/spire/agent.sock` or
// `tcp://127.0.0.1:8000`.
//
// A value; parsing is pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::identity {

class WorkloadEndpoint {
 public:
  enum class Kind { unix_socket, tcp };

  // `unix:///abs/path`, `unix:/abs/path`, `tcp://IP:PORT`, `tcp://[IPv6]:PORT`; nothing else: no
  // host names, no user, query or fragment. Errors: Code::config_out_of_range.
  static Result<WorkloadEndpoint> parse(std::string_view text);
  static Result<WorkloadEndpoint> at_path(std::string_view absolute_path);

  [[nodiscard]] Kind kind() const { return kind_; }
  // The file of a unix socket; empty for tcp.
  [[nodiscard]] std::string const& path() const { return path_; }
  // The address as SPIFFE_ENDPOINT_SOCKET holds it.
  [[nodiscard]] std::string text() const;
  // The address as gRPC's resolver wants it: `unix:/path`, `ipv4:127.0.0.1:80`, `ipv6:[::1]:80`.
  [[nodiscard]] std::string grpc_target() const;

  friend bool operator==(WorkloadEndpoint const&, WorkloadEndpoint const&) = default;

 private:
  Kind kind_ = Kind::unix_socket;
  std::string path_;
  std::string host_;  // without brackets
  std::uint16_t port_ = 0;
  bool ipv6_ = false;
};

}  // namespace aw::identity
