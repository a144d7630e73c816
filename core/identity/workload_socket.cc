// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "core/identity/workload_endpoint.h"

namespace aw::identity {
namespace {

constexpr int kPauseMs = 50;

constexpr int kBacklog = 64;

sockaddr_un address_of(std::filesystem::path const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.native().copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

sockaddr const* generic(sockaddr_un const& address) {
  return reinterpret_cast<sockaddr const*>(&address);
}

Result<Fd> make_socket(int extra) {
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | extra, 0));
  if (!fd.open()) return errno_error(Code::io, "create a unix socket", errno);
  return fd;
}

// Clears the way for bind(2): a socket that refuses connections is what a killed process left
// behind.
Result<void> remove_stale(std::filesystem::path const& path) {
  struct stat info{};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return errno_error(Code::io, "look at " + path.string(), errno);
  }
  if (!S_ISSOCK(info.st_mode))
    return make_error(Code::io, path.string() + " exists and is no socket",
                      "remove it or choose another path");
  AW_TRY(auto const probe, make_socket(SOCK_NONBLOCK));
  auto const address = address_of(path);
  bool const answered = connect(probe.get(), generic(address), sizeof(address)) == 0;
  if (answered || errno == EAGAIN)
    return make_error(Code::address_in_use, "another process serves " + path.string(),
                      "stop it, or choose another socket path");
  if (errno != ECONNREFUSED) return errno_error(Code::io, "connect " + path.string(), errno);
  if (unlink(path.c_str()) != 0 && errno != ENOENT)
    return errno_error(Code::io, "remove the stale socket " + path.string(), errno);
  return {};
}

bool may_connect(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

}  // namespace

Result<std::unique_ptr<WorkloadSocket>> WorkloadSocket::bind(std::filesystem::path const& path) {
  AW_TRY(auto const endpoint, WorkloadEndpoint::at_path(path.native()));
  AW_TRY(fs::make_private_directory(path.parent_path()));
  AW_TRY(remove_stale(path));
  AW_TRY(auto listener, make_socket(SOCK_NONBLOCK));
  auto const address = address_of(path);
  if (::bind(listener.get(), generic(address), sizeof(address)) != 0)
    return errno_error(Code::io, "bind " + endpoint.text(), errno);
  // Nobody can connect before listen(2), so there is no moment at which the mode of the umask
  // counts.
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0)
    return errno_error(Code::io, "chmod " + path.string(), errno);
  if (listen(listener.get(), kBacklog) != 0)
    return errno_error(Code::io, "listen on " + path.string(), errno);
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.open()) return errno_error(Code::io, "create an eventfd", errno);
  return std::unique_ptr<WorkloadSocket>(
      new WorkloadSocket(path, std::move(listener), std::move(wake)));
}

WorkloadSocket::WorkloadSocket(std::filesystem::path path, Fd listener, Fd wake)
    : path_(std::move(path)), listener_(std::move(listener)), wake_(std::move(wake)) {
  struct stat info{};
  if (lstat(path_.c_str(), &info) == 0) inode_ = info.st_ino;
}

WorkloadSocket::~WorkloadSocket() { stop(); }

void WorkloadSocket::start(std::function<void(Fd)> accepted) {
  thread_ = std::thread([this, accepted = std::move(accepted)] { accept_all(accepted); });
}

void WorkloadSocket::stop() {
  if (!listener_.open()) return;
  std::uint64_t const one = 1;
  // A fresh eventfd takes eight bytes; only a signal can come between.
  while (write(wake_.get(), &one, sizeof(one)) < 0 && errno == EINTR) continue;
  if (thread_.joinable()) thread_.join();
  listener_.reset();
  remove_file();
}

void WorkloadSocket::accept_all(std::function<void(Fd)> const& accepted) {
  std::array<pollfd, 2> waits{pollfd{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
  while (true) {
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[1].revents != 0) return;
    Fd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.open()) {
      if (may_connect(connection.get())) accepted(std::move(connection));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
      // The connection stays in the queue and poll would spin; a pause lets descriptors come back.
      if (poll(&waits[1], 1, kPauseMs) > 0) return;
    }
  }
}

void WorkloadSocket::remove_file() const {
  struct stat info{};
  if (lstat(path_.c_str(), &info) == 0 && info.st_ino == inode_) unlink(path_.c_str());
}

}  // namespace aw::identity
