// SPDX-License-Identifier: Apache-2.0
#include "core/http/socket_address.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/text.h"

namespace aw::http {

namespace {

constexpr int kBacklog = 1024;

// Closes what was opened when a later step fails.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// The kernel's addresses are one type wearing another's clothes.
template <class Address>
sockaddr const* plain(Address const& address) {
  return reinterpret_cast<sockaddr const*>(&address);
}

std::string text_of(sockaddr_storage const& storage) {
  if (storage.ss_family == AF_UNIX) return "unix";
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof(address));
    boost::asio::ip::address_v4 const ip(ntohl(address.sin_addr.s_addr));
    return ip.to_string() + ":" + std::to_string(ntohs(address.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &storage, sizeof(address));
    boost::asio::ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
    boost::asio::ip::address_v6 const ip(bytes);
    auto const shown =
        ip.is_v4_mapped()
            ? boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, ip).to_string()
            : "[" + ip.to_string() + "]";
    return shown + ":" + std::to_string(ntohs(address.sin6_port));
  }
  return {};
}

struct Where {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<Where> where(TcpAddress const& address) {
  auto const host = address.host == "localhost" ? std::string("127.0.0.1") : address.host;
  boost::system::error_code error;
  auto const ip = boost::asio::ip::make_address(host, error);
  if (error) {
    return make_error(Code::config_wrong_type,
                      "listen on " + text::printable(host) + ": not an IP address",
                      "use an address of this machine, 0.0.0.0 for all of them");
  }
  Where out;
  if (ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    v4.sin_addr.s_addr = htonl(ip.to_v4().to_uint());
    std::memcpy(&out.storage, &v4, sizeof(v4));
    out.size = sizeof(v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    auto const bytes = ip.to_v6().to_bytes();
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&out.storage, &v6, sizeof(v6));
    out.size = sizeof(v6);
  }
  return out;
}

Error bind_error(std::string const& text, int number) {
  if (number == EADDRINUSE) {
    return make_error(Code::address_in_use, "listen on " + text + ": address in use",
                      "another process listens there; choose another port");
  }
  return errno_error(Code::io, "listen on " + text, number);
}

enum class Share : std::uint8_t { no, yes };

Result<Descriptor> bound(Where const& at, Share share, std::string const& text) {
  Descriptor socket(::socket(at.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return errno_error(Code::io, "open a socket", errno);
  int const one = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (share == Share::yes &&
      ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) != 0) {
    return errno_error(Code::io, "share a port between loops", errno);
  }
  if (::bind(socket.get(), plain(at.storage), at.size) != 0) return bind_error(text, errno);
  return socket;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size);
  auto const shown = text_of(storage);
  auto const colon = shown.rfind(':');
  return colon == std::string::npos
             ? std::uint16_t{0}
             : static_cast<std::uint16_t>(std::stoi(shown.substr(colon + 1)));
}

Result<Listening> listen_tcp(TcpAddress address, std::size_t count) {
  auto const shown = [&address] {
    auto const host =
        address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
    return host + ":" + std::to_string(address.port);
  };
  AW_TRY(auto at, where(address));
  // SO_REUSEPORT lets a second process of the same user in silently; a socket without it does not.
  if (address.port != 0) {
    AW_TRY(auto const probe, bound(at, Share::no, shown()));
    if (::listen(probe.get(), 1) != 0) return bind_error(shown(), errno);
  }
  Listening out;
  std::vector<Descriptor> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    AW_TRY(auto socket, bound(at, Share::yes, shown()));
    if (address.port == 0) {
      address.port = port_of(socket.get());
      AW_TRY(at, where(address));
    }
    if (::listen(socket.get(), kBacklog) != 0) return bind_error(shown(), errno);
    sockets.push_back(std::move(socket));
  }
  for (auto& socket : sockets) out.descriptors.emplace_back(socket.release());
  out.port = address.port;
  out.text = shown();
  return out;
}

