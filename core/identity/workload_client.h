// SPDX-License-Identifier: Apache-2.0
// The identity of this process from a SPIFFE Workload API, followed for as long as it runs.
//
// Every message is the full state: what it no longer holds has been withdrawn. A message with
// anything wrong in it keeps the last good state and counts a failure. PermissionDenied that nobody
// takes back publishes a snapshot without SVIDs. The stream is opened again when it ends; the
// socket answering again is noticed within half a second. InvalidArgument ends the trying: that
// cannot heal. One thread of its own; publishes on it.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/identity/provider.h"

namespace aw::identity {

// The defaults keep Workload API §6.2: back within a second of the socket answering.
struct WorkloadClientOptions {
  std::string endpoint;  // unix:///path, tcp://IP:PORT
  // Between tries while the API is away or says no.
  std::chrono::nanoseconds retry_first = std::chrono::milliseconds(20);
  std::chrono::nanoseconds retry_most = std::chrono::milliseconds(400);
  // How long a denial must stand, while an SVID is held, before it counts: SPIRE's agent says it
  // for a few milliseconds when the CA of a workload's SVID is tainted, before it brings the new
  // SVID.
  std::chrono::nanoseconds denial_stands = std::chrono::milliseconds(300);
};

class WorkloadApiProvider final : public IdentityProvider {
 public:
  // `clock` and `log` outlive it.
  WorkloadApiProvider(WorkloadClientOptions options, Clock const& clock, log::Log& log);
  ~WorkloadApiProvider() override;  // stops

  // Code::config_out_of_range for an address no Workload API can have.
  [[nodiscard]] Result<void> start(io::Watch<Snapshot>& watch) override;
  void stop() override;
  [[nodiscard]] ProviderStatus status() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::identity
