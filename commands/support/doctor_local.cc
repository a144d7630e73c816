// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands/support/diagnosis.h"
#include "commands/support/web.h"
#include "core/audit/destination.h"
#include "core/base/fs.h"

namespace aw::commands {
namespace {

namespace stdfs = std::filesystem;

constexpr std::uint64_t kLittleSpace = 64ULL << 20U;

// The directory itself, or the nearest one above it that exists: what would be made is made there.
stdfs::path nearest_existing(stdfs::path place) {
  std::error_code error;
  while (!stdfs::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  return place.empty() ? stdfs::path(".") : place;
}

std::uint64_t free_bytes(stdfs::path const& place) {
  struct statvfs info{};
  if (::statvfs(place.c_str(), &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

void look_at_directory(std::string const& what, stdfs::path const& place, Findings& found) {
  auto const there = nearest_existing(place);
  if (::access(there.c_str(), W_OK | X_OK) != 0)
    return found.push_back(
        bad("files", Code::io, what + ": " + there.string() + ": " + std::strerror(errno),
            "install -d -o " + std::to_string(::geteuid()) + ' ' + place.string()));
  auto const left = free_bytes(there);
  if (left < kLittleSpace)
    return found.push_back(bad("files", Code::audit_unavailable,
                               what + ": only " + mebibytes(left) + " are free at " +
                                   there.string() + "; a full disk denies every request",
                               "make room there"));
  found.push_back(good("files", what + " " + place.string() + ", " + mebibytes(left) + " free"));
}

void look_at_key(std::string const& path, Findings& found) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0)
    return found.push_back(bad("files", Code::key_malformed, path + ": " + std::strerror(errno),
                               "identity.private_key_path names a PEM key"));
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return found.push_back(bad("files", Code::key_permissions,
                               path + " may be read by others than its owner",
                               "chmod 600 " + path));
  if (::access(path.c_str(), R_OK) != 0)
    return found.push_back(bad("files", Code::key_permissions, path + ": " + std::strerror(errno),
                               "run as its owner, or chown it"));
  found.push_back(good("files", "private key " + path + " is its owner's alone"));
}

// 0 = free, else errno.
int try_to_bind(std::string const& host, std::uint16_t port) {
  Fd const socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int const one = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  auto const text = host == "localhost" ? std::string("127.0.0.1") : host;
  if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) return 0;  // a name or IPv6
  return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 ? 0
                                                                                           : errno;
}

std::string local_host(std::string const& host) {
  return host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host;
}

// Is the one that holds the metrics port an agent of ours? Then its own checks count.
bool look_at_running(Patient const& patient, Findings& found) {
  auto const& metrics = patient.config.metrics;
  auto const answer = web_get(
      "http://" + local_host(metrics.host) + ':' + std::to_string(metrics.port) + "/readyz?verbose",
      patient.patience);
  if (!answer.ok()) return false;
  auto const parsed = json::parse(answer->body);
  bool const ready = answer->status == 200;
  if (ready) {
    found.push_back(good("listener", "the agent runs and is ready"));
    return true;
  }
  std::string why;
  if (parsed.ok() && parsed->is_object() && parsed->contains("checks"))
    for (auto const& [name, check] : (*parsed)["checks"].items())
      if (check.is_object() && check.value("status", "") != "ok")
        why += (why.empty() ? "" : "; ") + name + ": " + check.value("detail", check.dump());
  found.push_back(bad("listener", Code::draining,
                      "the agent runs and is not ready" + (why.empty() ? "" : ": " + why),
                      "agentweave health --ready"));
  return true;
}

void look_at_port(std::string const& what, std::string const& host, std::uint16_t port,
                  Findings& found) {
  if (port == 0) return;
  int const fault = try_to_bind(host, port);
  auto const name = what + ' ' + host + ':' + std::to_string(port);
  if (fault == 0) return found.push_back(good("listener", name + " is free"));
  bool const taken = fault == EADDRINUSE;
  found.push_back(bad("listener", taken ? Code::address_in_use : Code::io,
                      name + ": " + std::strerror(fault),
                      taken ? "who holds it: ss -ltnp sport = :" + std::to_string(port)
                            : "ports below 1024 need CAP_NET_BIND_SERVICE; server.port: 8443"));
}

}  // namespace

Findings check_clock() {
  timex state{};
  int const answer = ::adjtimex(&state);
  if (answer < 0) return {good("clock", "whether it is synchronised cannot be seen here")};
  if (answer == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    return {warned("clock", Code::replay_outside_window,
                   "the kernel says that this clock is not synchronised: certificates and "
                   "timestamps are judged by it",
                   "timedatectl set-ntp true")};
  return {good("clock", "synchronised")};
}

Findings check_places(Patient const& patient) {
  Findings found;
  auto const& config = patient.config;
  if (config.identity.provider == identity::Provider::mtls_static)
    look_at_key(config.identity.files.private_key, found);
  if (!config.server.state.directory.empty())
    look_at_directory("state", config.server.state.directory, found);
  for (auto const& text : config.audit.destinations) {
    auto const where = audit::parse_destination(text);
    if (where.ok() && !where->path.empty())
      look_at_directory("audit log", stdfs::path(where->path).parent_path(), found);
  }
  return found;
}

Findings check_ports(Patient const& patient) {
  Findings found;
  auto const& config = patient.config;
  if (config.metrics.enabled && look_at_running(patient, found)) return found;
  look_at_port("agent", config.server.host, config.server.port, found);
  if (config.metrics.enabled)
    look_at_port("metrics", config.metrics.host, config.metrics.port, found);
  if (config.server.admin.enabled)
    look_at_port("admin", config.server.admin.host, config.server.admin.port, found);
  return found;
}

}  // namespace aw::commands
