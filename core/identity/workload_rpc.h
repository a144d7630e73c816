// SPDX-License-Identifier: Apache-2.0
// What every call to a Workload API shares: its channel, its metadata, the meaning of its failures.
//
// Internal to this folder (it names gRPC's types). All functions: any thread; none blocks except
// `why_unreachable`, for as long as one connect(2) to a local socket takes.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/identity/workload_endpoint.h"

namespace aw::identity {

// SPIFFE Workload Endpoint §5: every call carries it, so that no forged request (SSRF) can reach
// the API.
inline constexpr char kWorkloadHeader[] = "workload.spiffe.io";
inline constexpr char kWorkloadHeaderValue[] = "true";

// gRPC's own default is 4 MiB; a workload with hundreds of SVIDs and federated bundles passes that.
inline constexpr int kMaxWorkloadMessage = 16 << 20;

// A channel that shares its connection with no other channel and keeps no back-off of its own.
std::shared_ptr<grpc::Channel> workload_channel(WorkloadEndpoint const& endpoint);

void prepare(grpc::ClientContext& context);
void prepare(grpc::ClientContext& context, std::chrono::nanoseconds timeout);

// What a failed call means: denied, unreachable (with the reason and a hint), timed out or refused
// as malformed.
Error call_error(grpc::Status const& status, WorkloadEndpoint const& endpoint);

}  // namespace aw::identity
