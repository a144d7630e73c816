// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "commands/support/diagnosis.h"
#include "commands/support/kept_files.h"
#include "core/a2a/set_aside.h"
#include "core/audit/destination.h"
#include "core/base/text.h"
#include "core/config/show.h"

namespace aw::commands {
namespace {

namespace stdfs = std::filesystem;

constexpr char kFilesGroup[] = "files";
constexpr std::uint64_t kLittleSpace = 64ULL << 20U;
constexpr std::uint64_t kFewFiles = 64;

// As this process is: the effective user's rights, as the ones of open() would be.
bool allowed(std::string const& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

// The directory itself, or the nearest one above it that exists: what would be made is made there.
stdfs::path nearest_existing(stdfs::path place) {
  std::error_code error;
  while (!stdfs::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  return place.empty() ? stdfs::path(".") : place;
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

struct Room {
  std::uint64_t bytes = 0;
  bool full = true;
  std::string text = "nothing is";  // what is free
};

// A file system may have bytes and no file left to give; where files are not counted (btrfs) all
// counts are 0.
Room room_at(stdfs::path const& place) {
  struct statvfs info{};
  if (::statvfs(place.c_str(), &info) != 0) return {};
  Room out;
  out.bytes = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  bool const no_files = info.f_files > 0 && info.f_favail < kFewFiles;
  out.full = no_files || out.bytes < kLittleSpace;
  out.text = no_files ? "only " + std::to_string(info.f_favail) + " files (inodes) are"
                      : "only " + mebibytes(out.bytes) + " are";
  return out;
}

// Where we make and write files; `code` is what its loss would be.
void look_at_directory(std::string const& what, stdfs::path const& place, Code code,
                       Findings& found) {
  auto const there = nearest_existing(place);
  std::error_code error;
  if (stdfs::exists(there, error) && !stdfs::is_directory(there, error))
    return found.push_back(bad(kFilesGroup, code, what + ": " + there.string() + " is no directory",
                               "move it away: mv " + there.string() + ' ' + there.string() + "~"));
  if (!allowed(there.string(), W_OK | X_OK)) {
    auto const why = errno;
    auto const fix = why == EROFS
                         ? "mount it writable, or change where it is: findmnt -T " + there.string()
                         : "install -d -o " + std::to_string(::geteuid()) + ' ' + place.string();
    return found.push_back(
        bad(kFilesGroup, code, what + ": " + there.string() + ": " + std::strerror(why), fix));
  }
  auto const room = room_at(there);
  if (room.full)
    return found.push_back(bad(kFilesGroup, code,
                               what + ": " + room.text + " free at " + there.string() +
                                   "; a full disk denies every request",
                               "make room there"));
  found.push_back(
      good(kFilesGroup, what + " " + place.string() + ", " + mebibytes(room.bytes) + " free"));
}

// A file that we go on writing: fine when it is not there yet.
void look_at_kept(std::string const& what, std::string const& path, Code code, Findings& found) {
  if (allowed(path, R_OK | W_OK) || errno == ENOENT) return;
  found.push_back(
      bad(kFilesGroup, code, what + ": " + path + ": " + std::strerror(errno),
          "chown " + std::to_string(::geteuid()) + ' ' + path + " && chmod 600 " + path));
}

// The same, opened without following links, so that nobody can point it elsewhere.
void look_at_own(std::string const& what, std::string const& path, Code code, Findings& found) {
  std::error_code unknown;
  auto const status = stdfs::symlink_status(path, unknown);
  if (unknown || !stdfs::exists(status) || stdfs::is_regular_file(status))
    return look_at_kept(what, path, code, found);
  found.push_back(
      bad(kFilesGroup, code,
          what + ": " + path + (stdfs::is_symlink(status) ? " is a link" : " is no regular file"),
          "move it away: mv " + path + ' ' + path + '~'));
}

void look_at_state(std::string const& directory, Findings& found) {
  look_at_directory("state", directory, Code::state_unusable, found);
  each_kept_file(directory, [&found](stdfs::directory_entry const& one) {
    std::error_code unknown;
    if (one.is_regular_file(unknown))
      look_at_own("state", one.path().string(), Code::state_unusable, found);
    else if (one.is_directory(unknown) && !allowed(one.path().string(), R_OK | W_OK | X_OK))
      look_at_directory("state", one.path(), Code::state_unusable, found);
  });
}

// What starts of the agent set aside stays until somebody took it away.
void look_at_unreadable(std::string const& directory, Findings& found) {
  auto const place = a2a::unreadable_beside(stdfs::path(directory) / a2a::kTasksFile);
  auto const count = a2a::count_unreadable(place);
  if (count == 0) return;
  found.push_back(warned(
      kFilesGroup, Code::state_unusable,
      "kept tasks: " + std::to_string(count) + " could not be read and " +
          (count == 1 ? "is" : "are") + " in " + place.string(),
      "look at them, then move them away: mv " + place.string() + ' ' + place.string() + '~'));
}

void look_at_audit(audit::Destination const& where, Findings& found) {
  if (where.path.empty()) return;
  if (where.kind == audit::Destination::Kind::syslog) {
    if (!allowed(where.path, W_OK))
      found.push_back(bad(kFilesGroup, Code::audit_unavailable,
                          "audit log: " + where.path + ": " + std::strerror(errno),
                          "start the machine's syslog, or change authorization.audit.destination"));
    return;
  }
  look_at_directory("audit log", stdfs::path(where.path).parent_path(), Code::audit_unavailable,
                    found);
  look_at_own("audit log", where.path, Code::audit_unavailable, found);
}

void look_at_key(std::string const& path, Findings& found) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0)
    return found.push_back(bad(kFilesGroup, Code::key_malformed, path + ": " + std::strerror(errno),
                               "identity.private_key_path names a PEM key"));
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return found.push_back(bad(kFilesGroup, Code::key_permissions,
                               path + " may be read by others than its owner",
                               "chmod 600 " + path));
  if (!allowed(path, R_OK))
    return found.push_back(bad(kFilesGroup, Code::key_permissions,
                               path + ": " + std::strerror(errno),
                               "run as its owner, or chown it"));
  found.push_back(good(kFilesGroup, "private key " + path + " is its owner's alone"));
}

// Why this user cannot read it; empty when it can.
std::string why_unreadable(std::string const& path) {
  std::error_code error;
  bool const directory = stdfs::is_directory(path, error);
  return allowed(path, directory ? R_OK | X_OK : R_OK) ? "" : std::strerror(errno);
}

// Why it would not start; empty when it would. A bare name is looked for as exec does.
std::string why_no_program(std::string const& name, Context const& context) {
  if (name.find('/') != std::string::npos) return allowed(name, X_OK) ? "" : std::strerror(errno);
  auto const path = context.variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  bool const there = std::ranges::any_of(text::split(path, ':'), [&name](std::string_view one) {
    return !one.empty() && allowed(std::string(one) + '/' + name, X_OK);
  });
  return there ? "" : "no such program in PATH=" + path;
}

// Whose owner and mode are judged by another check, which says more.
bool is_judged_elsewhere(std::string const& key) {
  return key == "identity.private_key_path" || key.starts_with("secrets.values");
}

void look_at_named(Patient const& patient, Findings& found) {
  std::size_t fine = 0;
  for (auto const& one : config::named_paths(patient.loaded)) {
    if (one.use == config::PathUse::made || is_judged_elsewhere(one.key)) continue;
    bool const program = one.use == config::PathUse::program;
    auto const why = program ? why_no_program(one.path, patient.context) : why_unreadable(one.path);
    if (why.empty()) {
      ++fine;
      continue;
    }
    found.push_back(bad(
        kFilesGroup, Code::config_unreadable,
        one.key + ": " + one.path + ": " + why + "  (" + one.place + ')',
        program ? "install it, or change " + one.key
                : "let user " + std::to_string(::geteuid()) + " read it: namei -l " + one.path));
  }
  if (fine > 0)
    found.push_back(good(kFilesGroup, std::to_string(fine) + " that the configuration names"));
}

}  // namespace

Findings check_places(Patient const& patient) {
  Findings found;
  auto const& config = patient.config;
  look_at_named(patient, found);
  if (config.identity.provider == identity::Provider::mtls_static)
    look_at_key(config.identity.files.private_key, found);
  if (auto const& state = config.server.state.directory; !state.empty()) {
    look_at_state(state, found);
    look_at_unreadable(state, found);
  }
  constexpr std::string_view kUnix = "unix://";
  if (auto const& listen = config.server.outbound.listen; listen.starts_with(kUnix))
    look_at_directory("outbound", stdfs::path(listen.substr(kUnix.size())).parent_path(), Code::io,
                      found);
  if (config.identity.provider == identity::Provider::dev && !config.identity.dev.socket.empty())
    look_at_directory("Workload API", stdfs::path(config.identity.dev.socket).parent_path(),
                      Code::workload_api_unreachable, found);
  if (config.logging.output == log::Output::file) {
    look_at_directory("log", stdfs::path(config.logging.file).parent_path(), Code::io, found);
    look_at_kept("log", config.logging.file, Code::io, found);
  }
  for (auto const& text : config.audit.destinations)
    if (auto const where = audit::parse_destination(text); where.ok()) look_at_audit(*where, found);
  return found;
}

}  // namespace aw::commands
