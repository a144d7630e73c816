// SPDX-License-Identifier: Apache-2.0
// The table behind every AW code, and the one switch per mapping. No `default:`: a new code must
// choose.
#include "core/base/code.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace aw {
namespace {

constexpr auto kCodes = std::to_array<CodeInfo>({
    {Code::config_syntax, "config_syntax", "configuration is not valid YAML",
     "The file could not be read as YAML.", "Fix the line the caret points at."},
    {Code::insecure_in_production, "insecure_in_production", "setting not allowed in production",
     "Production refuses every setting that weakens identity, transport, policy or audit.",
     "Use the secure value, or run with --env development on a developer's machine."},
    {Code::config_unknown_key, "unknown_key", "unknown configuration key",
     "No setting has this name; a typo could otherwise switch off something you rely on.",
     "Use the suggested name, or see `agentweave config explain`."},
    {Code::config_wrong_type, "wrong_type", "configuration value has the wrong type",
     "The value cannot be read as what this key holds.",
     "See `agentweave config explain KEY` for what is allowed."},
    {Code::config_out_of_range, "out_of_range", "configuration value is not allowed",
     "The value is outside the key's range or list.",
     "See `agentweave config explain KEY` for what is allowed."},
    {Code::config_missing_key, "missing_key", "required configuration key is missing",
     "A key without a default was not given.", "Add the key named in the message."},
    {Code::config_duplicate_key, "duplicate_key", "configuration key given twice",
     "The same key stands twice in one mapping; which one counts would be a guess.",
     "Remove one of them."},
    {Code::config_unreadable, "config_unreadable", "configuration cannot be read",
     "The file is missing or not readable by this user.", "Check the path and its permissions."},
    {Code::config_include, "config_include", "include cannot be resolved",
     "An included file is missing, or files include each other in a circle.",
     "Fix the include list."},
    {Code::config_too_large, "config_too_large", "configuration too large",
     "The file, its depth or the number of its nodes passes the limit.",
     "Split it, or look for runaway anchors."},
    {Code::config_bad_variable, "bad_variable", "variable cannot be expanded",
     "A ${VAR} without default is not set, or the expression is not closed.",
     "Set the variable or write ${VAR:-default}."},
    {Code::config_conflict, "config_conflict", "configuration values contradict each other",
     "Two settings cannot both hold.", "Keep the one the message names."},
    {Code::config_unsupported, "config_unsupported", "setting is not supported",
     "This key or value is known from elsewhere, but this program does not pretend to honour it.",
     "Remove it, or use what the message names."},
    {Code::config_deprecated, "deprecated_key", "deprecated configuration key",
     "An older spelling was accepted.", "Use the name in the message."},
    {Code::config_suspicious, "suspicious_setting", "setting may not do what you expect",
     "The value is valid but unusual.", "Check that it is meant."},
    {Code::trust_domain_without_bundle, "trust_domain_without_bundle", "trust domain has no bundle",
     "A trust domain is allowed but nothing provides its bundle, so its members cannot be "
     "verified.",
     "Federate with it or remove it from allowed_trust_domains."},
    {Code::policy_syntax, "policy_syntax", "policy does not parse",
     "The Rego text has a syntax error.", "Fix the line the caret points at."},
    {Code::policy_compile, "policy_compile", "policy does not compile",
     "The policy is unsafe, recursive or contradicts itself.", "Fix the line the caret points at."},
    {Code::policy_unsupported, "policy_unsupported", "policy uses something not supported",
     "The policy uses a language feature or builtin that the embedded engine refuses.",
     "Rewrite it, or use a remote OPA."},
    {Code::policy_data, "policy_data", "policy data cannot be read",
     "A data file is not valid JSON or YAML, or two of them collide.",
     "Fix the file in the message."},
    {Code::policy_unreadable, "policy_unreadable", "policy cannot be read",
     "The policy directory or file is missing, empty or not readable.",
     "Check the path and its permissions."},
    {Code::policy_eval, "policy_eval_error", "policy evaluation failed",
     "Evaluating the policy ended in an error; the request was denied.",
     "See the operator's log for the expression."},
    {Code::policy_test_failed, "policy_test_failed", "policy test failed",
     "A test rule of the policy does not hold.", "Run `agentweave policy test -v`."},
    {Code::policy_conflict, "policy_conflict", "policy rules conflict",
     "Complete rules produced different values.", "Make the rules exclusive."},
    {Code::policy_builtin, "policy_builtin_error", "policy builtin failed",
     "A builtin function got operands it cannot use.", "Check the operands."},
    {Code::denied_by_policy, "no_matching_rule", "denied",
     "No policy rule allows this caller to do this action.",
     "Run `agentweave authz check --trace` with the same caller, target and action."},
    {Code::policy_result_malformed, "policy_result_malformed", "denied",
     "The policy's answer is neither a boolean nor an object with `allow`.",
     "Point authorization.policy_path at a rule that yields a boolean."},
    {Code::decision_timeout, "decision_timeout", "decision point too slow",
     "The decision did not arrive in time; the request was denied.",
     "Check the latency of the policy decision point."},
    {Code::unmapped_route, "unmapped_route", "no such route",
     "The request maps to no action, so it cannot be authorized.",
     "See docs/serve.md for the routes served."},
    {Code::trust_domain_not_allowed, "trust_domain_not_allowed", "denied",
     "The caller's trust domain is not listed in identity.allowed_trust_domains.",
     "List the domain and federate with it."},
    {Code::pdp_unavailable, "pdp_unavailable", "decision point unavailable",
     "No policy decision point answers; everything is denied until one does.",
     "Check the OPA endpoints; see agentweave_authz_circuit_breaker_state."},
    {Code::request_malformed, "request_malformed", "malformed request",
     "The request is not valid HTTP, JSON or A2A.", "Send what docs/serve.md describes."},
    {Code::replayed, "replayed", "replayed",
     "A request with this nonce was already seen from this caller.",
     "Send a fresh nonce (`agentweave nonce`) with each request."},
    {Code::replay_headers_missing, "replay_headers_missing", "replay headers missing",
     "x-agentweave-nonce and x-agentweave-timestamp are required here.",
     "Send both (`agentweave nonce --curl`)."},
    {Code::replay_outside_window, "replay_outside_window", "timestamp outside the window",
     "The request's timestamp is too old or too far ahead.",
     "Synchronise the clocks; send the current UTC time."},
    {Code::rate_limited, "rate_limited", "too many requests", "This caller passed its rate.",
     "Wait as Retry-After says."},
    {Code::overloaded, "overloaded", "too busy", "The agent is at its concurrency limit.",
     "Wait as Retry-After says; raise server.max_concurrent_requests if the machine can carry it."},
    {Code::too_large, "too_large", "too large", "The head, body or message passes its limit.",
     "Send less."},
    {Code::request_timeout, "request_timeout", "request timed out",
     "The request did not complete in time.",
     "Send faster, or raise server.request_timeout_seconds."},
    {Code::not_found, "not_found", "not found", "There is nothing at this address.",
     "Check the path."},
    {Code::method_not_allowed, "method_not_allowed", "method not allowed",
     "The path exists, but not with this HTTP method.", "Use a method of the Allow header."},
    {Code::unsupported_media_type, "unsupported_media_type", "unsupported media type",
     "The body's Content-Type is not one this route reads.", "Send application/json."},
    {Code::draining, "draining", "shutting down", "The agent is draining and takes no new work.",
     "Call another replica."},
    {Code::spiffe_id_malformed, "spiffe_id_malformed", "malformed SPIFFE ID",
     "The text is not a SPIFFE ID.", "Write spiffe://trust-domain/path."},
    {Code::svid_malformed, "svid_malformed", "malformed SVID",
     "The certificate or key is not a valid X.509-SVID.", "Check what issued it."},
    {Code::workload_api_unreachable, "workload_api_unreachable", "Workload API unreachable",
     "The SPIFFE Workload API does not answer.",
     "Is the SPIRE agent running? Check SPIFFE_ENDPOINT_SOCKET."},
    {Code::workload_api_denied, "workload_api_denied", "no identity issued",
     "The Workload API knows this process but has no registration entry for it.",
     "Create an entry whose selectors match this process."},
    {Code::no_svid, "no_svid", "no identity yet",
     "No SVID has arrived, so nothing can be authenticated.", "Check the Workload API."},
    {Code::svid_expired, "svid_expired", "identity expired",
     "The SVID passed its expiry and no newer one arrived.",
     "Check the Workload API; see agentweave_svid_rotation_errors_total."},
    {Code::bundle_malformed, "bundle_malformed", "malformed trust bundle",
     "The trust bundle cannot be read.", "Check what issued it."},
    {Code::no_bundle, "no_bundle", "no bundle for trust domain",
     "Nothing provides the bundle of this trust domain.", "Federate with the trust domain."},
    {Code::peer_unverified, "peer_unverified", "peer not verified",
     "The peer's certificate is not a valid X.509-SVID of its trust domain.",
     "See the operator's log for the rule it broke."},
    {Code::peer_mismatch, "peer_mismatch", "peer is somebody else",
     "The peer proved another SPIFFE ID than the one asked for.", "Check the address of the peer."},
    {Code::handshake_failed, "handshake_failed", "TLS handshake failed",
     "The TLS handshake did not complete.",
     "Both sides need TLS 1.3, a valid SVID and each other's bundle."},
    {Code::no_client_certificate, "no_client_certificate", "client certificate required",
     "The caller presented no certificate.",
     "Call with --cert/--key, or through an agentweave sidecar."},
    {Code::key_malformed, "key_malformed", "malformed private key",
     "The private key cannot be read or does not belong to the certificate.",
     "Check the key file."},
    {Code::key_permissions, "key_permissions", "private key readable by others",
     "The key file can be read by group or others.", "chmod 600 the file."},
    {Code::tls_setup, "tls_setup", "TLS cannot be set up", "OpenSSL refused the configuration.",
     "See the message."},
    {Code::jwt_svid, "jwt_svid", "JWT-SVID invalid", "The JWT-SVID could not be made or verified.",
     "Check audience and expiry."},
    {Code::audit_unavailable, "audit_unavailable", "audit log unavailable",
     "The audit record could not be made durable, so the request was denied.",
     "Check disk space and the audit destination."},
    {Code::audit_integrity, "audit_integrity", "audit log integrity violated",
     "A record was edited, removed, inserted or reordered.",
     "Keep the file as evidence; the message names the first bad record."},
    {Code::audit_unreadable, "audit_unreadable", "audit log cannot be read",
     "The audit file is missing, not readable, or not an audit log.", "Check the path."},
    {Code::task_not_found, "task_not_found", "task not found",
     "The caller has no task with this id.",
     "Check the id; tasks belong to the SPIFFE ID that made them."},
    {Code::task_terminal, "task_terminal", "task is finished",
     "The task is in a terminal state and cannot change.", "Start a new task."},
    {Code::unknown_capability, "unknown_capability", "unknown capability",
     "The agent has no capability of this name.", "See the agent card."},
    {Code::backend_failed, "backend_failed", "agent failed",
     "The agent's own code reported a failure.", "See the agent's log."},
    {Code::backend_unreachable, "backend_unreachable", "agent unreachable",
     "The agent's own code does not answer.", "Is the backend running at its address?"},
    {Code::backend_timeout, "backend_timeout", "agent timed out",
     "The agent's own code did not answer in time.",
     "Raise the capability's timeout_seconds, or make it faster."},
    {Code::backend_answer_malformed, "backend_answer_malformed", "agent answered nonsense",
     "The backend's answer is not what its type promises.", "See docs/backends.md."},
    {Code::version_not_supported, "version_not_supported", "A2A version not supported",
     "The A2A-Version asked for is not served.", "Use a version of the agent card."},
    {Code::task_limit, "task_limit", "too many tasks", "The limit of kept tasks is reached.",
     "Finish or cancel tasks."},
    {Code::unsupported_operation, "unsupported_operation", "operation not supported",
     "The agent does not offer this operation.", "See the agent card."},
    {Code::extension_required, "extension_required", "extension required",
     "The agent requires an extension that the request does not name.",
     "Send A2A-Extensions with the URI of the card."},
    {Code::usage, "usage", "wrong usage", "The command line cannot be understood.", "See --help."},
    {Code::io, "io_error", "input or output failed", "Reading or writing failed on this machine.",
     "See the message."},
    {Code::connect, "connect_failed", "cannot connect", "The address does not answer.",
     "Check address, port and network."},
    {Code::timeout, "timed_out", "timed out", "The answer did not arrive in time.",
     "Raise --timeout, or check the other side."},
    {Code::address_in_use, "address_in_use", "address already in use",
     "Another process listens on this address.", "Stop it or choose another port."},
    {Code::protocol, "protocol_error", "unexpected answer",
     "The other side answered something this program cannot read.",
     "Check that the address is what you think it is."},
    {Code::interrupted, "interrupted", "interrupted", "A signal ended the command.", ""},
    {Code::state_unusable, "state_unusable", "state directory unusable",
     "The state directory cannot be created, locked or written.",
     "Check state.directory and its permissions."},
    {Code::check_failed, "check_failed", "check failed", "What was to be checked does not hold.",
     "See the message."},
    {Code::threshold_met, "threshold_met", "threshold met", "The condition asked about is true.",
     ""},
    {Code::internal, "internal", "internal error", "A defect in this program.",
     "Please report it with the message."},
});

}  // namespace

