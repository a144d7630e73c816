// SPDX-License-Identifier: Apache-2.0
// Where `agentweave dev` of this user leaves what its other commands need: the Workload API socket,
// and the addresses of the agents it runs.
//
// $XDG_RUNTIME_DIR/agentweave, or /tmp/agentweave-UID without it. Blocks on the file system.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "commands/support/context.h"
#include "core/identity/spiffe_id.h"

namespace aw::commands {

[[nodiscard]] std::filesystem::path dev_directory(Context const& context);
[[nodiscard]] std::filesystem::path dev_socket(Context const& context);  // agent.sock in it

// `dev` says where its agent listens ("https://127.0.0.1:8443"), so that `call NAME` finds it; the
// file goes when the returned value does. Code::io.
class DevAddress {
 public:
  static Result<DevAddress> publish(Context const& context, identity::SpiffeId const& id,
                                    std::string const& address);
  ~DevAddress();
  DevAddress(DevAddress&& other) noexcept : file_(std::exchange(other.file_, {})) {}
  DevAddress& operator=(DevAddress&&) = delete;
  DevAddress(DevAddress const&) = delete;
  DevAddress& operator=(DevAddress const&) = delete;

 private:
  explicit DevAddress(std::filesystem::path file) : file_(std::move(file)) {}
  std::filesystem::path file_;
};

// nullopt when no `dev` of this user runs it. A directory that others may write to is not believed.
[[nodiscard]] std::optional<std::string> find_dev_address(Context const& context,
                                                          identity::SpiffeId const& id);

}  // namespace aw::commands
