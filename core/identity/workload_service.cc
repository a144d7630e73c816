// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_service.h"

#include <google/protobuf/util/json_util.h>

#include <chrono>
#include <type_traits>

#include "core/identity/jwt_svid.h"
#include "core/identity/workload_message.h"
#include "core/identity/workload_rpc.h"

namespace aw::identity {
namespace {

// How soon a stream notices that its client went away or the server stops; changes are pushed at
// once.
constexpr auto kStreamLook = std::chrono::milliseconds(100);
constexpr int kMaxAudiences = 32;

grpc::Status denied() { return {grpc::StatusCode::PERMISSION_DENIED, "no identity issued"}; }

grpc::Status invalid(std::string const& why) { return {grpc::StatusCode::INVALID_ARGUMENT, why}; }

grpc::Status stopped() { return {grpc::StatusCode::UNAVAILABLE, "the workload api is stopping"}; }

grpc::Status status_of(Error const& error) {
  switch (error.code) {
    case Code::workload_api_denied:
      return denied();
    case Code::jwt_svid:
    case Code::spiffe_id_malformed:
    case Code::no_bundle:
      return invalid(error.message);
    default:
      return {grpc::StatusCode::INTERNAL, error.message};
  }
}

grpc::Status filled(Snapshot const& snapshot, X509SVIDResponse& message) {
  auto const written = write_message(snapshot, message);
  return written.ok() ? grpc::Status::OK : status_of(written.error());
}
grpc::Status filled(Snapshot const& snapshot, X509BundlesResponse& message) {
  write_message(snapshot, message);
  return grpc::Status::OK;
}
grpc::Status filled(Snapshot const& snapshot, JWTBundlesResponse& message) {
  write_message(snapshot, message);
  return grpc::Status::OK;
}

class Counted {
 public:
  explicit Counted(std::atomic<int>& count) : count_(count), now_(++count) {}
  ~Counted() { --count_; }
  Counted(Counted const&) = delete;
  Counted& operator=(Counted const&) = delete;
  [[nodiscard]] int now() const { return now_; }

 private:
  std::atomic<int>& count_;
  int const now_;
};

}  // namespace

grpc::Status WorkloadService::admit(grpc::ServerContext const& context) const {
  if (stopping_.load()) return stopped();
  auto const& metadata = context.client_metadata();
  auto const header = metadata.find(kWorkloadHeader);
  bool const present = header != metadata.end() && header->second == kWorkloadHeaderValue;
  if (!present) return invalid("security header missing from request");
  return grpc::Status::OK;
}

template <class Message>
grpc::Status WorkloadService::push(grpc::ServerContext& context,
                                   grpc::ServerWriter<Message>& writer) {
  if (auto refused = admit(context); !refused.ok()) return refused;
  Counted const stream(streams_);
  if (stream.now() > max_streams_)
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams"};
  std::uint64_t sent = 0;
  while (!context.IsCancelled()) {
    if (stopping_.load()) return stopped();
    auto const seen = source_.snapshots().wait_newer(sent, kStreamLook);
    if (seen.version == sent) continue;
    if (!seen.value->has_identity()) return denied();
    Message message;
    if (auto failed = filled(*seen.value, message); !failed.ok()) return failed;
    bool const taken = writer.Write(message);
    if constexpr (std::is_same_v<Message, X509SVIDResponse>) wipe_keys(message);
    if (!taken) break;
    sent = seen.version;
  }
  return grpc::Status::CANCELLED;
}

grpc::Status WorkloadService::FetchX509SVID(grpc::ServerContext* context,
                                            X509SVIDRequest const* /*request*/,
                                            grpc::ServerWriter<X509SVIDResponse>* writer) {
  return push(*context, *writer);
}

grpc::Status WorkloadService::FetchX509Bundles(grpc::ServerContext* context,
                                               X509BundlesRequest const* /*request*/,
                                               grpc::ServerWriter<X509BundlesResponse>* writer) {
  return push(*context, *writer);
}

grpc::Status WorkloadService::FetchJWTBundles(grpc::ServerContext* context,
                                              JWTBundlesRequest const* /*request*/,
                                              grpc::ServerWriter<JWTBundlesResponse>* writer) {
  return push(*context, *writer);
}

grpc::Status WorkloadService::FetchJWTSVID(grpc::ServerContext* context,
                                           JWTSVIDRequest const* request,
                                           JWTSVIDResponse* response) {
  if (auto refused = admit(*context); !refused.ok()) return refused;
  if (request->audience_size() == 0) return invalid("audience must be specified");
  if (request->audience_size() > kMaxAudiences) return invalid("too many audiences");
  std::optional<SpiffeId> wanted;
  if (!request->spiffe_id().empty()) {
    auto id = SpiffeId::parse(request->spiffe_id());
    if (!id.ok()) return status_of(id.error());
    wanted = std::move(id).value();
  }
  auto const issued =
      source_.issue_jwt(wanted, {request->audience().begin(), request->audience().end()});
  if (!issued.ok()) return status_of(issued.error());
  for (auto const& jwt : *issued) {
    auto& sent = *response->add_svids();
    sent.set_spiffe_id(jwt.id.text());
    sent.set_svid(jwt.token);
    sent.set_hint(jwt.hint);
  }
  return grpc::Status::OK;
}

grpc::Status WorkloadService::ValidateJWTSVID(grpc::ServerContext* context,
                                              ValidateJWTSVIDRequest const* request,
                                              ValidateJWTSVIDResponse* response) {
  if (auto refused = admit(*context); !refused.ok()) return refused;
  if (request->audience().empty()) return invalid("audience must be specified");
  if (request->svid().empty()) return invalid("svid must be specified");
  auto const seen = source_.snapshots().latest();
  if (!seen.value || !seen.value->has_identity()) return denied();
  auto const verified =
      verify_jwt_svid(request->svid(), request->audience(), seen.value->bundles, clock_.now());
  if (!verified.ok()) return invalid(verified.error().message);
  response->set_spiffe_id(verified->id.text());
  auto const read = google::protobuf::util::JsonStringToMessage(verified->claims_json,
                                                                response->mutable_claims());
  if (!read.ok()) return invalid("the claims are no JSON object");
  return grpc::Status::OK;
}

}  // namespace aw::identity
