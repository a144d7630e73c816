// SPDX-License-Identifier: Apache-2.0
// The seam to the agent's own code: runs one call of a capability.
//
// Implementations: http, exec, builtin (echo), function (SDK). docs/backends.md is their contract
// with whoever writes the code behind them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/backend/config.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/result.h"
#include "core/io/pool.h"
#include "core/io/task.h"

namespace aw::http {
class Client;
}

namespace aw::backend {

// What a backend is told. Identity facts come from the gates, never from the caller's headers.
// One use: it is moved into the run. `payload` is one JSON value or empty; `deadline` is steady
// time and binds the whole run.
struct Call {
  std::string capability;
  std::string payload;  // JSON
  std::string message;  // the A2A message as JSON text, empty for plain requests
  std::string task_id;
  std::string context_id;
  std::string caller;  // verified SPIFFE ID
  std::string decision_id;
  std::string xfcc;
  std::string traceparent;
  SteadyTime deadline;
};

// What `value` is: text as it is, one JSON value, base64 of bytes, or a URL.
enum class Content : std::uint8_t { text, json, base64, url };
enum class Mode : std::uint8_t { replace, append };
enum class Last : std::uint8_t { no, yes };
// A piece of an artifact (A2A §4.1.7). Chunks of one artifact_id belong together; `append` adds
// to what came before, `last` closes it.
struct Chunk {
  std::string artifact_id;
  std::string name;
  std::string media_type;
  std::string filename;
  Content content = Content::text;
  std::string value;
  Mode mode = Mode::replace;
  Last last = Last::yes;
};

// What a backend says. Called on the run's own loop; nothing here blocks.
// Lives as long as the run. After input_required or rejected nothing more is said.
class Output {
 public:
  virtual ~Output() = default;
  virtual void status(std::string_view text) = 0;  // still working, and on what
  virtual void artifact(Chunk chunk) = 0;
  virtual void result(std::string json) = 0;               // one complete JSON value
  virtual void input_required(std::string_view text) = 0;  // asks the caller; ends this run
  virtual void rejected(std::string_view text) = 0;        // will not do it; ends this run
};

// One for a capability, used for many runs at once: an implementation has no state of a run. Any
// loop.
class Backend {
 public:
  virtual ~Backend() = default;
  // Errors: backend_failed (message is shown to the task's owner), backend_unreachable,
  // backend_timeout, backend_answer_malformed. A cancelled coroutine leaves nothing running.
  // On the run's loop; must not block it. `output` outlives the coroutine.
  [[nodiscard]] virtual io::Task<Result<void>> run(Call call, Output& output) = 0;
  // Takes over headers or environment of `config` for the calls that begin from now on; false when
  // this kind has neither. Any thread.
  [[nodiscard]] virtual bool renew(Config const& config) {
    static_cast<void>(config);
    return false;
  }
  // Does `run` end without ever waiting? Then `run_at_once` is the same, here and now and without a
  // coroutine; `call` has no `message`.
  [[nodiscard]] virtual bool never_waits() const { return false; }
  // NOLINTNEXTLINE(performance-unnecessary-value-param): whoever overrides it takes the call apart
  [[nodiscard]] virtual Result<void> run_at_once(Call call, Output& output) {
    static_cast<void>(call);
    static_cast<void>(output);
    return make_error(Code::internal, "this backend waits");
  }
};

// What backends are made of; everything outlives them.
struct Tools {
  http::Client& client;
  io::BlockingPool& pool;
  Clock const& clock;
  log::Log& log;
};

// Code::config_unsupported for a builtin nobody knows, Code::config_conflict for impossible
// values (a URL that leaves this machine without TLS, an empty command, no backend at all) and
// for a2a, which the server makes itself (server/a2a_upstream.h). What http::parse_url and
// tls::Context say of theirs.
[[nodiscard]] Result<std::unique_ptr<Backend>> make_backend(Config const& config, Tools tools);

// An in-process C++ handler. It may suspend, but must not block.
using Function = std::function<io::Task<Result<void>>(Call call, Output& output)>;
[[nodiscard]] std::unique_ptr<Backend> function_backend(Function function);

}  // namespace aw::backend
