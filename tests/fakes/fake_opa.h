// SPDX-License-Identifier: Apache-2.0
// An OPA that behaves as badly as a test needs: slow, talking garbage, hanging up in the middle.
//
// Listens on loopback, on a port of its own, with threads of its own; HTTP/1.1 with kept
// connections. Any thread may call.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/fs.h"

namespace aw::testing {

class FakeOpa {
 public:
  struct Behaviour {
    enum class Manner {
      answer,        // status and body
      hang,          // takes the request and says nothing
      close,         // takes the request and hangs up
      half,          // promises the body, sends half of it, hangs up
      garbage,       // bytes that are no HTTP
      endless_head,  // headers without end, until the other side gives up
      endless_body,  // a chunked body without end
      trickle,       // a good answer, a byte now and then
    };
    Manner manner = Manner::answer;
    int status = 200;
    std::string body = R"({"result":true})";
    std::string headers;  // more of them: "etag: \"r1\"\r\n"
  };
  struct Asked {
    std::string method;
    std::string target;
    std::string head;  // the whole request head
    std::string body;
  };

  FakeOpa();
  ~FakeOpa();
  FakeOpa(FakeOpa const&) = delete;
  FakeOpa& operator=(FakeOpa const&) = delete;

  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:PORT"
  void behave(Behaviour behaviour);
  [[nodiscard]] std::vector<Asked> asked() const;

 private:
  void accept_all(std::stop_token const& stop);
  void serve(std::stop_token const& stop, Fd connection);
  // False when the connection is over.
  [[nodiscard]] bool answer(std::stop_token const& stop, int fd);

  Fd listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  Behaviour behaviour_;              // guarded by mutex_
  std::vector<Asked> asked_;         // guarded by mutex_
  std::list<std::jthread> serving_;  // the accepting thread's own
  std::jthread accepting_;           // last: joined first
};

}  // namespace aw::testing
