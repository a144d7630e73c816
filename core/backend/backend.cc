// SPDX-License-Identifier: Apache-2.0
#include "core/backend/backend.h"

#include "core/backend/builtin.h"
#include "core/backend/exec_backend.h"
#include "core/backend/http_backend.h"

namespace aw::backend {
namespace {

class FunctionBackend final : public Backend {
 public:
  explicit FunctionBackend(Function function) : function_(std::move(function)) {}
  io::Task<Result<void>> run(Call call, Output& output) override {
    return function_(std::move(call), output);
  }

 private:
  Function function_;
};

}  // namespace

std::unique_ptr<Backend> function_backend(Function function) {
  return std::make_unique<FunctionBackend>(std::move(function));
}

Result<std::unique_ptr<Backend>> make_backend(Config const& config, Tools tools) {
  switch (config.kind) {
    case Kind::http:
      return make_http_backend(config, tools);
    case Kind::exec:
      return make_exec_backend(config, tools);
    case Kind::builtin:
      return make_builtin(config.name);
    case Kind::a2a:
      // Tasks pass through it whole, which a Backend's words cannot say: server::A2aUpstream.
      return make_error(Code::config_conflict, "a backend of type a2a is made by the server");
    case Kind::none:
      break;
  }
  return make_error(Code::config_conflict, "the capability has no backend",
                    "give it one, or set server.upstream");
}

}  // namespace aw::backend
