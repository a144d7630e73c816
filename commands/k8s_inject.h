// SPDX-License-Identifier: Apache-2.0
// `agentweave k8s inject`: manifests in, the same with a sidecar out.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/sidecar.h"

namespace CLI {
class App;
}

namespace aw::commands {

struct K8sInjectOptions {
  std::string file = "-";
  std::string config;  // becomes a ConfigMap in the output; empty = one that is there already
  SidecarSpec sidecar;
};

void register_k8s_inject(CLI::App& parent, Context& context);
// Blocks on files and standard input. What is no workload passes through as it stood.
// Code::usage for a workload that cannot take a sidecar, Code::config_syntax for a manifest or
// configuration that is none; then no manifest is printed.
[[nodiscard]] Result<void> run_k8s_inject(K8sInjectOptions const& options, Context& context);

}  // namespace aw::commands
