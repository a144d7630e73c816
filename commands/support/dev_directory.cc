// SPDX-License-Identifier: Apache-2.0
#include "commands/support/dev_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "core/base/fs.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

// One file per agent, named after its ID so that no two can collide or leave the directory.
std::filesystem::path address_file(Context const& context, identity::SpiffeId const& id) {
  return dev_directory(context) / "agents" / text::to_hex(id.text());
}

// In /tmp anybody may make the directory first: only our own, closed to others, counts.
bool is_ours(std::filesystem::path const& directory) {
  struct stat about{};
  if (lstat(directory.c_str(), &about) != 0) return false;
  return S_ISDIR(about.st_mode) && about.st_uid == getuid() && (about.st_mode & 0022U) == 0;
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

Result<DevAddress> DevAddress::publish(Context const& context, identity::SpiffeId const& id,
                                       std::string const& address) {
  auto const file = address_file(context, id);
  AW_TRY(fs::make_private_directory(file.parent_path()));
  if (!is_ours(dev_directory(context))) {
    return make_error(Code::io, dev_directory(context).string() + " belongs to somebody else",
                      "set XDG_RUNTIME_DIR to a directory of your own");
  }
  AW_TRY(fs::write_file_atomic(file, address, fs::Mode::private_file));
  return DevAddress(file);
}

DevAddress::~DevAddress() {
  std::error_code ignored;  // gone already is as good
  if (!file_.empty()) std::filesystem::remove(file_, ignored);
}

std::optional<std::string> find_dev_address(Context const& context, identity::SpiffeId const& id) {
  constexpr std::uint64_t kLongest = 512;
  if (!is_ours(dev_directory(context))) return std::nullopt;
  auto address = fs::read_file(address_file(context, id), kLongest);
  if (!address.ok()) return std::nullopt;
  return std::string(text::trim(*address));
}

}  // namespace aw::commands
