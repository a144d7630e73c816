// SPDX-License-Identifier: Apache-2.0
// The five calls of the Workload API, answered from a WorkloadSource. Internal to this folder.
//
// gRPC calls the methods on its own threads; streams hold one each, so they are counted and
// bounded.
#pragma once

#include <atomic>

#include "core/base/clock.h"
#include "core/identity/workload.grpc.pb.h"
#include "core/identity/workload_source.h"

namespace aw::identity {

class WorkloadService final : public SpiffeWorkloadAPI::Service {
 public:
  WorkloadService(WorkloadSource& source, Clock const& clock, int max_streams)
      : source_(source), clock_(clock), max_streams_(max_streams) {}

  // Ends the streams within a moment; they and all later calls are told UNAVAILABLE.
  void stop() { stopping_.store(true); }

  grpc::Status FetchX509SVID(grpc::ServerContext* context, X509SVIDRequest const* request,
                             grpc::ServerWriter<X509SVIDResponse>* writer) override;
  grpc::Status FetchX509Bundles(grpc::ServerContext* context, X509BundlesRequest const* request,
                                grpc::ServerWriter<X509BundlesResponse>* writer) override;
  grpc::Status FetchJWTSVID(grpc::ServerContext* context, JWTSVIDRequest const* request,
                            JWTSVIDResponse* response) override;
  grpc::Status FetchJWTBundles(grpc::ServerContext* context, JWTBundlesRequest const* request,
                               grpc::ServerWriter<JWTBundlesResponse>* writer) override;
  grpc::Status ValidateJWTSVID(grpc::ServerContext* context, ValidateJWTSVIDRequest const* request,
                               ValidateJWTSVIDResponse* response) override;

 private:
  // Holds gRPC's thread until the caller leaves or `stop`.
  template <class Message>
  grpc::Status push(grpc::ServerContext& context, grpc::ServerWriter<Message>& writer);
  // OK when the call may go on.
  [[nodiscard]] grpc::Status admit(grpc::ServerContext const& context) const;

  WorkloadSource& source_;
  Clock const& clock_;
  int const max_streams_;
  std::atomic<int> streams_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace aw::identity
