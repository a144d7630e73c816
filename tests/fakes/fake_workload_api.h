// SPDX-License-Identifier: Apache-2.0
// A Workload API that does what a test tells it: serves states (also wrong ones), denies, hangs up,
// vanishes, comes back.
//
// Real gRPC on a real unix socket. Any thread.
#pragma once

#include <filesystem>
#include <memory>

#include "core/identity/snapshot.h"

namespace aw::testing {

class FakeWorkloadApi {
 public:
  // silence: the stream stays open, and nothing comes.
  enum class Answer { state, permission_denied, invalid_argument, hang_up, silence };

  // Not listening before `up`.
  explicit FakeWorkloadApi(std::filesystem::path socket);
  ~FakeWorkloadApi();
  FakeWorkloadApi(FakeWorkloadApi const&) = delete;
  FakeWorkloadApi& operator=(FakeWorkloadApi const&) = delete;

  void up();
  void down();  // ends every stream and removes the socket

  // Pushed to open streams and to later ones, as it is: nothing is checked.
  void serve(identity::Snapshot const& snapshot);
  // Ends open streams this way, and answers later ones so, until the next `serve`.
  void refuse(Answer answer);

  [[nodiscard]] std::string endpoint() const;
  [[nodiscard]] int streams_opened() const;
  [[nodiscard]] int streams_without_header() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::testing