std::span<const CodeInfo> all_codes() { return kCodes; }

CodeInfo const& code_info(Code code) {
  auto const found = std::ranges::find(kCodes, code, &CodeInfo::code);
  return found == kCodes.end() ? kCodes.back() : *found;
}

std::string code_name(Code code) { return "AW" + std::to_string(static_cast<int>(code)); }

std::optional<Code> parse_code(std::string_view text) {
  if (text.starts_with("AW") || text.starts_with("aw")) text.remove_prefix(2);
  unsigned number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  for (auto const& row : kCodes) {
    if (static_cast<unsigned>(row.code) == number) return row.code;
  }
  return std::nullopt;
}

Exit exit_code(Code code) {
  switch (code) {
    case Code::config_syntax:
    case Code::insecure_in_production:
    case Code::config_unknown_key:
    case Code::config_wrong_type:
    case Code::config_out_of_range:
    case Code::config_missing_key:
    case Code::config_duplicate_key:
    case Code::config_unreadable:
    case Code::config_include:
    case Code::config_too_large:
    case Code::config_bad_variable:
    case Code::config_conflict:
    case Code::config_unsupported:
    case Code::config_deprecated:
    case Code::config_suspicious:
    case Code::trust_domain_without_bundle:
    case Code::policy_syntax:
    case Code::policy_compile:
    case Code::policy_unsupported:
    case Code::policy_data:
    case Code::policy_unreadable:
      return Exit::invalid;
    case Code::policy_eval:
    case Code::policy_test_failed:
    case Code::policy_conflict:
    case Code::policy_builtin:
    case Code::request_malformed:
    case Code::rate_limited:
    case Code::too_large:
    case Code::not_found:
    case Code::method_not_allowed:
    case Code::unsupported_media_type:
    case Code::spiffe_id_malformed:
    case Code::svid_malformed:
    case Code::svid_expired:
    case Code::bundle_malformed:
    case Code::peer_unverified:
    case Code::peer_mismatch:
    case Code::no_client_certificate:
    case Code::key_malformed:
    case Code::key_permissions:
    case Code::tls_setup:
    case Code::jwt_svid:
    case Code::audit_unavailable:
    case Code::audit_unreadable:
    case Code::task_not_found:
    case Code::task_terminal:
    case Code::unknown_capability:
    case Code::backend_failed:
    case Code::backend_answer_malformed:
    case Code::version_not_supported:
    case Code::task_limit:
    case Code::unsupported_operation:
    case Code::extension_required:
    case Code::io:
    case Code::address_in_use:
    case Code::protocol:
    case Code::state_unusable:
    case Code::check_failed:
    case Code::internal:
      return Exit::failed;
    case Code::denied_by_policy:
    case Code::policy_result_malformed:
    case Code::unmapped_route:
    case Code::trust_domain_not_allowed:
    case Code::replayed:
    case Code::replay_headers_missing:
    case Code::replay_outside_window:
      return Exit::denied;
    case Code::decision_timeout:
    case Code::request_timeout:
    case Code::backend_timeout:
    case Code::timeout:
      return Exit::timed_out;
    case Code::pdp_unavailable:
    case Code::overloaded:
    case Code::draining:
    case Code::workload_api_unreachable:
    case Code::workload_api_denied:
    case Code::no_svid:
    case Code::no_bundle:
    case Code::handshake_failed:
    case Code::backend_unreachable:
    case Code::connect:
      return Exit::unreachable;
    case Code::audit_integrity:
      return Exit::integrity;
    case Code::usage:
      return Exit::usage;
    case Code::interrupted:
      return Exit::interrupted;
    case Code::threshold_met:
      return Exit::threshold;
  }
  return Exit::failed;
}

