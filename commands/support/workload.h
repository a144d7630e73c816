// SPDX-License-Identifier: Apache-2.0
// What the identity commands share: which Workload API they ask, and how SVIDs and bundles look.
//
// One thread; `fetch_*` of core/identity block.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

#include "commands/support/context.h"
#include "core/identity/snapshot.h"
#include "core/identity/workload_endpoint.h"

namespace aw::commands {

struct WorkloadOptions {
  std::string socket;  // empty = default_workload_address
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

// --socket and -t,--timeout.
void add_workload_options(CLI::App& command, WorkloadOptions& options);

// --socket, else default_workload_address. A bare absolute path is a unix socket. Code::usage for
// an address no Workload API can have.
[[nodiscard]] Result<identity::WorkloadEndpoint> workload_endpoint(WorkloadOptions const& options,
                                                                   Context const& context);

// The state now; errors as identity::fetch_snapshot, a timeout counts as unreachable.
[[nodiscard]] Result<identity::Snapshot> current_state(WorkloadOptions const& options,
                                                       Context const& context);

// One SVID as people see it. `left_percent` of the life between its not-before and its end.
struct SvidView {
  std::string id;
  std::string hint;
  std::string leaf;    // fingerprint, hex
  std::string issuer;  // fingerprint of the bundle's authority that signs it; empty = none does
  WallTime not_before;
  WallTime not_after;
  std::chrono::nanoseconds left{};  // never negative
  int left_percent = 0;
  std::chrono::nanoseconds until_rotation{};  // half its life is when issuers renew; never negative
};
[[nodiscard]] SvidView view_of(identity::Svid const& svid, identity::Bundles const& bundles,
                               WallTime now);
[[nodiscard]] json::Json to_json(SvidView const& view);
[[nodiscard]] json::Json to_json(identity::Bundle const& bundle);

// "8c1f…" for a line, the whole in JSON.
[[nodiscard]] std::string short_fingerprint(std::string const& hex);
// `spiffe://… leaf 4f…e1 issuer d07a… left 57m (95%)`
[[nodiscard]] std::string one_line(SvidView const& view, Context const& context);
// "eu.example.com (seq 12, 2 CAs)", all but the own domain; "none".
[[nodiscard]] std::string federated_text(identity::Snapshot const& snapshot);

}  // namespace aw::commands
