// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_endpoint.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <charconv>
#include <optional>

#include "core/base/percent.h"
#include "core/base/text.h"

namespace aw::identity {
namespace {

constexpr std::string_view kHint = "use unix:///path/to/socket or tcp://IP:PORT";
// sun_path holds a terminating zero too.
constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

Error refuse(std::string_view text, std::string_view why) {
  return make_error(
      Code::config_out_of_range,
      "workload api address \"" + text::printable(text.substr(0, 200)) + "\": " + std::string(why),
      std::string(kHint));
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool is_address(int family, std::string const& host) {
  in6_addr parsed{};
  return inet_pton(family, host.c_str(), &parsed) == 1;
}

struct HostPort {
  std::string_view host;
  std::string_view port;
};

std::optional<HostPort> split_authority(std::string_view authority) {
  if (authority.starts_with('[')) {
    auto const close = authority.find("]:");
    if (close == std::string_view::npos) return std::nullopt;
    return HostPort{authority.substr(1, close - 1), authority.substr(close + 2)};
  }
  auto const colon = authority.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return HostPort{authority.substr(0, colon), authority.substr(colon + 1)};
}

}  // namespace

Result<WorkloadEndpoint> WorkloadEndpoint::at_path(std::string_view absolute_path) {
  if (!absolute_path.starts_with('/'))
    return refuse(absolute_path, "the socket path must be absolute");
  if (absolute_path.size() < 2) return refuse(absolute_path, "the socket path is missing");
  if (absolute_path.size() > kLongestPath)
    return refuse(absolute_path,
                  "the socket path is longer than " + std::to_string(kLongestPath) + " bytes");
  if (absolute_path.contains('\0'))
    return refuse(absolute_path, "the socket path holds a zero byte");
  WorkloadEndpoint out;
  out.path_ = std::string(absolute_path);
  return out;
}

Result<WorkloadEndpoint> WorkloadEndpoint::parse(std::string_view text) {
  if (text.empty()) return refuse(text, "it is empty");
  if (text.contains('?') || text.contains('#'))
    return refuse(text, "a query or fragment is not allowed");
  if (text.starts_with("unix:")) {
    auto path = text.substr(5);
    // Workload Endpoint §4: the authority of a unix address must be empty.
    if (path.starts_with("//")) path.remove_prefix(2);
    if (!path.starts_with('/'))
      return refuse(text, "a unix address has an absolute path and no host");
    AW_TRY(auto endpoint, at_path(path));
    return endpoint;
  }
  if (!text.starts_with("tcp://")) return refuse(text, "the scheme must be unix or tcp");
  auto const authority = text.substr(6);
  if (authority.contains('/')) return refuse(text, "a tcp address has no path");
  if (authority.contains('@')) return refuse(text, "a user name is not allowed");
  auto const parts = split_authority(authority);
  if (!parts) return refuse(text, "the port is missing");
  auto const port = parse_port(parts->port);
  if (!port) return refuse(text, "the port is not a number from 1 to 65535");
  WorkloadEndpoint out;
  out.kind_ = Kind::tcp;
  out.host_ = std::string(parts->host);
  out.port_ = *port;
  out.ipv6_ = authority.starts_with('[');
  // §4: the host must be an IP address, so that no resolver stands between a workload and its
  // identity.
  if (!is_address(out.ipv6_ ? AF_INET6 : AF_INET, out.host_))
    return refuse(text, "the host must be an IP address");
  return out;
}

std::string WorkloadEndpoint::text() const {
  if (kind_ == Kind::unix_socket) return "unix://" + path_;
  auto const host = ipv6_ ? "[" + host_ + "]" : host_;
  return "tcp://" + host + ":" + std::to_string(port_);
}

std::string WorkloadEndpoint::grpc_target() const {
  // gRPC reads its targets as URIs, a file name may hold anything.
  if (kind_ == Kind::unix_socket) return "unix:" + percent_encoded(path_, "/");
  return (ipv6_ ? "ipv6:[" + host_ + "]" : "ipv4:" + host_) + ":" + std::to_string(port_);
}

}  // namespace aw::identity
