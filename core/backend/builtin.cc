// SPDX-License-Identifier: Apache-2.0
#include "core/backend/builtin.h"

#include <nlohmann/json.hpp>

#include "core/base/json.h"

namespace aw::backend {
namespace {

Result<void> echo(Call& call, Output& output) {
  output.result(std::move(call.payload));
  return {};
}

Result<void> greet(Call& call, Output& output) {
  auto const payload = json::parse(call.payload);
  if (!payload.ok() || !payload->is_object() || !payload->contains("name") ||
      !payload->at("name").is_string()) {
    return make_error(Code::backend_failed, R"(greet wants {"name": "…"})");
  }
  std::string out;
  json::Writer(out)
      .begin_object()
      .member("message", "Hello, " + payload->at("name").get<std::string>() + "!")
      .end_object();
  output.result(std::move(out));
  return {};
}

Result<void> status(Call&, Output& output) {
  output.result(R"({"status":"ok"})");
  return {};
}

class Builtin final : public Backend {
 public:
  using Answer = Result<void> (*)(Call& call, Output& output);
  explicit Builtin(Answer answer) : answer_(answer) {}
  io::Task<Result<void>> run(Call call, Output& output) override {
    co_return answer_(call, output);
  }
  [[nodiscard]] bool never_waits() const override { return true; }
  Result<void> run_at_once(Call call, Output& output) override { return answer_(call, output); }

 private:
  Answer const answer_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_builtin(std::string_view name) {
  if (name == "echo") return std::make_unique<Builtin>(echo);
  if (name == "greet") return std::make_unique<Builtin>(greet);
  if (name == "status") return std::make_unique<Builtin>(status);
  return make_error(Code::config_unsupported,
                    "there is no builtin backend \"" + std::string(name) + '"',
                    "the builtin backends are: echo, greet, status");
}

}  // namespace aw::backend