// A socket file that nobody answers on is what an earlier process left.
Result<void> remove_stale(std::string const& path, Where const& at) {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0) return {};
  if (!S_ISSOCK(about.st_mode)) {
    return make_error(Code::io, "listen on unix://" + path + ": a file that is no socket is there");
  }
  Descriptor const probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), plain(at.storage), at.size) == 0 || errno == EAGAIN) {
    return make_error(Code::address_in_use, "listen on unix://" + path + ": address in use",
                      "another process listens there");
  }
  if (::unlink(path.c_str()) != 0) return errno_error(Code::io, "replace " + path, errno);
  return {};
}

Result<Listening> listen_unix(UnixAddress const& address, std::size_t count) {
  sockaddr_un name{};
  if (address.path.empty() || address.path.size() >= sizeof(name.sun_path)) {
    return make_error(Code::config_wrong_type,
                      "socket path is empty or too long (107 bytes at most)");
  }
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, address.path.data(), address.path.size());
  Where at;
  std::memcpy(&at.storage, &name, sizeof(name));
  at.size = sizeof(name);
  AW_TRY(remove_stale(address.path, at));
  auto const text = "unix://" + address.path;
  AW_TRY(auto socket, bound(at, Share::no, text));
  // Nobody can connect before listen(), so nobody slips in under the wrong mode.
  if (::chmod(address.path.c_str(), address.mode) != 0) {
    return errno_error(Code::io, "protect " + address.path, errno);
  }
  if (::listen(socket.get(), kBacklog) != 0) return bind_error(text, errno);
  Listening out;
  for (std::size_t i = 1; i < count; ++i) {
    int const copy = ::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) out.descriptors.emplace_back(copy);
  }
  out.descriptors.emplace_back(socket.release());
  out.text = text;
  return out;
}

// One queue of connections for all loops: who is free takes the next.
Result<Listening> listen_inherited(InheritedSocket const& socket, std::size_t count) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getsockname(socket.descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    return errno_error(Code::io, "use the socket that was handed over", errno);
  Listening out;
  for (std::size_t i = 1; i < count; ++i) {
    int const copy = ::fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) out.descriptors.emplace_back(copy);
  }
  out.descriptors.emplace_back(socket.descriptor);
  out.port = storage.ss_family == AF_UNIX ? std::uint16_t{0} : port_of(socket.descriptor);
  out.text = text_of(storage);
  return out;
}

}  // namespace

std::string local_address(tls::Socket& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  int const descriptor = socket.native_handle();
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size);
  return text_of(storage);
}

std::string remote_address(tls::Socket& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  int const descriptor = socket.native_handle();
  ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size);
  return text_of(storage);
}

Result<Listening> listen_on(Address const& address, std::size_t count) {
  if (auto const* tcp = std::get_if<TcpAddress>(&address)) return listen_tcp(*tcp, count);
  if (auto const* inherited = std::get_if<InheritedSocket>(&address))
    return listen_inherited(*inherited, count);
  return listen_unix(std::get<UnixAddress>(address), count);
}

Result<Address> parse_address(std::string_view text) {
  auto const malformed = [&] {
    return make_error(Code::config_wrong_type, "malformed address '" + text::printable(text) + "'",
                      "write 127.0.0.1:8081, [::1]:8081 or unix:///path");
  };
  if (text.starts_with("unix://")) {
    auto const path = text.substr(7);
    if (!path.starts_with('/')) return malformed();
    return Address(UnixAddress{.path = std::string(path)});
  }
  auto const colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed();
  auto host = text.substr(0, colon);
  auto const digits = text.substr(colon + 1);
  if (digits.empty() || digits.size() > 5 ||
      digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return malformed();
  }
  auto const port = std::stoi(std::string(digits));
  if (port > 65'535) return malformed();
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return malformed();
  }
  return Address(TcpAddress{.host = host.empty() ? "0.0.0.0" : std::string(host),
                            .port = static_cast<std::uint16_t>(port)});
}

}  // namespace aw::http
