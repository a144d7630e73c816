// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/identity/workload.grpc.pb.h"
#include "core/identity/workload_rpc.h"

namespace aw::identity {
namespace {

// A server that answers and hangs up at once must not be asked in a tight loop.
constexpr auto kShortestStream = std::chrono::milliseconds(100);
// The least a stream with a latest time is given: a local socket answers in one or two.
constexpr auto kShortestCut = std::chrono::milliseconds(50);

}  // namespace

struct WorkloadReader::Attempt {
  grpc::Status status;
  bool brought = false;
  bool lived = false;  // brought a message and did not end at once
};

WorkloadReader::WorkloadReader(WorkloadEndpoint endpoint, RetryTimes times, Listener& listener)
    : endpoint_(std::move(endpoint)), listener_(listener), backoff_(times.first, times.most) {}

WorkloadReader::~WorkloadReader() { stop(); }

void WorkloadReader::start() {
  thread_ = std::thread([this] { run(); });
}

void WorkloadReader::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    if (current_ != nullptr) current_->TryCancel();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool WorkloadReader::enter(grpc::ClientContext& context) {
  std::lock_guard const lock(mutex_);
  if (stopping_) return false;
  current_ = &context;
  return true;
}

void WorkloadReader::leave() {
  std::lock_guard const lock(mutex_);
  current_ = nullptr;
}

bool WorkloadReader::wait(std::chrono::nanoseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

WorkloadReader::Attempt WorkloadReader::read_stream(std::optional<SteadyTime> cut) {
  // A fresh channel each time: an old one would sit out its own back-off.
  auto const stub = SpiffeWorkloadAPI::NewStub(workload_channel(endpoint_));
  grpc::ClientContext context;
  if (cut) {
    prepare(context, std::max<SteadyTime::duration>(*cut - steady_now(), kShortestCut));
  } else {
    prepare(context);
  }
  if (!enter(context)) return {.status = grpc::Status::CANCELLED};
  auto const started = steady_now();
  bool brought = false;
  auto const reader = stub->FetchX509SVID(&context, X509SVIDRequest());
  for (X509SVIDResponse message; reader->Read(&message);) {
    brought = true;
    listener_.received(message);
  }
  Attempt attempt{.status = reader->Finish(), .brought = brought};
  leave();
  attempt.lived = brought && steady_now() - started >= kShortestStream;
  return attempt;
}

void WorkloadReader::run() {
  std::optional<SteadyTime> cut;
  while (true) {
    auto const attempt = read_stream(cut);
    {
      std::lock_guard const lock(mutex_);
      if (stopping_) return;
    }
    if (cut && attempt.brought) {  // we ended it ourselves, after it had answered
      cut.reset();
      continue;
    }
    // Workload API §6.2: InvalidArgument means that asking again cannot help.
    bool const hopeless = attempt.status.error_code() == grpc::StatusCode::INVALID_ARGUMENT;
    cut = listener_.ended(call_error(attempt.status, endpoint_),
                          hopeless ? Next::gives_up : Next::retries);
    if (hopeless) return;
    if (attempt.lived) {
      backoff_.reset();
      continue;
    }
    auto pause = backoff_.next();
    if (cut) pause = std::min<std::chrono::nanoseconds>(pause, *cut - steady_now());
    if (!wait(pause)) return;
  }
}

}  // namespace aw::identity