int http_status(Code code) {
  switch (code) {
    case Code::config_syntax:
    case Code::insecure_in_production:
    case Code::config_unknown_key:
    case Code::config_wrong_type:
    case Code::config_out_of_range:
    case Code::config_missing_key:
    case Code::config_duplicate_key:
    case Code::config_unreadable:
    case Code::config_include:
    case Code::config_too_large:
    case Code::config_bad_variable:
    case Code::config_conflict:
    case Code::config_unsupported:
    case Code::config_deprecated:
    case Code::config_suspicious:
    case Code::trust_domain_without_bundle:
    case Code::policy_syntax:
    case Code::policy_compile:
    case Code::policy_unsupported:
    case Code::policy_data:
    case Code::policy_unreadable:
    case Code::policy_test_failed:
    case Code::spiffe_id_malformed:
    case Code::svid_malformed:
    case Code::workload_api_unreachable:
    case Code::workload_api_denied:
    case Code::bundle_malformed:
    case Code::no_bundle:
    case Code::peer_mismatch:
    case Code::handshake_failed:
    case Code::key_malformed:
    case Code::key_permissions:
    case Code::tls_setup:
    case Code::jwt_svid:
    case Code::audit_integrity:
    case Code::audit_unreadable:
    case Code::usage:
    case Code::io:
    case Code::connect:
    case Code::address_in_use:
    case Code::protocol:
    case Code::interrupted:
    case Code::check_failed:
    case Code::threshold_met:
    case Code::internal:
      return 500;
    case Code::policy_eval:
    case Code::policy_conflict:
    case Code::policy_builtin:
    case Code::denied_by_policy:
    case Code::policy_result_malformed:
    case Code::unmapped_route:
    case Code::trust_domain_not_allowed:
      return 403;
    case Code::decision_timeout:
    case Code::pdp_unavailable:
    case Code::overloaded:
    case Code::draining:
    case Code::no_svid:
    case Code::svid_expired:
    case Code::audit_unavailable:
    case Code::state_unusable:
      return 503;
    case Code::request_malformed:
    case Code::replay_headers_missing:
    case Code::version_not_supported:
    case Code::unsupported_operation:
    case Code::extension_required:
      return 400;
    case Code::replayed:
    case Code::replay_outside_window:
    case Code::task_terminal:
      return 409;
    case Code::rate_limited:
    case Code::task_limit:
      return 429;
    case Code::too_large:
      return 413;
    case Code::request_timeout:
      return 408;
    case Code::not_found:
    case Code::task_not_found:
    case Code::unknown_capability:
      return 404;
    case Code::method_not_allowed:
      return 405;
    case Code::unsupported_media_type:
      return 415;
    case Code::peer_unverified:
    case Code::no_client_certificate:
      return 401;
    case Code::backend_failed:
    case Code::backend_unreachable:
    case Code::backend_answer_malformed:
      return 502;
    case Code::backend_timeout:
    case Code::timeout:
      return 504;
  }
  return 500;
}

