// SPDX-License-Identifier: Apache-2.0
// What each code means to a shell, to HTTP, to JSON-RPC, to gRPC: one place, all at once. No
// `default:`: a new code must choose.
#include "core/base/code.h"

namespace aw {
namespace {

// google.rpc.Code
enum class Grpc : int {
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16,
};

enum class Again : bool { no, yes };  // may the same call succeed later, unchanged?

struct Meaning {
  Exit exit;
  int http;
  int json_rpc;
  Grpc grpc;
  Again again;
};

Meaning meaning(Code code) {
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
      return {Exit::invalid, 500, -32603, Grpc::internal, Again::no};
    case Code::policy_eval:
    case Code::policy_conflict:
    case Code::policy_builtin:
      return {Exit::failed, 403, -32000, Grpc::permission_denied, Again::no};
    case Code::policy_test_failed:
    case Code::spiffe_id_malformed:
    case Code::svid_malformed:
    case Code::bundle_malformed:
    case Code::peer_mismatch:
    case Code::key_malformed:
    case Code::key_permissions:
    case Code::tls_setup:
    case Code::jwt_svid:
    case Code::audit_unreadable:
    case Code::secret_malformed:
    case Code::io:
    case Code::address_in_use:
    case Code::protocol:
    case Code::check_failed:
    case Code::internal:
      return {Exit::failed, 500, -32603, Grpc::internal, Again::no};
    case Code::denied_by_policy:
    case Code::policy_result_malformed:
    case Code::unmapped_route:
    case Code::trust_domain_not_allowed:
      return {Exit::denied, 403, -32000, Grpc::permission_denied, Again::no};
    case Code::decision_timeout:
      return {Exit::timed_out, 503, -32000, Grpc::unavailable, Again::yes};
    case Code::pdp_unavailable:
    case Code::overloaded:
    case Code::draining:
    case Code::no_svid:
    case Code::secret_unavailable:
      return {Exit::unreachable, 503, -32000, Grpc::unavailable, Again::yes};
    case Code::request_malformed:
      return {Exit::failed, 400, -32600, Grpc::invalid_argument, Again::no};
    case Code::replayed:
      return {Exit::denied, 409, -32000, Grpc::already_exists, Again::no};
    case Code::replay_headers_missing:
      return {Exit::denied, 400, -32000, Grpc::invalid_argument, Again::no};
    case Code::replay_outside_window:
      return {Exit::denied, 409, -32000, Grpc::failed_precondition, Again::no};
    case Code::rate_limited:
    case Code::task_limit:
      return {Exit::failed, 429, -32000, Grpc::resource_exhausted, Again::yes};
    case Code::too_large:
      return {Exit::failed, 413, -32000, Grpc::resource_exhausted, Again::no};
    case Code::request_timeout:
      return {Exit::timed_out, 408, -32000, Grpc::deadline_exceeded, Again::yes};
    case Code::not_found:
      return {Exit::failed, 404, -32601, Grpc::not_found, Again::no};
    case Code::method_not_allowed:
      return {Exit::failed, 405, -32601, Grpc::unimplemented, Again::no};
    case Code::unsupported_media_type:
      return {Exit::failed, 415, -32005, Grpc::invalid_argument, Again::no};
    case Code::unsupported_encoding:
      return {Exit::failed, 415, -32005, Grpc::unimplemented, Again::no};
    case Code::workload_api_unreachable:
    case Code::handshake_failed:
    case Code::connect:
      return {Exit::unreachable, 500, -32603, Grpc::internal, Again::yes};
    case Code::workload_api_denied:
    case Code::no_bundle:
      return {Exit::unreachable, 500, -32603, Grpc::internal, Again::no};
    case Code::svid_expired:
    case Code::audit_unavailable:
      return {Exit::failed, 503, -32000, Grpc::unavailable, Again::yes};
    case Code::peer_unverified:
    case Code::no_client_certificate:
      return {Exit::failed, 401, -32000, Grpc::unauthenticated, Again::no};
    case Code::policy_signature:
    case Code::card_unverified:
    case Code::audit_integrity:
      return {Exit::integrity, 500, -32603, Grpc::internal, Again::no};
    case Code::task_not_found:
      return {Exit::failed, 404, -32001, Grpc::not_found, Again::no};
    case Code::task_terminal:
      return {Exit::failed, 409, -32002, Grpc::failed_precondition, Again::no};
    case Code::unknown_capability:
      return {Exit::failed, 404, -32602, Grpc::not_found, Again::no};
    case Code::backend_failed:
      return {Exit::failed, 502, -32603, Grpc::unavailable, Again::no};
    case Code::backend_unreachable:
      return {Exit::unreachable, 502, -32603, Grpc::unavailable, Again::yes};
    case Code::backend_timeout:
      return {Exit::timed_out, 504, -32603, Grpc::deadline_exceeded, Again::yes};
    case Code::backend_answer_malformed:
      return {Exit::failed, 502, -32006, Grpc::unavailable, Again::no};
    case Code::version_not_supported:
      return {Exit::failed, 400, -32009, Grpc::failed_precondition, Again::no};
    case Code::unsupported_operation:
      return {Exit::failed, 400, -32004, Grpc::failed_precondition, Again::no};
    case Code::extension_required:
      return {Exit::failed, 400, -32008, Grpc::failed_precondition, Again::no};
    case Code::usage:
      return {Exit::usage, 500, -32603, Grpc::internal, Again::no};
    case Code::timeout:
      return {Exit::timed_out, 504, -32000, Grpc::deadline_exceeded, Again::yes};
    case Code::interrupted:
      return {Exit::interrupted, 500, -32603, Grpc::internal, Again::no};
    case Code::state_unusable:
      return {Exit::failed, 503, -32000, Grpc::unavailable, Again::no};
    case Code::threshold_met:
      return {Exit::threshold, 500, -32603, Grpc::internal, Again::no};
  }
  return {Exit::failed, 500, -32603, Grpc::internal, Again::no};
}

}  // namespace

Exit exit_code(Code code) { return meaning(code).exit; }
int http_status(Code code) { return meaning(code).http; }
int json_rpc_code(Code code) { return meaning(code).json_rpc; }
int grpc_status(Code code) { return static_cast<int>(meaning(code).grpc); }
bool retryable(Code code) { return meaning(code).again == Again::yes; }

}  // namespace aw
