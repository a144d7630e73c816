// SPDX-License-Identifier: Apache-2.0
// Recent decisions of an agent, as its admin port tells them (GET /v1/data/system/decisions).
//
// Blocks up to the timeout, for each agent asked. What comes back is from another process: every
// member may be missing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/support/context.h"
#include "commands/support/web.h"
#include "core/authz/authz.h"

namespace aw::commands {

// Foreign text, as it came: made printable where it is shown. `time` is RFC 3339; what was not
// told is empty.
struct DecisionRecord {
  std::string id;
  std::string time;
  std::string caller;
  std::string target;
  std::string action;
  std::string reason;
  std::string rule;
  std::string code;
  std::string decided_by;
  std::string policy_digest;
  std::string method;
  std::string remote_address;
  std::string enforced_at;  // address of the admin port that told it
  std::string config;       // of the agent, when `dev` runs it
  authz::Verdict verdict = authz::Verdict::deny;
  std::chrono::nanoseconds duration{};
};

struct AdminOptions {
  std::string url;     // --admin: "http://127.0.0.1:9091/?t=TOKEN"
  std::string config;  // --config: whose server.admin and state.directory say where
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

// --admin --config --timeout. `options` outlives the tree.
void add_admin_options(CLI::App& command, AdminOptions& options);

// Newest first, agent after agent. Where to ask: --admin; else --config; else the agents that
// `dev` of this user runs (of several, those that do not answer are passed over); else the
// configuration that is found. Code::connect, Code::check_failed (no token), Code::protocol.
[[nodiscard]] Result<std::vector<DecisionRecord>> recent_decisions(AdminOptions const& options,
                                                                   Context const& context);
// Where the admin port is, with its token, of the one agent that --admin, `dev` or the
// configuration names. Code::check_failed when there is none, or more than one.
[[nodiscard]] Result<std::string> admin_address(AdminOptions const& options,
                                                Context const& context);
// "http://host:port/?t=X" and "/status" -> "http://host:port/status?t=X"
[[nodiscard]] std::string admin_url(std::string const& address, std::string_view path);
// At one admin address with its token.
[[nodiscard]] Result<std::vector<DecisionRecord>> fetch_decisions(std::string const& admin,
                                                                  std::chrono::nanoseconds timeout);

// The admin addresses that recent_decisions would ask, with their tokens.
[[nodiscard]] Result<std::vector<std::string>> admin_addresses(AdminOptions const& options,
                                                               Context const& context);
// A path of an admin port. Errors: those of web_get, check_failed for a status other than 200.
[[nodiscard]] Result<WebAnswer> admin_get(std::string const& admin, std::string const& path,
                                          std::chrono::nanoseconds timeout);
// "127.0.0.1:9091": what may be shown of such an address.
[[nodiscard]] std::string admin_host(std::string const& admin);

[[nodiscard]] json::Json record_json(DecisionRecord const& record);

}  // namespace aw::commands
