// SPDX-License-Identifier: Apache-2.0
#include "core/backend/builtin.h"

#include <nlohmann/json.hpp>

#include "core/base/json.h"

namespace aw::backend {
namespace {

io::Task<Result<void>> echo(Call call, Output& output) {
  output.result(std::move(call.payload));
  co_return Result<void>{};
}

io::Task<Result<void>> greet(Call call, Output& output) {
  auto const payload = json::parse(call.payload);
  if (!payload.ok() || !payload->is_object() || !payload->contains("name") ||
      !payload->at("name").is_string()) {
    co_return make_error(Code::backend_failed, R"(greet wants {"name": "…"})");
  }
  std::string out;
  json::Writer(out)
      .begin_object()
      .member("message", "Hello, " + payload->at("name").get<std::string>() + "!")
      .end_object();
  output.result(std::move(out));
  co_return Result<void>{};
}

io::Task<Result<void>> status(Call, Output& output) {
  output.result(R"({"status":"ok"})");
  co_return Result<void>{};
}

}  // namespace

Result<std::unique_ptr<Backend>> make_builtin(std::string_view name) {
  if (name == "echo") return function_backend(echo);
  if (name == "greet") return function_backend(greet);
  if (name == "status") return function_backend(status);
  return make_error(Code::config_unsupported,
                    "there is no builtin backend \"" + std::string(name) + '"',
                    "the builtin backends are: echo, greet, status");
}

}  // namespace aw::backend
