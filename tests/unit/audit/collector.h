// SPDX-License-Identifier: Apache-2.0
// A log collector on loopback: takes HTTP POSTs, octet-counted streams or datagrams, and can be
// told to refuse.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/fs.h"
#include "core/base/text.h"

namespace aw::audit {

class Collector {
 public:
  // http: a message is a line of a body; requests: a whole request, its head too.
  enum class Speaks { http, requests, stream, datagram };

  explicit Collector(Speaks speaks) : speaks_(speaks) {
    socket_ = Fd(::socket(AF_INET, speaks == Speaks::datagram ? SOCK_DGRAM : SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.get(), plain, sizeof(address)) != 0) std::abort();
    if (speaks != Speaks::datagram) ::listen(socket_.get(), 8);
    socklen_t size = sizeof(address);
    ::getsockname(socket_.get(), plain, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](std::stop_token const& stop) { serve(stop); });
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void answer(int status) { status_ = status; }

  // Waits until `count` messages are here, ten seconds at most.
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return messages_.size() >= count; });
    return messages_;
  }
  int refused() const { return refused_; }

 private:
  void take(std::string message) {
    std::lock_guard const lock(mutex_);
    messages_.push_back(std::move(message));
    arrived_.notify_all();
  }

  static bool readable(int fd) {
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, 20) == 1;
  }

  void serve(std::stop_token const& stop) {
    while (!stop.stop_requested()) {
      if (!readable(socket_.get())) continue;
      if (speaks_ == Speaks::datagram) {
        std::array<char, 65536> buffer{};
        auto const n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (n > 0) take(std::string(buffer.data(), static_cast<std::size_t>(n)));
        continue;
      }
      Fd const connection(::accept(socket_.get(), nullptr, nullptr));
      std::string input;
      while (!stop.stop_requested()) {
        if (!readable(connection.get())) continue;
        std::array<char, 4096> buffer{};
        auto const n = ::recv(connection.get(), buffer.data(), buffer.size(), 0);
        if (n <= 0) break;
        input.append(buffer.data(), static_cast<std::size_t>(n));
        speaks_ == Speaks::stream ? take_counted(input) : take_posts(connection.get(), input);
      }
    }
  }

  void take_posts(int fd, std::string& input) {
    auto const head = input.find("\r\n\r\n");
    if (head == std::string::npos) return;
    auto const lower = text::lower(input.substr(0, head));
    auto const length = std::stoul(lower.substr(lower.find("content-length: ") + 16));
    if (input.size() < head + 4 + length) return;
    auto const request = input.substr(0, head + 4 + length);
    auto const body = request.substr(head + 4);
    input.erase(0, request.size());
    if (status_ == 200 && speaks_ == Speaks::requests) {
      take(request);
    } else if (status_ == 200) {
      for (auto const line : text::split(body, '\n')) {
        if (!line.empty()) take(std::string(line));
      }
    } else {
      ++refused_;
    }
    auto const answer = "HTTP/1.1 " + std::to_string(status_) + " x\r\ncontent-length: 0\r\n\r\n";
    static_cast<void>(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL));  // may be gone
  }

  void take_counted(std::string& input) {
    for (auto space = input.find(' '); space != std::string::npos; space = input.find(' ')) {
      auto const length = std::stoul(input.substr(0, space));
      if (input.size() < space + 1 + length) return;
      take(input.substr(space + 1, length));
      input.erase(0, space + 1 + length);
    }
  }

  Speaks const speaks_;
  Fd socket_;
  std::uint16_t port_ = 0;
  std::atomic<int> status_{200};
  std::atomic<int> refused_{0};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::string> messages_;
  std::jthread thread_;  // last: joined first
};

}  // namespace aw::audit
