// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/audit/lines.h"
#include "core/audit/transport.h"
#include "core/base/fs.h"

namespace aw::audit {
namespace {

constexpr long kSyslogConnectMilliseconds = 3000;
constexpr int kSendMilliseconds = 5000;
constexpr std::size_t kMostUdp = 65'507;  // what a datagram of IPv4 holds
constexpr int kPriority = (16 * 8) + 6;   // local0, informational

Error failed(std::string const& name, std::string_view why) {
  return make_error(Code::audit_unavailable, "send to " + name + ": " + std::string(why));
}

// UDP and the machine's own socket: one datagram a record.
class DatagramTransport final : public Transport {
 public:
  DatagramTransport(Destination destination, std::string host_name)
      : destination_(std::move(destination)), host_name_(std::move(host_name)) {}

  Result<void> deliver(std::span<const std::string> lines) override {
    if (!socket_.open()) AW_TRY(connect());
    for (auto const& line : lines) {
      auto message = syslog_message(line, host_name_, ::getpid());
      // A record that no datagram holds would be tried for ever, and those behind it with it. Cut
      // off it still tells its number (RFC 5424 §6.1 lets every station cut).
      if (destination_.transport == Destination::Transport::udp && message.size() > kMostUdp)
        message.resize(kMostUdp);
      if (::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) {
        auto const number = errno;
        socket_.reset();
        return failed(destination_.name, std::strerror(number));
      }
    }
    return {};
  }

 private:
  Result<void> connect() {
    return destination_.transport == Destination::Transport::local ? connect_local()
                                                                   : connect_udp();
  }

  Result<void> connect_local() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (destination_.path.size() >= sizeof(address.sun_path)) {
      return failed(destination_.name, "path too long");
    }
    std::memcpy(address.sun_path, destination_.path.data(), destination_.path.size());
    Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // The sockets interface takes every address family through one pointer type.
    if (!fd.open() ||
        ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      return failed(destination_.name, std::strerror(errno));
    }
    socket_ = std::move(fd);
    return {};
  }

  Result<void> connect_udp() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    auto const port = std::to_string(destination_.port);
    if (auto const e = ::getaddrinfo(destination_.host.c_str(), port.c_str(), &hints, &found);
        e != 0) {
      return failed(destination_.name, ::gai_strerror(e));
    }
    std::string why = "no address";
    for (auto* a = found; a != nullptr && !socket_.open(); a = a->ai_next) {
      Fd fd(::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol));
      if (fd.open() && ::connect(fd.get(), a->ai_addr, a->ai_addrlen) == 0) {
        socket_ = std::move(fd);
      } else {
        why = std::strerror(errno);
      }
    }
    ::freeaddrinfo(found);
    if (!socket_.open()) return failed(destination_.name, why);
    return {};
  }

  Destination const destination_;
  std::string const host_name_;
  Fd socket_;
};

// TCP and TLS. curl opens the connection (names, timeouts, verification) and carries the bytes.
class StreamTransport final : public Transport {
 public:
  StreamTransport(Destination destination, std::string host_name)
      : destination_(std::move(destination)), host_name_(std::move(host_name)) {}
  ~StreamTransport() override { disconnect(); }
  StreamTransport(StreamTransport const&) = delete;
  StreamTransport& operator=(StreamTransport const&) = delete;

  Result<void> deliver(std::span<const std::string> lines) override {
    if (curl_ == nullptr) AW_TRY(connect());
    std::string bytes;
    for (auto const& line : lines) {
      auto const message = syslog_message(line, host_name_, ::getpid());
      bytes.append(std::to_string(message.size())).append(" ").append(message);
    }
    auto sent = send_all(bytes);
    if (!sent.ok()) disconnect();
    return sent;
  }

 private:
  Result<void> connect() {
    bool const tls = destination_.transport == Destination::Transport::tls;
    bool const v6 = destination_.host.find(':') != std::string::npos;
    auto const host = v6 ? "[" + destination_.host + "]" : destination_.host;
    auto const url =
        (tls ? "https://" : "http://") + host + ":" + std::to_string(destination_.port);
    curl_ = curl_easy_init();
    if (curl_ == nullptr) return failed(destination_.name, "no client");
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl_, CURLOPT_PROXY, "");
    curl_easy_setopt(curl_, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, kSyslogConnectMilliseconds);
    if (auto const done = curl_easy_perform(curl_); done != CURLE_OK) {
      disconnect();
      return failed(destination_.name, curl_easy_strerror(done));
    }
    return {};
  }

  Result<void> send_all(std::string_view bytes) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(curl_, CURLINFO_ACTIVESOCKET, &socket);
    while (!bytes.empty()) {
      std::size_t n = 0;
      auto const sent = curl_easy_send(curl_, bytes.data(), bytes.size(), &n);
      if (sent == CURLE_AGAIN) {
        pollfd waiting{.fd = socket, .events = POLLOUT, .revents = 0};
        if (::poll(&waiting, 1, kSendMilliseconds) != 1) {
          return failed(destination_.name, "timed out");
        }
        continue;
      }
      if (sent != CURLE_OK) return failed(destination_.name, curl_easy_strerror(sent));
      bytes.remove_prefix(n);
    }
    return {};
  }

  void disconnect() {
    curl_easy_cleanup(curl_);
    curl_ = nullptr;
  }

  Destination const destination_;
  std::string const host_name_;
  CURL* curl_ = nullptr;
};

}  // namespace

std::string syslog_message(std::string_view line, std::string_view host_name, int process) {
  auto const or_nil = [](std::string_view text) {
    return std::string(text.empty() ? std::string_view("-") : text);
  };
  return "<" + std::to_string(kPriority) + ">1 " + or_nil(string_member(line, "timestamp")) + " " +
         or_nil(host_name) + " agentweave-audit " + std::to_string(process) + " " +
         or_nil(string_member(line, "event_type")) + " - " + std::string(line);
}

std::unique_ptr<Transport> syslog_transport(Destination const& destination, std::string host_name) {
  using Kind = Destination::Transport;
  if (destination.transport == Kind::tcp || destination.transport == Kind::tls) {
    return std::make_unique<StreamTransport>(destination, std::move(host_name));
  }
  return std::make_unique<DatagramTransport>(destination, std::move(host_name));
}

}  // namespace aw::audit
