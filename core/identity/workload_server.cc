// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_server.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <utility>

#include "core/identity/workload_endpoint.h"
#include "core/identity/workload_service.h"
#include "core/identity/workload_socket.h"

namespace aw::identity {
namespace {

constexpr int kSpareThreads = 20;  // for unary calls beside the streams
constexpr int kMaxRequest = 64 << 10;

std::unique_ptr<grpc::Server> build(WorkloadService& service) {
  grpc::ResourceQuota quota("workload_api");
  quota.SetMaxThreads(WorkloadServer::kMaxStreams + kSpareThreads);
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kMaxRequest);
  // One completion queue and few pollers: this is a local socket with a handful of clients.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
  return builder.BuildAndStart();
}

}  // namespace

struct WorkloadServer::Impl {
  Impl(WorkloadSource& source, Clock const& clock, std::filesystem::path const& path)
      : address("unix://" + path.string()), service(source, clock, kMaxStreams) {}

  std::string const address;
  WorkloadService service;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<WorkloadSocket> socket;
};

WorkloadServer::WorkloadServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<WorkloadServer>> WorkloadServer::start(std::filesystem::path const& socket,
                                                              WorkloadSource& source,
                                                              Clock const& clock) {
  AW_TRY(auto bound, with_context(WorkloadSocket::bind(socket), "serve the workload api"));
  auto impl = std::make_unique<Impl>(source, clock, socket);
  impl->server = build(impl->service);
  if (!impl->server) return make_error(Code::internal, "the gRPC server did not start");
  impl->socket = std::move(bound);
  // gRPC gets connected sockets: binding, modes and the peer's user are WorkloadSocket's business.
  impl->socket->start([server = impl->server.get()](Fd connection) {
    grpc::AddInsecureChannelFromFd(server, connection.release());
  });
  return std::unique_ptr<WorkloadServer>(new WorkloadServer(std::move(impl)));
}

WorkloadServer::~WorkloadServer() { stop(); }

void WorkloadServer::stop() {
  if (!impl_->server) return;
  impl_->socket->stop();
  impl_->service.stop();
  impl_->server->Shutdown(std::chrono::system_clock::time_point{});  // long past: cancel what runs
  impl_->server->Wait();
  impl_->server.reset();
}

std::string WorkloadServer::address() const { return impl_->address; }

}  // namespace aw::identity