int json_rpc_code(Code code) {
  switch (code) {
    case Code::config_syntax:
    case Code::insecure_in_production:
    case Code::config_unknown_key:
    case Code::config_wrong_type:
    case Code::config_out_of_range:
    case Code::config_missing_key:
    case Code::config_duplicate_key:
    case Code::config_unreadable:
    case Code::config_include:
    case Code::config_too_large:
    case Code::config_bad_variable:
    case Code::config_conflict:
    case Code::config_unsupported:
    case Code::config_deprecated:
    case Code::config_suspicious:
    case Code::trust_domain_without_bundle:
    case Code::policy_syntax:
    case Code::policy_compile:
    case Code::policy_unsupported:
    case Code::policy_data:
    case Code::policy_unreadable:
    case Code::policy_test_failed:
    case Code::spiffe_id_malformed:
    case Code::svid_malformed:
    case Code::workload_api_unreachable:
    case Code::workload_api_denied:
    case Code::bundle_malformed:
    case Code::no_bundle:
    case Code::peer_mismatch:
    case Code::handshake_failed:
    case Code::key_malformed:
    case Code::key_permissions:
    case Code::tls_setup:
    case Code::jwt_svid:
    case Code::audit_integrity:
    case Code::audit_unreadable:
    case Code::backend_failed:
    case Code::backend_unreachable:
    case Code::backend_timeout:
    case Code::usage:
    case Code::io:
    case Code::connect:
    case Code::address_in_use:
    case Code::protocol:
    case Code::interrupted:
    case Code::check_failed:
    case Code::threshold_met:
    case Code::internal:
      return -32603;
    case Code::policy_eval:
    case Code::policy_conflict:
    case Code::policy_builtin:
    case Code::denied_by_policy:
    case Code::policy_result_malformed:
    case Code::decision_timeout:
    case Code::unmapped_route:
    case Code::trust_domain_not_allowed:
    case Code::pdp_unavailable:
    case Code::replayed:
    case Code::replay_headers_missing:
    case Code::replay_outside_window:
    case Code::rate_limited:
    case Code::overloaded:
    case Code::too_large:
    case Code::request_timeout:
    case Code::draining:
    case Code::no_svid:
    case Code::svid_expired:
    case Code::peer_unverified:
    case Code::no_client_certificate:
    case Code::audit_unavailable:
    case Code::task_limit:
    case Code::timeout:
    case Code::state_unusable:
      return -32000;
    case Code::request_malformed:
      return -32600;
    case Code::not_found:
    case Code::method_not_allowed:
      return -32601;
    case Code::unsupported_media_type:
      return -32005;
    case Code::task_not_found:
      return -32001;
    case Code::task_terminal:
      return -32002;
    case Code::unknown_capability:
      return -32602;
    case Code::backend_answer_malformed:
      return -32006;
    case Code::version_not_supported:
      return -32009;
    case Code::unsupported_operation:
      return -32004;
    case Code::extension_required:
      return -32008;
  }
  return -32603;
}

