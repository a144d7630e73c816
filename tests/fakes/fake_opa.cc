// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_opa.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>

#include "core/base/text.h"

namespace aw::testing {
namespace {

constexpr int kLookMilliseconds = 10;

bool readable(int fd) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, kLookMilliseconds) == 1;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void wait_for_end(std::stop_token const& stop, int fd) {
  std::array<char, 256> ignored{};
  while (!stop.stop_requested()) {
    if (readable(fd) && ::recv(fd, ignored.data(), ignored.size(), 0) <= 0) return;
  }
}

std::string whole_answer(FakeOpa::Behaviour const& behaviour) {
  if (behaviour.status == 304) return "HTTP/1.1 304 X\r\n" + behaviour.headers + "\r\n";
  return "HTTP/1.1 " + std::to_string(behaviour.status) + " X\r\n" + behaviour.headers +
         "content-type: application/json\r\ncontent-length: " +
         std::to_string(behaviour.body.size()) + "\r\n\r\n" + behaviour.body;
}

std::size_t content_length(std::string const& head) {
  auto const lower = text::lower(head);
  auto const at = lower.find("content-length: ");
  return at == std::string::npos ? 0 : std::stoul(lower.substr(at + 16));
}

// One request, or nullopt when the other side is gone.
std::optional<FakeOpa::Asked> read_request(std::stop_token const& stop, int fd,
                                           std::string& input) {
  while (!stop.stop_requested()) {
    auto const end = input.find("\r\n\r\n");
    if (end != std::string::npos) {
      FakeOpa::Asked out;
      out.head = input.substr(0, end);
      auto const length = content_length(out.head);
      if (input.size() >= end + 4 + length) {
        std::string const line = out.head.substr(0, out.head.find('\r'));
        auto const words = text::split(line, ' ');
        out.method = std::string(words[0]);
        out.target = words.size() > 1 ? std::string(words[1]) : "";
        out.body = input.substr(end + 4, length);
        input.erase(0, end + 4 + length);
        return out;
      }
    }
    if (!readable(fd)) continue;
    std::array<char, 4096> buffer{};
    auto const n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n <= 0) return std::nullopt;
    input.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return std::nullopt;
}

}  // namespace

FakeOpa::FakeOpa() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (::bind(listener_.get(), plain, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), plain, &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this](std::stop_token const& stop) { accept_all(stop); });
}

FakeOpa::~FakeOpa() = default;

std::string FakeOpa::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void FakeOpa::behave(Behaviour behaviour) {
  std::lock_guard const lock(mutex_);
  behaviour_ = std::move(behaviour);
}

std::vector<FakeOpa::Asked> FakeOpa::asked() const {
  std::lock_guard const lock(mutex_);
  return asked_;
}

void FakeOpa::accept_all(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    if (!readable(listener_.get())) continue;
    Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.open()) continue;
    auto const raw = connection.release();
    serving_.emplace_back([this, raw](std::stop_token const& inner) { serve(inner, Fd(raw)); });
  }
  serving_.clear();
}

void FakeOpa::serve(std::stop_token const& stop, Fd connection) {
  std::string input;
  while (auto request = read_request(stop, connection.get(), input)) {
    {
      std::lock_guard const lock(mutex_);
      asked_.push_back(std::move(*request));
    }
    if (!answer(stop, connection.get())) return;
  }
}

bool FakeOpa::answer(std::stop_token const& stop, int fd) {
  Behaviour behaviour;
  {
    std::lock_guard const lock(mutex_);
    behaviour = behaviour_;
  }
  auto const whole = whole_answer(behaviour);
  switch (behaviour.manner) {
    case Behaviour::Manner::answer:
      return send_all(fd, whole);
    case Behaviour::Manner::hang:
      wait_for_end(stop, fd);
      return false;
    case Behaviour::Manner::close:
      return false;
    case Behaviour::Manner::half:
      static_cast<void>(send_all(fd, whole.substr(0, whole.size() - behaviour.body.size() / 2)));
      return false;
    case Behaviour::Manner::garbage:
      static_cast<void>(send_all(fd, "\x16\x03\x01 this is not HTTP\r\n\r\n"));
      return false;
    case Behaviour::Manner::endless_head:
      if (!send_all(fd, "HTTP/1.1 200 OK\r\n")) return false;
      while (!stop.stop_requested() && send_all(fd, "x-more: " + std::string(1000, 'x') + "\r\n")) {
      }
      return false;
    case Behaviour::Manner::endless_body:
      if (!send_all(fd, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")) return false;
      while (!stop.stop_requested() && send_all(fd, "400\r\n" + std::string(1024, ' ') + "\r\n")) {
      }
      return false;
    case Behaviour::Manner::trickle:
      for (char const c : whole) {
        if (stop.stop_requested() || !send_all(fd, std::string_view(&c, 1))) return false;
        static_cast<void>(readable(fd));  // paces the bytes
      }
      return true;
  }
  return false;
}

}  // namespace aw::testing
