// SPDX-License-Identifier: Apache-2.0
// Shared by this room's tests: a clock to turn, an executor to script, a writer that keeps what it
// was given.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/a2a/executor.h"
#include "core/a2a/router.h"
#include "core/a2a/service.h"
#include "core/a2a/task_engine.h"
#include "core/base/json.h"
#include "core/http/server.h"

namespace aw::a2a::test {

// Wall time stands still until turned; steady time is the machine's, as timers need it.
class TurnedClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return wall_; }
  [[nodiscard]] SteadyTime steady() const override { return system_.steady(); }
  void turn(std::chrono::nanoseconds by) { wall_ += by; }

 private:
  SystemClock system_;
  WallTime wall_{std::chrono::seconds(1'800'000'000)};
};

// Runs what the test gives it.
class ScriptedExecutor final : public Executor {
 public:
  using Script = std::function<io::Task<Result<void>>(Work, Progress&)>;
  std::map<std::string, Script, std::less<>> scripts;
  // Work that never waits.
  using Quick = std::function<Result<void>(Work, Progress&)>;
  std::map<std::string, Quick, std::less<>> quick;
  int runs = 0;

  io::Task<Result<void>> run(Work work, Progress& progress) override {
    ++runs;
    auto const found = scripts.find(work.capability);
    if (found == scripts.end()) co_return make_error(Code::unknown_capability, "no script");
    co_return co_await found->second(std::move(work), progress);
  }
  [[nodiscard]] bool never_waits(std::string_view capability) const override {
    return quick.contains(capability);
  }
  Result<void> run_at_once(Work work, Progress& progress) override {
    ++runs;
    return quick.find(work.capability)->second(std::move(work), progress);
  }
  [[nodiscard]] bool serves(std::string_view capability) const override {
    return scripts.contains(capability) || quick.contains(capability);
  }
};

class RecordingWriter final : public http::ResponseWriter {
 public:
  http::Response whole;
  std::string streamed;
  bool begun = false;
  bool finished = false;
  bool gone = false;                    // the peer went away: writes fail
  std::function<void()> on_each_write;  // after each piece

  void add_header(std::string_view, std::string_view) override {}
  io::Task<void> respond(http::Response response) override {
    begun = finished = true;
    whole = std::move(response);
    co_return;
  }
  io::Task<Result<void>> start(int status, http::Headers headers) override {
    begun = true;
    whole.status = status;
    whole.headers = std::move(headers);
    co_return Result<void>{};
  }
  io::Task<Result<void>> write(std::string_view bytes) override {
    if (gone) co_return make_error(Code::interrupted, "gone");
    streamed += bytes;
    if (on_each_write) on_each_write();
    co_return Result<void>{};
  }
  io::Task<Result<void>> finish(http::Headers) override {
    finished = true;
    co_return Result<void>{};
  }
  [[nodiscard]] bool started() const override { return begun; }
  [[nodiscard]] bool peer_gone() const override { return gone; }
  void on_peer_gone(std::function<void()>) override {}

  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(whole.body); }
  // The `data` of each event.
  [[nodiscard]] std::vector<nlohmann::json> events() const {
    std::vector<nlohmann::json> out;
    std::size_t at = 0;
    while ((at = streamed.find("data: ", at)) != std::string::npos) {
      auto const end = streamed.find('\n', at);
      out.push_back(nlohmann::json::parse(streamed.substr(at + 6, end - at - 6)));
      at = end;
    }
    return out;
  }
};

inline http::Request request(std::string method, std::string target, std::string body = {}) {
  http::Request out;
  out.method = std::move(method);
  out.set_target(target);
  out.authority = "agent:8443";
  if (!body.empty()) out.headers.add("content-type", "application/json");
  out.body = std::move(body);
  return out;
}

inline constexpr char const* kAda = "spiffe://corp.test/agent/ada";
inline constexpr char const* kEve = "spiffe://corp.test/agent/eve";

inline MessagePtr message(std::string id, std::string text) {
  auto out = std::make_shared<Message>();
  out->id = std::move(id);
  out->parts.push_back(text_part(std::move(text)));
  return out;
}

inline NewTask new_task(std::string owner, std::string capability = "echo") {
  NewTask out;
  out.owner = std::move(owner);
  out.capability = std::move(capability);
  out.message = message("m", "hi");
  out.payload = "{}";
  return out;
}

}  // namespace aw::a2a::test
