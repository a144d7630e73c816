// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_rpc.h"

#include <grpc/support/time.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <system_error>

#include "core/base/fs.h"
#include "core/base/text.h"

namespace aw::identity {
namespace {

constexpr std::size_t kLongestReason = 300;  // foreign text in our messages
constexpr int kLongestGreetingMs = 5000;

std::string reason_of(grpc::Status const& status) {
  auto const message = status.error_message();
  return text::printable(std::string_view(message).substr(0, kLongestReason));
}

// gRPC words its connect errors for itself; the kernel's answer says more to a person. Empty when a
// connect succeeds.
std::string why_unreachable(WorkloadEndpoint const& endpoint) {
  if (endpoint.kind() != WorkloadEndpoint::Kind::unix_socket) return {};
  Fd const probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.open()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  endpoint.path().copy(address.sun_path, sizeof(address.sun_path) - 1);
  auto const* generic = reinterpret_cast<sockaddr const*>(&address);
  if (connect(probe.get(), generic, sizeof(address)) == 0) return {};
  return text::lower(std::generic_category().message(errno));
}

Error unreachable(grpc::Status const& status, WorkloadEndpoint const& endpoint) {
  auto why = why_unreachable(endpoint);
  if (why.empty()) why = reason_of(status);
  return make_error(Code::workload_api_unreachable, "connect " + endpoint.text() + ": " + why,
                    "is the SPIRE agent running? `agentweave dev` serves one for development");
}

}  // namespace

std::shared_ptr<grpc::Channel> workload_channel(WorkloadEndpoint const& endpoint) {
  grpc::ChannelArguments arguments;
  // The process-wide pool would share a connection, and its back-off of up to two minutes, with
  // earlier channels.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  // Named for a back-off, it is how long one attempt may take until the agent has greeted us: a
  // busy or frozen agent still accepts, and answers late.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kLongestGreetingMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 250);
  // An http_proxy of the environment must not see private keys.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetMaxReceiveMessageSize(kMaxWorkloadMessage);
  return grpc::CreateCustomChannel(endpoint.grpc_target(), grpc::InsecureChannelCredentials(),
                                   arguments);
}

void prepare(grpc::ClientContext& context) {
  context.AddMetadata(kWorkloadHeader, kWorkloadHeaderValue);
  context.set_wait_for_ready(false);
}

void prepare(grpc::ClientContext& context, std::chrono::nanoseconds timeout) {
  prepare(context);
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                    gpr_time_from_nanos(timeout.count(), GPR_TIMESPAN)));
}

Error call_error(grpc::Status const& status, WorkloadEndpoint const& endpoint) {
  auto const where = "workload api " + endpoint.text() + ": ";
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return unreachable(status, endpoint);
    case grpc::StatusCode::PERMISSION_DENIED:
      return make_error(Code::workload_api_denied, where + reason_of(status),
                        "no registration entry matches this process: compare its user, path and "
                        "other selectors with `spire-server entry show`");
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return make_error(Code::timeout, where + "no answer in time",
                        "is the SPIRE agent healthy? a larger --timeout waits longer");
    case grpc::StatusCode::INVALID_ARGUMENT:
      return make_error(Code::protocol, where + "refused the request: " + reason_of(status));
    case grpc::StatusCode::UNIMPLEMENTED:
      return make_error(Code::protocol, where + "does not know this call: " + reason_of(status),
                        "is the address that of a SPIFFE Workload API?");
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return make_error(Code::workload_api_unreachable, where + reason_of(status));
    default:
      return make_error(Code::workload_api_unreachable,
                        where + "the stream ended: " + reason_of(status));
  }
}

}  // namespace aw::identity
