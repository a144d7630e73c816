// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_fetch.h"

#include <utility>

#include "core/identity/workload.grpc.pb.h"
#include "core/identity/workload_message.h"
#include "core/identity/workload_rpc.h"

namespace aw::identity {
namespace {

std::unique_ptr<SpiffeWorkloadAPI::Stub> connect(WorkloadEndpoint const& endpoint) {
  return SpiffeWorkloadAPI::NewStub(workload_channel(endpoint));
}

// The first message of a stream; the rest is not waited for.
template <class Message>
Result<Message> first_of(std::unique_ptr<grpc::ClientReader<Message>> reader,
                         grpc::ClientContext& context, WorkloadEndpoint const& endpoint) {
  Message message;
  if (!reader->Read(&message)) return call_error(reader->Finish(), endpoint);
  context.TryCancel();
  reader->Finish();  // "cancelled", by ourselves
  return message;
}

// Puts the JWT authorities beside the X.509 ones of the same trust domain.
Result<Bundle> joined(Bundle const* x509, Bundle const& jwt) {
  BundleContent content{.x509_authorities = {},
                        .jwt_authorities = jwt.jwt_authorities(),
                        .sequence = jwt.sequence(),
                        .refresh_hint = jwt.refresh_hint()};
  if (x509 != nullptr) content.x509_authorities = x509->x509_authorities();
  return Bundle::make(jwt.trust_domain(), std::move(content));
}

}  // namespace

Result<Snapshot> fetch_snapshot(WorkloadEndpoint const& endpoint, std::chrono::nanoseconds timeout,
                                WallTime now) {
  auto const stub = connect(endpoint);
  grpc::ClientContext context;
  prepare(context, timeout);
  AW_TRY(auto message, (first_of(stub->FetchX509SVID(&context, {}), context, endpoint)));
  auto snapshot = read_message(message, now);
  wipe_keys(message);
  if (snapshot.ok() && !snapshot->has_identity())
    return make_error(Code::workload_api_denied,
                      "workload api " + endpoint.text() + ": no SVID in the answer");
  return with_context(std::move(snapshot), "workload api " + endpoint.text());
}

Result<Bundles> fetch_bundles(WorkloadEndpoint const& endpoint, std::chrono::nanoseconds timeout) {
  auto const stub = connect(endpoint);
  grpc::ClientContext x509_context;
  prepare(x509_context, timeout);
  AW_TRY(auto const x509,
         (first_of(stub->FetchX509Bundles(&x509_context, {}), x509_context, endpoint)));
  AW_TRY(auto bundles, read_message(x509));
  grpc::ClientContext jwt_context;
  prepare(jwt_context, timeout);
  auto const jwt = first_of(stub->FetchJWTBundles(&jwt_context, {}), jwt_context, endpoint);
  // JWT is optional for implementations of the Workload API; without it the X.509 half is the
  // answer.
  if (!jwt.ok())
    return jwt.error().code == Code::protocol ? Result<Bundles>(std::move(bundles)) : jwt.error();
  AW_TRY(auto const jwt_bundles, read_message(*jwt));
  for (auto const& [domain, bundle] : jwt_bundles) {
    auto const known = bundles.find(domain);
    AW_TRY(auto both, joined(known == bundles.end() ? nullptr : &known->second, bundle));
    bundles.insert_or_assign(domain, std::move(both));
  }
  return bundles;
}

Result<JwtSvid> fetch_jwt_svid(WorkloadEndpoint const& endpoint, JwtRequest const& request,
                               std::chrono::nanoseconds timeout) {
  auto const stub = connect(endpoint);
  grpc::ClientContext context;
  prepare(context, timeout);
  JWTSVIDRequest message;
  for (auto const& audience : request.audience) message.add_audience(audience);
  if (request.id) message.set_spiffe_id(request.id->text());
  JWTSVIDResponse response;
  auto const status = stub->FetchJWTSVID(&context, message, &response);
  if (!status.ok()) return call_error(status, endpoint);
  if (response.svids().empty())
    return make_error(Code::workload_api_denied,
                      "workload api " + endpoint.text() + ": no JWT-SVID in the answer");
  return with_context(read_jwt_svid(response.svids(0).svid()), "workload api " + endpoint.text());
}

}  // namespace aw::identity
