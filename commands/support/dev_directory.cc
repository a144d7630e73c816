// SPDX-License-Identifier: Apache-2.0
#include "commands/support/dev_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "core/base/fs.h"
#include "core/base/text.h"
#include "core/identity/config.h"

namespace aw::commands {
namespace {

// One file per agent, named after its ID so that no two can collide or leave the directory.
std::filesystem::path entry_file(Context const& context, identity::SpiffeId const& id) {
  return dev_directory(context) / "agents" / text::to_hex(id.text());
}

// In /tmp anybody may make the directory first: only our own, closed to others, counts.
bool is_ours(std::filesystem::path const& directory) {
  struct stat about{};
  if (lstat(directory.c_str(), &about) != 0) return false;
  return S_ISDIR(about.st_mode) && about.st_uid == getuid() && (about.st_mode & 0022U) == 0;
}

std::optional<DevAgent> read_entry(std::filesystem::path const& file) {
  constexpr std::uint64_t kLongest = 8192;
  auto const text = fs::read_file(file, kLongest);
  if (!text.ok()) return std::nullopt;
  auto const lines = text::split(*text, '\n');
  if (lines.size() < 3) return std::nullopt;
  return DevAgent{.address = std::string(lines[0]),
                  .admin = std::string(lines[1]),
                  .config = std::string(lines[2])};
}

}  // namespace

std::filesystem::path dev_directory(Context const& context) {
  if (auto const runtime = context.variable("XDG_RUNTIME_DIR")) {
    return std::filesystem::path(*runtime) / "agentweave";
  }
  return "/tmp/agentweave-" + std::to_string(getuid());
}

std::filesystem::path dev_socket(Context const& context) {
  return dev_directory(context) / "agent.sock";
}

Result<std::string> default_workload_address(Context const& context) {
  if (auto const named = context.variable("SPIFFE_ENDPOINT_SOCKET")) return *named;
  auto const directory = dev_directory(context);
  struct stat about{};
  if (lstat(directory.c_str(), &about) == 0 && !is_ours(directory)) {
    return make_error(
        Code::io, directory.string() + " can be changed by others, so who serves there is unknown",
        "remove it, or name the Workload API with --socket or SPIFFE_ENDPOINT_SOCKET");
  }
  auto const socket = dev_socket(context);
  if (lstat(socket.c_str(), &about) == 0) return socket.string();
  return identity::Config{}.spiffe_endpoint;
}

Result<DevEntry> DevEntry::publish(Context const& context, identity::SpiffeId const& id,
                                   DevAgent const& agent) {
  auto const file = entry_file(context, id);
  AW_TRY(fs::make_private_directory(file.parent_path()));
  if (!is_ours(dev_directory(context))) {
    return make_error(Code::io, dev_directory(context).string() + " belongs to somebody else",
                      "set XDG_RUNTIME_DIR to a directory of your own");
  }
  auto const text = agent.address + "\n" + agent.admin + "\n" + agent.config + "\n";
  AW_TRY(fs::write_file_atomic(file, text, fs::Mode::private_file));
  return DevEntry(file);
}

DevEntry::~DevEntry() {
  std::error_code ignored;  // gone already is as good
  if (!file_.empty()) std::filesystem::remove(file_, ignored);
}

std::optional<DevAgent> find_dev_agent(Context const& context, identity::SpiffeId const& id) {
  if (!is_ours(dev_directory(context))) return std::nullopt;
  return read_entry(entry_file(context, id));
}

std::vector<DevAgent> dev_agents(Context const& context) {
  std::vector<DevAgent> out;
  if (!is_ours(dev_directory(context))) return out;
  std::error_code failed;  // no directory: no agents
  std::filesystem::directory_iterator entries(dev_directory(context) / "agents", failed);
  std::vector<std::filesystem::path> files;
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    files.push_back(entries->path());
  }
  std::ranges::sort(files);
  for (auto const& file : files) {
    if (auto agent = read_entry(file)) out.push_back(*std::move(agent));
  }
  return out;
}

}  // namespace aw::commands
