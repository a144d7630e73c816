// SPDX-License-Identifier: Apache-2.0
// Router, service and engine as a server has them, on one loop, with an executor that does what the
// test says. One thread; nothing here waits but what a test makes wait.
#pragma once

#include <doctest/doctest.h>

#include "core/a2a/refusal.h"
#include "tests/unit/a2a/support.h"

namespace aw::a2a::test {

struct Agent {
  TurnedClock clock;
  std::unique_ptr<TaskStore> store;
  TaskEngine engine;
  ScriptedExecutor executor;
  std::unique_ptr<log::Log> log = log::Log::silent();
  ServiceOptions options;
  std::unique_ptr<Service> service;
  Router router{{.capabilities = {"echo"}}};

  explicit Agent(ServiceOptions given = {},
                 std::unique_ptr<TaskStore> kept = std::make_unique<MemoryTaskStore>())
      : store(std::move(kept)), engine({}, *store, clock), options(std::move(given)) {
    executor.scripts["echo"] = [](Work work, Progress& progress) -> io::Task<Result<void>> {
      progress.result(work.payload);
      co_return Result<void>{};
    };
    service = std::make_unique<Service>(options, engine, executor, clock, *log);
  }

  // What the gate pipeline does with an allowed request.
  io::Task<Outcome> serve(http::Request asked, std::string caller, RecordingWriter& writer) {
    auto parsed = router.parse(asked);
    if (auto* const refused = std::get_if<Refused>(&parsed)) {
      co_await writer.respond(refused->response);
      co_return Outcome{.status = refused->response.status, .code = refused->code};
    }
    REQUIRE(std::holds_alternative<Operation>(parsed));
    auto operation = std::get<Operation>(std::move(parsed));
    Caller who{.id = std::move(caller), .decision_id = "d-1", .xfcc = {}, .traceparent = {}};
    if (auto resolved = service->resolve(operation, who); !resolved.ok()) {
      auto answer = error_response(operation.shape, resolved.error(), "d-1");
      Outcome out{.status = answer.status, .code = resolved.error().code};
      co_await writer.respond(std::move(answer));
      co_return out;
    }
    co_return co_await service->execute(std::move(operation), std::move(who), writer);
  }

  RecordingWriter ask(http::Request asked, std::string caller = kAda) {
    RecordingWriter writer;
    io::run_blocking(serve(std::move(asked), std::move(caller), writer));
    return writer;
  }
  nlohmann::json rpc(std::string method, nlohmann::json params, std::string caller = kAda) {
    nlohmann::json const body = {
        {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    return ask(request("POST", "/rpc", body.dump()), std::move(caller)).json();
  }
};

inline nlohmann::json words(std::string text) {
  return {{"message",
           {{"messageId", "m1"}, {"role", "ROLE_USER"}, {"parts", {{{"text", std::move(text)}}}}}}};
}

inline http::Request faq(std::string body) {
  return request("POST", "/a2a/v1/tasks", std::move(body));
}

// Says it works and then waits for ever.
inline io::Task<Result<void>> endless(Work, Progress& progress) {
  progress.status(TaskState::working, nullptr);
  co_await io::sleep_until(SteadyTime::max());
  co_return Result<void>{};
}

}  // namespace aw::a2a::test
