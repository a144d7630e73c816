// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_workload_api.h"

#include <grpcpp/server_builder.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "core/identity/workload.grpc.pb.h"
#include "core/identity/workload_message.h"

namespace aw::testing {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);

class Service final : public SpiffeWorkloadAPI::Service {
 public:
  grpc::Status FetchX509SVID(grpc::ServerContext* context, X509SVIDRequest const* /*request*/,
                             grpc::ServerWriter<X509SVIDResponse>* writer) override {
    std::unique_lock lock(mutex_);
    ++opened_;
    if (!context->client_metadata().contains("workload.spiffe.io")) ++without_header_;
    std::uint64_t sent = 0;
    while (!context->IsCancelled() && !stopping_) {
      if (answer_ == FakeWorkloadApi::Answer::silence) {
        changed_.wait_for(lock, kLook);
        continue;
      }
      if (answer_ != FakeWorkloadApi::Answer::state) return refusal();
      if (version_ != sent) {
        sent = version_;
        auto const message = message_;
        lock.unlock();
        writer->Write(message);
        lock.lock();
        continue;
      }
      changed_.wait_for(lock, kLook);
    }
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
  }

  void change(auto const& how) {
    {
      std::lock_guard const lock(mutex_);
      how();
    }
    changed_.notify_all();
  }
  void set(X509SVIDResponse message) {
    change([&] {
      message_ = std::move(message);
      answer_ = FakeWorkloadApi::Answer::state;
      ++version_;
    });
  }
  void set(FakeWorkloadApi::Answer answer) {
    change([&] { answer_ = answer; });
  }
  void set_stopping(bool stopping) {  // NOLINT: a test's switch
    change([&] { stopping_ = stopping; });
  }
  int opened() {
    std::lock_guard const lock(mutex_);
    return opened_;
  }
  int without_header() {
    std::lock_guard const lock(mutex_);
    return without_header_;
  }

 private:
  grpc::Status refusal() const {
    switch (answer_) {
      case FakeWorkloadApi::Answer::permission_denied:
        return {grpc::StatusCode::PERMISSION_DENIED, "no identity issued"};
      case FakeWorkloadApi::Answer::invalid_argument:
        return {grpc::StatusCode::INVALID_ARGUMENT, "security header missing from request"};
      case FakeWorkloadApi::Answer::hang_up:
      case FakeWorkloadApi::Answer::silence:
      case FakeWorkloadApi::Answer::state:
        break;
    }
    return {grpc::StatusCode::UNAVAILABLE, "hung up"};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  X509SVIDResponse message_;
  FakeWorkloadApi::Answer answer_ = FakeWorkloadApi::Answer::state;
  std::uint64_t version_ = 0;
  bool stopping_ = false;
  int opened_ = 0;
  int without_header_ = 0;
};

}  // namespace

struct FakeWorkloadApi::Impl {
  std::filesystem::path socket;
  Service service;
  std::unique_ptr<grpc::Server> server;
};

FakeWorkloadApi::FakeWorkloadApi(std::filesystem::path socket) : impl_(std::make_unique<Impl>()) {
  impl_->socket = std::move(socket);
}

FakeWorkloadApi::~FakeWorkloadApi() { down(); }

void FakeWorkloadApi::up() {
  impl_->service.set_stopping(false);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + impl_->socket.string(), grpc::InsecureServerCredentials());
  builder.RegisterService(&impl_->service);
  impl_->server = builder.BuildAndStart();
}

void FakeWorkloadApi::down() {
  if (!impl_->server) return;
  impl_->service.set_stopping(true);
  impl_->server->Shutdown(std::chrono::system_clock::time_point{});
  impl_->server->Wait();
  impl_->server.reset();
  std::filesystem::remove(impl_->socket);
}

void FakeWorkloadApi::serve(identity::Snapshot const& snapshot) {
  X509SVIDResponse message;
  identity::write_message(snapshot, message).value();
  impl_->service.set(std::move(message));
}

void FakeWorkloadApi::refuse(Answer answer) { impl_->service.set(answer); }

std::string FakeWorkloadApi::endpoint() const { return "unix://" + impl_->socket.string(); }
int FakeWorkloadApi::streams_opened() const { return impl_->service.opened(); }
int FakeWorkloadApi::streams_without_header() const { return impl_->service.without_header(); }

}  // namespace aw::testing
