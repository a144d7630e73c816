// SPDX-License-Identifier: Apache-2.0
#include "commands/explain.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "commands/support/command.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

json::Json code_json(CodeInfo const& info) {
  return {{"code", code_name(info.code)},
          {"reason", std::string(info.id)},
          {"title", std::string(info.title)},
          {"meaning", std::string(info.meaning)},
          {"remedy", std::string(info.remedy)},
          {"exit_code", static_cast<int>(exit_code(info.code))},
          {"http_status", http_status(info.code)},
          {"json_rpc_code", json_rpc_code(info.code)},
          {"grpc_status", grpc_status(info.code)},
          {"retryable", retryable(info.code)}};
}

Result<void> list_codes(Context& context) {
  json::Json data = json::Json::array();
  for (auto const& info : all_codes()) data.push_back(code_json(info));
  context.print("CodeList", data, [](std::ostream& out) {
    for (auto const& info : all_codes()) {
      out << code_name(info.code) << "  " << info.id;
      if (info.id.size() < 28) out << std::string(28 - info.id.size(), ' ');
      out << "  " << info.title << '\n';
    }
  });
  return {};
}

void write_code(std::ostream& out, CodeInfo const& info) {
  out << code_name(info.code) << "  " << info.title << "  (" << info.id << ")\n\n"
      << info.meaning << '\n'
      << "What to do: " << info.remedy << "\n\n"
      << "exit code " << static_cast<int>(exit_code(info.code)) << ", HTTP "
      << http_status(info.code) << ", JSON-RPC " << json_rpc_code(info.code) << ", gRPC "
      << grpc_status(info.code) << (retryable(info.code) ? ", retryable\n" : ", not retryable\n");
}

Error unknown_code(std::string const& word) {
  std::vector<std::string> names;
  for (auto const& info : all_codes()) names.push_back(code_name(info.code));
  std::vector<std::string_view> candidates(names.begin(), names.end());
  for (auto const& info : all_codes()) candidates.push_back(info.id);
  auto const near = text::nearest(word, candidates);
  return make_error(
      Code::usage, "no code \"" + word + "\"",
      near ? "did you mean " + std::string(*near) + "?" : "`agentweave explain` lists all codes");
}

// Accepts "AW3001", "3001" and the reason, "no_matching_rule".
std::optional<Code> find_code(std::string const& word) {
  if (auto code = parse_code(word)) return code;
  for (auto const& info : all_codes()) {
    if (info.id == word) return info.code;
  }
  return std::nullopt;
}

}  // namespace

Result<void> run_explain(ExplainOptions const& options, Context& context) {
  if (options.code.empty()) return list_codes(context);
  auto const code = find_code(options.code);
  if (!code) return unknown_code(options.code);
  auto const& info = code_info(*code);
  context.print("Code", code_json(info), [&](std::ostream& out) { write_code(out, info); });
  return {};
}

void register_explain(CLI::App& parent, Context& context) {
  auto options = std::make_shared<ExplainOptions>();
  auto& command = add_command(
      parent,
      {.name = "explain",
       .purpose = "Say what an AWnnnn code means and what to do about it",
       .examples = {"agentweave explain AW3001", "agentweave explain no_matching_rule",
                    "agentweave explain"},
       .details = "Every error, refusal and audit record carries one of these codes. Without an "
                  "argument all of\nthem are listed."});
  command.add_option("CODE", options->code, "AW3001, 3001 or the reason's name");
  on_run(command, context, [options, &context] { return run_explain(*options, context); });
}

}  // namespace aw::commands
