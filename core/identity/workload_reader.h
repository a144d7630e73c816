// SPDX-License-Identifier: Apache-2.0
// Keeps one FetchX509SVID stream of a Workload API open, for as long as it runs.
//
// One blocking thread of its own calls the listener. A stream that brought a message is opened
// again at once when it ends; without one, after a back-off that stays short enough to be back
// within a second of the socket answering (Workload API §6.2). Internal to this folder.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/identity/workload_endpoint.h"
#include "core/io/backoff.h"

class X509SVIDResponse;  // workload.proto has no package
namespace grpc {
class ClientContext;
class Status;
}  // namespace grpc

namespace aw::identity {

struct RetryTimes {
  std::chrono::nanoseconds first = std::chrono::milliseconds(20);
  std::chrono::nanoseconds most = std::chrono::milliseconds(400);
};

// Made, started and stopped by one owner.
class WorkloadReader {
 public:
  // gives_up: InvalidArgument, which asking again cannot heal.
  enum class Next { retries, gives_up };

  class Listener {
   public:
    virtual ~Listener() = default;
    // One full state; what it does not hold has been withdrawn. The callee wipes the keys in it.
    virtual void received(X509SVIDResponse& message) = 0;
    // Called after each stream, before the next try. A time returned is the latest at which the
    // next stream must have brought something, or this is called again.
    virtual std::optional<SteadyTime> ended(Error error, Next next) = 0;
  };

  // `listener` outlives this.
  WorkloadReader(WorkloadEndpoint endpoint, RetryTimes times, Listener& listener);
  ~WorkloadReader();  // stops
  WorkloadReader(WorkloadReader const&) = delete;
  WorkloadReader& operator=(WorkloadReader const&) = delete;

  void start();  // once
  // Cancels the call that is under way and joins; twice is fine. Not from the listener.
  void stop();

 private:
  struct Attempt;
  void run();
  // One stream on a channel of its own, until it ends, or until `cut` if there is one.
  Attempt read_stream(std::optional<SteadyTime> cut);
  [[nodiscard]] bool enter(grpc::ClientContext& context);
  void leave();
  // False when stopped while waiting.
  bool wait(std::chrono::nanoseconds time);

  WorkloadEndpoint const endpoint_;
  Listener& listener_;
  io::Backoff backoff_;  // the thread's
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;                   // under mutex_
  grpc::ClientContext* current_ = nullptr;  // under mutex_; the call `stop` cancels
  std::thread thread_;
};

}  // namespace aw::identity
