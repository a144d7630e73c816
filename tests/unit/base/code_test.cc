// SPDX-License-Identifier: Apache-2.0
#include "core/base/code.h"

#include <doctest/doctest.h>

#include <set>

using namespace aw;

TEST_CASE("every code has one row with a title, a meaning and a unique number and id") {
  std::set<int> numbers;
  std::set<std::string_view> ids;
  for (auto const& row : all_codes()) {
    CAPTURE(code_name(row.code));
    CHECK_FALSE(row.title.empty());
    CHECK_FALSE(row.meaning.empty());
    CHECK(numbers.insert(static_cast<int>(row.code)).second);
    CHECK(ids.insert(row.id).second);
    CHECK(&code_info(row.code) == &row);
    CHECK(parse_code(code_name(row.code)) == row.code);
  }
}

TEST_CASE("an unavailable decision point is never reported as a plain deny") {
  CHECK(http_status(Code::pdp_unavailable) == 503);
  CHECK(http_status(Code::denied_by_policy) == 403);
  CHECK(exit_code(Code::pdp_unavailable) == Exit::unreachable);
  CHECK(exit_code(Code::denied_by_policy) == Exit::denied);
}

TEST_CASE("a code that is not in the table is not parsed") {
  CHECK_FALSE(parse_code("AW3999").has_value());
  CHECK_FALSE(parse_code("AW").has_value());
  CHECK_FALSE(parse_code("AW3001x").has_value());
}

TEST_CASE("no error looks like success to anybody, in any protocol") {
  for (auto const& row : all_codes()) {
    CAPTURE(code_name(row.code));
    CHECK(http_status(row.code) >= 400);
    CHECK(http_status(row.code) < 600);
    CHECK(json_rpc_code(row.code) < 0);
    CHECK(grpc_status(row.code) >= 1);
    CHECK(grpc_status(row.code) <= 16);
    CHECK(exit_code(row.code) != Exit::ok);
  }
}

TEST_CASE(
    "the protocols tell one story: who is unknown, who is denied, and what may be tried again") {
  constexpr int kPermissionDenied = 7;
  constexpr int kUnauthenticated = 16;
  for (auto const& row : all_codes()) {
    CAPTURE(code_name(row.code));
    auto const http = http_status(row.code);
    CHECK((http == 401) == (grpc_status(row.code) == kUnauthenticated));
    CHECK((http == 403) == (grpc_status(row.code) == kPermissionDenied));
    if (http == 401 || http == 403 || http == 409 || http == 400) CHECK_FALSE(retryable(row.code));
    // A disk that takes nothing more does not mend itself.
    if ((http == 503 || http == 429) && row.code != Code::state_unusable) {
      CHECK(retryable(row.code));
    }
  }
}

TEST_CASE("what a refusal of security is called outside, code by code") {
  struct Row {
    Code code;
    Exit exit;
    int http;
    int json_rpc;
    int grpc;
  };
  for (auto const& row : {
           Row{Code::denied_by_policy, Exit::denied, 403, -32000, 7},
           Row{Code::policy_result_malformed, Exit::denied, 403, -32000, 7},
           Row{Code::policy_eval, Exit::failed, 403, -32000, 7},
           Row{Code::unmapped_route, Exit::denied, 403, -32000, 7},
           Row{Code::trust_domain_not_allowed, Exit::denied, 403, -32000, 7},
           Row{Code::decision_timeout, Exit::timed_out, 503, -32000, 14},
           Row{Code::pdp_unavailable, Exit::unreachable, 503, -32000, 14},
           Row{Code::no_svid, Exit::unreachable, 503, -32000, 14},
           Row{Code::audit_unavailable, Exit::failed, 503, -32000, 14},
           Row{Code::replayed, Exit::denied, 409, -32000, 6},
           Row{Code::replay_headers_missing, Exit::denied, 400, -32000, 3},
           Row{Code::replay_outside_window, Exit::denied, 409, -32000, 9},
           Row{Code::peer_unverified, Exit::failed, 401, -32000, 16},
           Row{Code::no_client_certificate, Exit::failed, 401, -32000, 16},
           Row{Code::rate_limited, Exit::failed, 429, -32000, 8},
           Row{Code::too_large, Exit::failed, 413, -32000, 8},
           Row{Code::audit_integrity, Exit::integrity, 500, -32603, 13},
           Row{Code::policy_signature, Exit::integrity, 500, -32603, 13},
           Row{Code::card_unverified, Exit::integrity, 500, -32603, 13},
           Row{Code::internal, Exit::failed, 500, -32603, 13},
       }) {
    CAPTURE(code_name(row.code));
    CHECK(exit_code(row.code) == row.exit);
    CHECK(http_status(row.code) == row.http);
    CHECK(json_rpc_code(row.code) == row.json_rpc);
    CHECK(grpc_status(row.code) == row.grpc);
  }
}

TEST_CASE("a code is read in each of its spellings and in no other") {
  for (auto const* const good : {"AW3001", "aw3001", "3001"}) {
    CAPTURE(good);
    CHECK(parse_code(good) == Code::denied_by_policy);
  }
  for (std::string const bad : {"", "aw", "AW 3001", " 3001", "3001 ", "+3001", "-3001", "AWAW3001",
                                "0xBB9", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_code(bad).has_value());
  }
}
