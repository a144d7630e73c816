// SPDX-License-Identifier: Apache-2.0
// POSTs bodies to one address, one after the other, over a connection that is kept: for batches
// that leave from a thread of their own.
//
// Blocks up to its timeout, or until `give_up_at` passes. One owner, one thread. Follows no
// redirects; https is verified against the machine's authorities or `ca_path`. libcurl is loaded
// at the first construction.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace aw::io {

struct PosterSpec {
  std::string url;                   // http:// or https://
  std::vector<std::string> headers;  // whole lines: "content-type: application/json"
  std::string ca_path;               // PEM; empty = the machine's
  std::chrono::milliseconds timeout{10'000};
  std::chrono::milliseconds longest_wait{10'000};  // taken from Retry-After at the most
};

class Poster {
 public:
  // Without `sent`, `body` says why nothing came.
  struct Answer {
    bool sent = false;  // an answer came
    long status = 0;
    std::chrono::milliseconds wait{0};  // Retry-After
    std::string body;                   // 64 KiB at the most; or what went wrong

    [[nodiscard]] bool taken() const { return sent && status / 100 == 2; }
  };

  // `give_up_at`: steady nanoseconds since the epoch; outlives this; any thread may set it.
  Poster(PosterSpec spec, std::atomic<std::int64_t> const& give_up_at);
  ~Poster();
  Poster(Poster const&) = delete;
  Poster& operator=(Poster const&) = delete;

  // `body` is not copied; it outlives the call.
  [[nodiscard]] Answer post(std::string_view body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::io
