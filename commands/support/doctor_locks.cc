// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>

#include "commands/support/diagnosis.h"
#include "commands/support/kept_files.h"
#include "core/audit/destination.h"
#include "core/base/fs.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

// Device and inode, as the kernel names a file.
using FileKey = std::tuple<unsigned, unsigned, std::uint64_t>;
using Holders = std::map<FileKey, std::string>;  // to the process that holds it

template <class Number>
std::optional<Number> number_in(std::string_view text, int base) {
  Number out = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// "08:01:131073", the first two in hexadecimal.
std::optional<FileKey> file_key(std::string_view text) {
  auto const parts = text::split(text, ':');
  if (parts.size() != 3) return std::nullopt;
  auto const major = number_in<unsigned>(parts[0], 16);
  auto const minor = number_in<unsigned>(parts[1], 16);
  auto const inode = number_in<std::uint64_t>(parts[2], 10);
  if (!major || !minor || !inode) return std::nullopt;
  return FileKey{*major, *minor, *inode};
}

// /proc/locks rather than a lock of our own, which could keep an agent from starting. A line:
// "1: FLOCK  ADVISORY  WRITE 4711 08:01:131073 0 EOF".
Holders held_files() {
  Holders out;
  auto const table = fs::read_file("/proc/locks");
  if (!table.ok()) return out;  // hidden from this process: nothing to say
  for (auto const line : text::split(*table, '\n')) {
    std::vector<std::string_view> words;
    for (auto const word : text::split(line, ' '))
      if (!word.empty()) words.push_back(word);
    if (words.size() < 6 || words[1] != "FLOCK") continue;
    if (auto const key = file_key(words[5])) out.emplace(*key, std::string(words[4]));
  }
  return out;
}

void look_at_lock(std::string const& what, std::string const& path, Code code, std::string fix,
                  Holders const& holders, Findings& found) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return;
  auto const holder =
      holders.find({gnu_dev_major(info.st_dev), gnu_dev_minor(info.st_dev), info.st_ino});
  if (holder == holders.end()) return;
  found.push_back(bad("files", code, what + ": " + path + " is in use by process " + holder->second,
                      std::move(fix)));
}

}  // namespace

void look_at_locks(Patient const& patient, Findings& found) {
  auto const holders = held_files();
  if (holders.empty()) return;
  for (auto const& text : patient.config.audit.destinations) {
    auto const where = audit::parse_destination(text);
    if (!where.ok() || where->kind != audit::Destination::Kind::file) continue;
    look_at_lock("audit log", where->path + ".lock", Code::audit_unavailable,
                 "give each agent its own authorization.audit.destination", holders, found);
  }
  auto const& directory = patient.config.server.state.directory;
  if (directory.empty()) return;
  each_kept_file(directory, [&](std::filesystem::directory_entry const& one) {
    look_at_lock("state", one.path().string(), Code::state_unusable,
                 "give each instance its own state.directory", holders, found);
  });
}

}  // namespace aw::commands
