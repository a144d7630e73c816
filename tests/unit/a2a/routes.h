// SPDX-License-Identifier: Apache-2.0
// Two routers, one of a single capability, and what became of a request they read: understood,
// refused or not mapped. Constants and pure functions.
#pragma once

#include <doctest/doctest.h>

#include "core/a2a/router.h"
#include "tests/unit/a2a/support.h"

namespace aw::a2a::test {

inline Router const kRouter({.capabilities = {"echo", "report"}});
inline Router const kSingle({.capabilities = {"echo"}});

inline Operation understood(Parsed parsed) {
  if (auto* const refused = std::get_if<Refused>(&parsed)) FAIL(refused->response.body);
  REQUIRE(std::holds_alternative<Operation>(parsed));
  return std::get<Operation>(std::move(parsed));
}
inline Refused refused(Parsed parsed) {
  REQUIRE(std::holds_alternative<Refused>(parsed));
  return std::get<Refused>(std::move(parsed));
}
inline Code unmapped(Parsed parsed) {
  REQUIRE(std::holds_alternative<Unmapped>(parsed));
  return std::get<Unmapped>(parsed).code;
}

inline std::string rpc(std::string_view method, std::string_view params,
                       std::string_view id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" + std::string(method) +
         R"(","params":)" + std::string(params) + "}";
}
inline http::Request post(std::string target, std::string body) {
  return request("POST", std::move(target), std::move(body));
}
inline int rpc_error(Refused const& refused) {
  return nlohmann::json::parse(refused.response.body)["error"]["code"].get<int>();
}

inline constexpr auto kMessage =
    R"({"message":{"messageId":"m1","role":"ROLE_USER","parts":[{"text":"hi"}],
  "metadata":{"skill":"report"}}})";

}  // namespace aw::a2a::test
