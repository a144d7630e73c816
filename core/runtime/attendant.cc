// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/attendant.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/base/text.h"
#include "core/http/client.h"

namespace aw::runtime {
namespace {

constexpr int kConnectPatience = 200;  // milliseconds

// What a connection needs: an address of any family.
struct Destination {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

template <class Address>
void put(Destination& out, Address const& address) {
  std::memcpy(&out.storage, &address, sizeof address);
  out.size = sizeof address;
}

std::optional<Destination> destination_of(http::Endpoint const& at) {
  Destination out;
  if (at.scheme == http::Scheme::unix_socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (at.socket_path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, at.socket_path.data(), at.socket_path.size());
    put(out, address);
    return out;
  }
  std::string const host = at.host == "localhost" ? "127.0.0.1" : at.host;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(at.port);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    put(out, v4);
    return out;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(at.port);
  if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  put(out, v6);
  return out;
}

// The address of a URL on this machine.
std::optional<std::string> local_part(std::string const& text) {
  auto const url = http::parse_url(text);
  if (!url.ok()) return std::nullopt;
  auto const& at = url->endpoint;
  bool const here = at.scheme == http::Scheme::unix_socket || at.host == "localhost" ||
                    at.host == "::1" || at.host.starts_with("127.");
  if (!here || at.scheme == http::Scheme::https) return std::nullopt;
  return at.text();
}

std::string ending(backend::ChildEnd const& end) {
  if (end.status > 128) return "ended by signal " + std::to_string(end.status - 128);
  return "ended with status " + std::to_string(end.status);
}

}  // namespace

std::vector<std::string> child_addresses(config::Config const& config) {
  std::vector<std::string> out;
  for (auto const& one : config.backends) {
    using backend::Kind;
    if (one.kind != Kind::none && one.kind != Kind::http && one.kind != Kind::a2a) continue;
    auto const& url = one.kind == Kind::none ? config.server.upstream : one.url;
    if (auto address = local_part(url)) out.push_back(std::move(*address));
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

bool takes_connections(std::string const& address) {
  auto const url = http::parse_url(address);
  auto const to = url.ok() ? destination_of(url->endpoint) : std::nullopt;
  if (!to) return false;
  Fd const socket(::socket(to->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The socket interface wants its own base type of every address.
  if (::connect(socket.get(), reinterpret_cast<sockaddr const*>(&to->storage), to->size) == 0)
    return true;
  if (errno == EAGAIN && to->storage.ss_family == AF_UNIX) return true;  // its queue is full
  if (errno != EINPROGRESS) return false;
  pollfd waiting{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&waiting, 1, kConnectPatience) != 1) return false;
  int failed = 0;
  socklen_t size = sizeof failed;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &failed, &size) == 0 && failed == 0;
}

Attendant::Attendant(Needs needs) : needs_(std::move(needs)), restarts_(needs_.config.restart) {
  enter(Phase::paused, "not started yet");
}

Result<void> Attendant::start() {
  AW_TRY(auto child, backend::Child::start(needs_.spec));
  child_.emplace(std::move(child));
  started_ = needs_.clock.steady();
  enter(Phase::waiting, "pid " + std::to_string(child_->pid()) + ", does not listen yet");
  return {};
}

void Attendant::begin(std::string_view why) {
  child_.reset();
  if (auto begun = start(); !begun.ok()) {
    // It could be started once; a file that is being replaced may come back.
    needs_.say("child not started (" + std::string(why) + "): " + begun.error().text());
    after_end({.status = 127});
  }
}

bool Attendant::step() {
  if (phase_ == Phase::over) return false;
  if (phase_ == Phase::paused) {
    if (needs_.clock.steady() >= again_at_) begin("restart");
    return phase_ != Phase::over;
  }
  if (auto const end = child_->ended()) {
    needs_.say("child " + std::to_string(child_->pid()) + ' ' + ending(*end));
    after_end(*end);
  } else if (phase_ == Phase::waiting) {
    look_for_listener();
  }
  return phase_ != Phase::over;
}

void Attendant::look_for_listener() {
  auto const silent = std::ranges::find_if(
      needs_.addresses, [](std::string const& at) { return !takes_connections(at); });
  auto const took = needs_.clock.steady() - started_;
  auto const pid = std::to_string(child_->pid());
  if (silent == needs_.addresses.end()) {
    enter(Phase::serving, "pid " + pid + ", started " + std::to_string(restarts_.count() + 1) +
                              (restarts_.count() == 0 ? " time" : " times"));
    needs_.listening(child_->pid(), took);
  } else if (took >= needs_.config.start_timeout) {
    auto const what = "child " + pid + " does not listen on " + *silent + " after " +
                      format_duration(needs_.config.start_timeout);
    needs_.say(what);
    auto const end = child_->end(needs_.config.stop_timeout);
    if (needs_.config.restart != backend::Restart::never) return after_end({.status = 124});
    static_cast<void>(end);  // how it went does not matter: it never served
    finish(make_error(Code::timeout, what,
                      "it gets the address in AGENTWEAVE_APP; run.start_timeout is the patience"));
  }
}

void Attendant::after_end(backend::ChildEnd end) {
  auto const now = needs_.clock.steady();
  auto const pause = restarts_.pause_after(end.status, now - started_);
  if (!pause) return finish(end.status);
  again_at_ = now + *pause;
  needs_.say("child starts again in " + format_duration(*pause) + " (restart " +
             std::to_string(restarts_.count()) + ')');
  enter(Phase::paused, ending(end) + ", starts again");
}

void Attendant::finish(Result<int> result) {
  over_.emplace(std::move(result));
  enter(Phase::over, "it is over");
}

void Attendant::signal(int number) const {
  if (child_) child_->signal(number);
}

void Attendant::set_environment(std::vector<std::string> environment, Again again) {
  needs_.spec.environment = std::move(environment);
  if (again == Again::later || !child_ || phase_ == Phase::paused || phase_ == Phase::over) return;
  enter(Phase::waiting, "starts again with a new environment");
  child_->end(needs_.config.stop_timeout);
  begin("new environment");
}

std::optional<backend::ChildEnd> Attendant::stop() {
  if (!child_ || phase_ == Phase::paused || phase_ == Phase::over) return std::nullopt;
  auto const end = child_->end(needs_.config.stop_timeout);
  enter(Phase::over, "stopped");
  return end;
}

server::CheckResult Attendant::check() const {
  std::lock_guard const lock(mutex_);
  return shown_;
}

void Attendant::enter(Phase phase, std::string detail) {
  phase_ = phase;
  std::lock_guard const lock(mutex_);
  shown_ = {.state = phase == Phase::serving ? server::CheckResult::State::ok
                                             : server::CheckResult::State::failed,
            .detail = std::move(detail)};
}

}  // namespace aw::runtime
