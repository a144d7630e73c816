// SPDX-License-Identifier: Apache-2.0
#include "commands/support/decisions.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "commands/support/dev_directory.h"
#include "commands/support/json_member.h"
#include "commands/support/options.h"
#include "commands/support/web.h"
#include "core/base/fs.h"
#include "core/base/text.h"
#include "core/config/load.h"

namespace aw::commands {
namespace {

constexpr std::string_view kPath = "/v1/data/system/decisions";

DecisionRecord read_record(json::Json const& item) {
  auto const input = member(item, "input");
  auto const result = member(item, "result");
  auto const duration = member(item, "duration_ns");
  return {.id = text_at(item, "decision_id"),
          .time = text_at(item, "timestamp"),
          .caller = text_at(input, "caller_spiffe_id"),
          .target = text_at(input, "callee_spiffe_id"),
          .action = text_at(input, "action"),
          .reason = text_at(item, "reason"),
          .rule = text_at(item, "rule"),
          .code = text_at(item, "code"),
          .decided_by = text_at(item, "decided_by"),
          .policy_digest = text_at(item, "policy_digest"),
          .method = text_at(input, "method"),
          .remote_address = text_at(item, "remote_address"),
          .enforced_at = {},
          .config = {},
          .verdict = result.is_boolean() && result.get<bool>() ? authz::Verdict::allow
                                                               : authz::Verdict::deny,
          .duration = std::chrono::nanoseconds(
              duration.is_number_integer() ? duration.get<std::int64_t>() : 0)};
}

// No agent was named, none is about, and what was found instead does not lead to one.
Error nobody_here(Code code, std::string const& why) {
  return make_error(code, "no agent of `agentweave dev` runs here, and " + why,
                    "start it, or name an agent: --config FILE, or --admin "
                    "'http://127.0.0.1:9091/?t=TOKEN'");
}

// A configured agent keeps its token beside its state, for its own user only.
Result<std::string> configured_admin(AdminOptions const& options, Context const& context) {
  bool const named = !options.config.empty();
  auto const loaded = config::load({.file = options.config,
                                    .env = config::lookup_in(context.env),
                                    .backends = config::BackendRule::in_process});
  if (!loaded.ok())
    return named ? loaded.error() : nobody_here(loaded.error().code, loaded.error().message);
  auto const& server = loaded->config.server;
  if (!server.admin.enabled || server.state.directory.empty()) {
    if (!named)
      return nobody_here(Code::check_failed,
                         "the configuration found has no state.directory, "
                         "where an agent keeps its admin token");
    return make_error(Code::check_failed, "the admin port's token is not known",
                      "set state.directory, or give --admin 'http://127.0.0.1:9091/?t=TOKEN'");
  }
  auto const token =
      fs::read_file(std::filesystem::path(server.state.directory) / "admin.token", 4096);
  if (!token.ok())
    return make_error(token.error().code, token.error().message,
                      "does the agent run, and may this user read its state.directory?");
  return "http://" + server.admin.host + ":" + std::to_string(server.admin.port) +
         "/?t=" + std::string(text::trim(*token));
}

}  // namespace

std::string admin_url(std::string const& address, std::string_view path) {
  auto const query = address.find('?');
  std::string base = address.substr(0, query);
  while (base.ends_with('/')) base.pop_back();
  return base + std::string(path) + (query == std::string::npos ? "" : address.substr(query));
}

Result<std::string> admin_address(AdminOptions const& options, Context const& context) {
  if (!options.url.empty()) return options.url;
  if (!options.config.empty()) return configured_admin(options, context);
  auto const running = dev_agents(context);
  if (running.empty()) return configured_admin(options, context);
  if (running.size() == 1) return running.front().admin;
  return make_error(Code::check_failed, "`agentweave dev` runs more than one agent",
                    "say which by --config or --admin");
}

void add_admin_options(CLI::App& command, AdminOptions& options) {
  command
      .add_option(
          "--admin", options.url,
          "The agent's admin address with its token; without it, agents of `agentweave dev`")
      ->type_name("URL");
  command.add_option("--config", options.config, "Configuration of the agent to ask")
      ->type_name("FILE");
  add_duration(command, "-t,--timeout", options.timeout, "How long to wait for the agent");
}

Result<std::vector<DecisionRecord>> fetch_decisions(std::string const& admin,
                                                    std::chrono::nanoseconds timeout) {
  AW_TRY(auto const answer, web_get(admin_url(admin, kPath), timeout));
  if (answer.status == 401) {
    return make_error(Code::check_failed, "the admin port does not know this token",
                      "use the address the agent printed when it started");
  }
  auto const parsed = json::parse(answer.body, {.bytes = std::size_t{16} << 20});
  auto const result = parsed.ok() ? member(*parsed, "result") : json::Json();
  if (answer.status != 200 || !result.is_array()) {
    return make_error(Code::protocol, "the admin port's answer is no list of decisions");
  }
  std::vector<DecisionRecord> out;
  for (auto const& item : result) {
    out.push_back(read_record(item));
    out.back().enforced_at = admin_host(admin);
  }
  return out;
}

Result<std::vector<std::string>> admin_addresses(AdminOptions const& options,
                                                 Context const& context) {
  if (!options.url.empty()) return std::vector<std::string>{options.url};
  auto const running = dev_agents(context);
  if (!options.config.empty() || running.empty()) {
    AW_TRY(auto admin, configured_admin(options, context));
    return std::vector<std::string>{std::move(admin)};
  }
  std::vector<std::string> out;
  for (auto const& agent : running) out.push_back(agent.admin);
  return out;
}

Result<WebAnswer> admin_get(std::string const& admin, std::string const& path,
                            std::chrono::nanoseconds timeout) {
  AW_TRY(auto answer, web_get(admin_url(admin, path), timeout));
  if (answer.status != 200)
    return make_error(Code::check_failed,
                      "the admin port answers " + std::to_string(answer.status) + " at " + path,
                      "use the address the agent printed when it started");
  return answer;
}

std::string admin_host(std::string const& admin) {
  auto const begin = admin.find("://");
  auto const host = begin == std::string::npos ? admin : admin.substr(begin + 3);
  return host.substr(0, host.find_first_of("/?"));
}

Result<std::vector<DecisionRecord>> recent_decisions(AdminOptions const& options,
                                                     Context const& context) {
  if (!options.url.empty()) return fetch_decisions(options.url, options.timeout);
  auto const running = dev_agents(context);
  if (!options.config.empty() || running.empty()) {
    AW_TRY(auto const admin, configured_admin(options, context));
    return fetch_decisions(admin, options.timeout);
  }
  std::vector<DecisionRecord> out;
  for (auto const& agent : running) {
    auto some = fetch_decisions(agent.admin, options.timeout);
    // One that was killed leaves its entry behind; the others still answer.
    if (!some.ok() && running.size() == 1) return some;
    if (!some.ok()) continue;
    for (auto& record : *some) record.config = agent.config;
    out.insert(out.end(), some->begin(), some->end());
  }
  return out;
}

json::Json record_json(DecisionRecord const& record) {
  return {{"decision_id", record.id},
          {"timestamp", record.time},
          {"allowed", record.verdict == authz::Verdict::allow},
          {"caller", record.caller},
          {"target", record.target},
          {"action", record.action},
          {"reason", record.reason},
          {"rule", record.rule},
          {"code", record.code},
          {"decided_by", record.decided_by},
          {"policy_digest", record.policy_digest},
          {"remote_address", record.remote_address},
          {"enforced_at", record.enforced_at},
          {"duration_ns", record.duration.count()}};
}

}  // namespace aw::commands