int grpc_status(Code code) {
  switch (code) {
    case Code::config_syntax:
    case Code::insecure_in_production:
    case Code::config_unknown_key:
    case Code::config_wrong_type:
    case Code::config_out_of_range:
    case Code::config_missing_key:
    case Code::config_duplicate_key:
    case Code::config_unreadable:
    case Code::config_include:
    case Code::config_too_large:
    case Code::config_bad_variable:
    case Code::config_conflict:
    case Code::config_unsupported:
    case Code::config_deprecated:
    case Code::config_suspicious:
    case Code::trust_domain_without_bundle:
    case Code::policy_syntax:
    case Code::policy_compile:
    case Code::policy_unsupported:
    case Code::policy_data:
    case Code::policy_unreadable:
    case Code::policy_test_failed:
    case Code::spiffe_id_malformed:
    case Code::svid_malformed:
    case Code::workload_api_unreachable:
    case Code::workload_api_denied:
    case Code::bundle_malformed:
    case Code::no_bundle:
    case Code::peer_mismatch:
    case Code::handshake_failed:
    case Code::key_malformed:
    case Code::key_permissions:
    case Code::tls_setup:
    case Code::jwt_svid:
    case Code::audit_integrity:
    case Code::audit_unreadable:
    case Code::usage:
    case Code::io:
    case Code::connect:
    case Code::address_in_use:
    case Code::protocol:
    case Code::interrupted:
    case Code::check_failed:
    case Code::threshold_met:
    case Code::internal:
      return 13;
    case Code::policy_eval:
    case Code::policy_conflict:
    case Code::policy_builtin:
    case Code::denied_by_policy:
    case Code::policy_result_malformed:
    case Code::unmapped_route:
    case Code::trust_domain_not_allowed:
      return 7;
    case Code::decision_timeout:
    case Code::pdp_unavailable:
    case Code::overloaded:
    case Code::draining:
    case Code::no_svid:
    case Code::svid_expired:
    case Code::audit_unavailable:
    case Code::backend_failed:
    case Code::backend_unreachable:
    case Code::backend_answer_malformed:
    case Code::state_unusable:
      return 14;
    case Code::request_malformed:
    case Code::replay_headers_missing:
    case Code::unsupported_media_type:
      return 3;
    case Code::replayed:
      return 6;
    case Code::replay_outside_window:
    case Code::task_terminal:
    case Code::version_not_supported:
    case Code::unsupported_operation:
    case Code::extension_required:
      return 9;
    case Code::rate_limited:
    case Code::too_large:
    case Code::task_limit:
      return 8;
    case Code::request_timeout:
    case Code::backend_timeout:
    case Code::timeout:
      return 4;
    case Code::not_found:
    case Code::task_not_found:
    case Code::unknown_capability:
      return 5;
    case Code::method_not_allowed:
      return 12;
    case Code::peer_unverified:
    case Code::no_client_certificate:
      return 16;
  }
  return 13;
}

