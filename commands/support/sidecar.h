// SPDX-License-Identifier: Apache-2.0
// Puts an agentweave sidecar into a workload's pod template: a native sidecar (an init container
// that keeps running, Kubernetes 1.29), so that it is there before the workload's own containers
// start and after they stop.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"

namespace aw::commands {

struct SidecarSpec {
  std::string image;
  std::string config_map;                          // holds config.yaml; empty = NAME-agentweave
  std::string outbound = "http://127.0.0.1:8081";  // told to the workload's containers
  std::string spiffe_driver = "csi.spiffe.io";
  int drain_seconds = 40;  // what a stop may take at most
};

enum class Injected { yes, already, opted_out, not_a_workload };

// On a workload or its pod template: "disabled" (or "false") keeps the sidecar out of it.
inline constexpr std::string_view kInjectAnnotation = "agentweave.io/inject";

// Changes `document` in place: a Pod, or whatever has a pod template. Code::usage when it is a
// workload that cannot have one (the host's network, a port that is taken), or whose annotation
// says neither yes nor no.
[[nodiscard]] Result<Injected> inject_sidecar(json::Json& document, SidecarSpec const& spec);
// Of a workload: metadata.name, or what its generateName begins with.
[[nodiscard]] std::string workload_name(json::Json const& document);

}  // namespace aw::commands
