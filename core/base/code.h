// SPDX-License-Identifier: Apache-2.0
// The stable names of everything that can go wrong: AW1002, AW3001, …
//
// The table in code_table.cc gives each its title, meaning and remedy (`agentweave explain AW3001`,
// docs/errors.md). Numbers are public: never reuse or renumber one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace aw {

// One number means the same to a shell, to HTTP, to JSON-RPC and to gRPC (the functions below).
// Those from 1201 on are warnings. What a comment says beside one is not in its name.
enum class Code : std::uint16_t {
  // AW10xx–12xx configuration
  config_syntax = 1001,
  insecure_in_production = 1002,
  config_unknown_key = 1003,
  config_wrong_type = 1004,
  config_out_of_range = 1005,
  config_missing_key = 1006,
  config_duplicate_key = 1007,
  config_unreadable = 1008,
  config_include = 1009,
  config_too_large = 1010,
  config_bad_variable = 1011,
  config_conflict = 1012,
  config_unsupported = 1013,
  config_deprecated = 1201,
  config_suspicious = 1202,
  trust_domain_without_bundle = 1210,
  // AW20xx policy
  policy_syntax = 2001,
  policy_compile = 2002,
  policy_unsupported = 2003,
  policy_data = 2004,
  policy_unreadable = 2005,
  policy_eval = 2006,
  policy_test_failed = 2007,
  policy_conflict = 2008,
  policy_builtin = 2009,
  policy_signature = 2010,
  // AW30xx authorization
  denied_by_policy = 3001,
  // Answers that decide nothing are denials too.
  policy_result_malformed = 3002,
  decision_timeout = 3003,
  unmapped_route = 3004,
  trust_domain_not_allowed = 3005,
  pdp_unavailable = 3010,
  // AW40xx the request
  request_malformed = 4001,
  replayed = 4002,
  replay_headers_missing = 4003,
  replay_outside_window = 4004,
  rate_limited = 4005,
  overloaded = 4006,
  too_large = 4007,
  request_timeout = 4008,
  not_found = 4009,
  method_not_allowed = 4010,
  unsupported_media_type = 4011,
  draining = 4012,
  unsupported_encoding = 4013,
  // AW50xx identity and TLS
  spiffe_id_malformed = 5001,
  // An identity, ours or a peer's, that does not parse, has run out or is somebody else's.
  svid_malformed = 5002,
  workload_api_unreachable = 5003,
  workload_api_denied = 5004,
  no_svid = 5005,
  svid_expired = 5006,
  bundle_malformed = 5007,
  no_bundle = 5008,
  peer_unverified = 5009,
  peer_mismatch = 5010,
  handshake_failed = 5011,
  no_client_certificate = 5012,
  key_malformed = 5013,
  key_permissions = 5014,
  tls_setup = 5015,
  jwt_svid = 5016,
  card_unverified = 5017,
  // AW60xx audit
  // Without a durable record there is no request: it is denied.
  audit_unavailable = 6001,
  audit_integrity = 6002,
  audit_unreadable = 6003,
  // AW61xx secrets
  secret_unavailable = 6101,
  secret_malformed = 6102,
  // AW70xx A2A, tasks, backends
  // Also for a task that is another caller's: who may not see it is not told that it is there.
  task_not_found = 7001,
  task_terminal = 7002,
  unknown_capability = 7003,
  backend_failed = 7004,
  backend_unreachable = 7005,
  backend_timeout = 7006,
  backend_answer_malformed = 7007,
  version_not_supported = 7008,
  task_limit = 7009,
  unsupported_operation = 7010,
  extension_required = 7011,
  // AW80xx commands and this machine
  usage = 8001,
  io = 8002,
  connect = 8003,
  timeout = 8004,
  address_in_use = 8005,
  protocol = 8006,
  interrupted = 8007,
  state_unusable = 8008,
  check_failed = 8009,
  // Not failures: what a command was asked to look for is so.
  threshold_met = 8010,
  // AW90xx us
  // A defect of this program. Whoever cannot name a code gets this one, and a denial with it.
  internal = 9001,
};

// One row of `explain` and of docs/errors.md. All texts are literals: the views live for ever.
struct CodeInfo {
  Code code;
  std::string_view id;       // stable snake_case reason: "no_matching_rule"
  std::string_view title;    // what a caller may see
  std::string_view meaning;  // for `explain`
  std::string_view remedy;
};

// In the order of the pages, which is the order of the numbers.
[[nodiscard]] std::span<const CodeInfo> all_codes();
// Every code has a row; a number that is none gets the row of Code::internal.
[[nodiscard]] CodeInfo const& code_info(Code code);
[[nodiscard]] std::string code_name(Code code);                       // "AW3001"
[[nodiscard]] std::optional<Code> parse_code(std::string_view text);  // "AW3001", "3001", "aw3001"

// The public exit codes of every command (docs/exit-codes.md).
// Public like the codes: scripts compare them. 124 and 130 are what timeout(1) and a shell use.
enum class Exit : int {
  // What each says: failed = the thing asked for went wrong; denied = policy or replay said no;
  // invalid = a configuration or policy that does not hold; unreachable = nobody answers;
  // threshold = the condition asked about is true (`--fail-on`); integrity = a signature or a
  // chain does not prove what it must.
  ok = 0,
  failed = 1,
  usage = 2,
  denied = 3,
  invalid = 4,
  unreachable = 5,
  threshold = 6,
  integrity = 7,
  timed_out = 124,
  interrupted = 130,
};

// What a code means outside this program. Total: each answers for every Code. Codes that are
// about this machine and never reach a caller answer as an internal error does.
[[nodiscard]] Exit exit_code(Code code);
[[nodiscard]] int http_status(Code code);    // what a caller over HTTP gets
[[nodiscard]] int json_rpc_code(Code code);  // A2A §errors, JSON-RPC 2.0 §5.1
[[nodiscard]] int grpc_status(Code code);    // google.rpc.Code
[[nodiscard]] bool retryable(Code code);     // may the same call succeed later, unchanged?

}  // namespace aw
