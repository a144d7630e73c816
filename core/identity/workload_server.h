// SPDX-License-Identifier: Apache-2.0
// The SPIFFE Workload API over gRPC on a unix socket: what `agentweave dev` offers to any SPIFFE
// client.
//
// Every call must carry the `workload.spiffe.io: true` metadata (Workload Endpoint §5). Streams
// push each change of the source at once. Development only: it does not attest workloads, it serves
// every process of this user. Bounded: so many streams at a time, the next is told
// RESOURCE_EXHAUSTED. gRPC's threads are its own; `stop` ends every call and joins.
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/workload_source.h"

namespace aw::identity {

class WorkloadServer {
 public:
  static constexpr int kMaxStreams = 100;

  // Serves at once. `source` and `clock` outlive it. Errors as WorkloadSocket::bind.
  static Result<std::unique_ptr<WorkloadServer>> start(std::filesystem::path const& socket,
                                                       WorkloadSource& source, Clock const& clock);
  ~WorkloadServer();  // stops
  WorkloadServer(WorkloadServer const&) = delete;
  WorkloadServer& operator=(WorkloadServer const&) = delete;

  void stop();  // twice is fine
  // "unix:///…", for SPIFFE_ENDPOINT_SOCKET.
  [[nodiscard]] std::string address() const;

 private:
  struct Impl;
  explicit WorkloadServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::identity
