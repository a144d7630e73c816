// SPDX-License-Identifier: Apache-2.0
// Where `agentweave dev` of this user leaves what its other commands need: the Workload API socket,
// and the addresses of the agents it runs.
//
// $XDG_RUNTIME_DIR/agentweave, or /tmp/agentweave-UID without it. Blocks on the file system.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/support/context.h"
#include "core/identity/spiffe_id.h"

namespace aw::commands {

[[nodiscard]] std::filesystem::path dev_directory(Context const& context);
[[nodiscard]] std::filesystem::path dev_socket(Context const& context);  // agent.sock in it

// Which Workload API a command asks that was not told: SPIFFE_ENDPOINT_SOCKET, else the socket of
// `agentweave dev`, else the usual place of SPIRE's. In /tmp anybody may be first to make dev's
// directory, and who makes it would choose whom we believe: Code::io when it can be changed by
// others.
[[nodiscard]] Result<std::string> default_workload_address(Context const& context);

struct DevAgent {
  std::string address;  // "https://127.0.0.1:8443"
  std::string admin;    // "http://127.0.0.1:9091/?t=TOKEN"; empty when there is none
  std::string config;   // absolute path of its configuration
};

// `dev` says what it runs, so that `call NAME` finds it; the file goes when the returned value
// does. Code::io.
class DevEntry {
 public:
  static Result<DevEntry> publish(Context const& context, identity::SpiffeId const& id,
                                  DevAgent const& agent);
  ~DevEntry();
  DevEntry(DevEntry&& other) noexcept : file_(std::exchange(other.file_, {})) {}
  DevEntry& operator=(DevEntry&&) = delete;
  DevEntry(DevEntry const&) = delete;
  DevEntry& operator=(DevEntry const&) = delete;

 private:
  explicit DevEntry(std::filesystem::path file) : file_(std::move(file)) {}
  std::filesystem::path file_;
};

// nullopt when no `dev` of this user runs it. A directory that others may write to is not believed.
[[nodiscard]] std::optional<DevAgent> find_dev_agent(Context const& context,
                                                     identity::SpiffeId const& id);
// All of them, by name of their files.
[[nodiscard]] std::vector<DevAgent> dev_agents(Context const& context);

}  // namespace aw::commands