bool retryable(Code code) {
  switch (code) {
    case Code::config_syntax:
    case Code::insecure_in_production:
    case Code::config_unknown_key:
    case Code::config_wrong_type:
    case Code::config_out_of_range:
    case Code::config_missing_key:
    case Code::config_duplicate_key:
    case Code::config_unreadable:
    case Code::config_include:
    case Code::config_too_large:
    case Code::config_bad_variable:
    case Code::config_conflict:
    case Code::config_unsupported:
    case Code::config_deprecated:
    case Code::config_suspicious:
    case Code::trust_domain_without_bundle:
    case Code::policy_syntax:
    case Code::policy_compile:
    case Code::policy_unsupported:
    case Code::policy_data:
    case Code::policy_unreadable:
    case Code::policy_eval:
    case Code::policy_test_failed:
    case Code::policy_conflict:
    case Code::policy_builtin:
    case Code::denied_by_policy:
    case Code::policy_result_malformed:
    case Code::unmapped_route:
    case Code::trust_domain_not_allowed:
    case Code::request_malformed:
    case Code::replayed:
    case Code::replay_headers_missing:
    case Code::replay_outside_window:
    case Code::too_large:
    case Code::not_found:
    case Code::method_not_allowed:
    case Code::unsupported_media_type:
    case Code::spiffe_id_malformed:
    case Code::svid_malformed:
    case Code::workload_api_denied:
    case Code::bundle_malformed:
    case Code::no_bundle:
    case Code::peer_unverified:
    case Code::peer_mismatch:
    case Code::no_client_certificate:
    case Code::key_malformed:
    case Code::key_permissions:
    case Code::tls_setup:
    case Code::jwt_svid:
    case Code::audit_integrity:
    case Code::audit_unreadable:
    case Code::task_not_found:
    case Code::task_terminal:
    case Code::unknown_capability:
    case Code::backend_failed:
    case Code::backend_answer_malformed:
    case Code::version_not_supported:
    case Code::unsupported_operation:
    case Code::extension_required:
    case Code::usage:
    case Code::io:
    case Code::address_in_use:
    case Code::protocol:
    case Code::interrupted:
    case Code::state_unusable:
    case Code::check_failed:
    case Code::threshold_met:
    case Code::internal:
      return false;
    case Code::decision_timeout:
    case Code::pdp_unavailable:
    case Code::rate_limited:
    case Code::overloaded:
    case Code::request_timeout:
    case Code::draining:
    case Code::workload_api_unreachable:
    case Code::no_svid:
    case Code::svid_expired:
    case Code::handshake_failed:
    case Code::audit_unavailable:
    case Code::backend_unreachable:
    case Code::backend_timeout:
    case Code::task_limit:
    case Code::connect:
    case Code::timeout:
      return true;
  }
  return false;
}

}  // namespace aw
