// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// JSON-RPC and REST bodies: whatever comes is understood or refused, and every refusal is JSON.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/a2a/json_view.h"
#include "core/a2a/router.h"

namespace {

void judge(aw::a2a::Router const& router, std::string_view target, std::string_view body) {
  aw::http::Request request;
  request.method = "POST";
  request.set_target(target);
  request.headers.add("content-type", "application/json");
  request.body = body;
  auto const parsed = router.parse(request);
  if (auto const* refused = std::get_if<aw::a2a::Refused>(&parsed)) {
    if (!aw::a2a::check_json(refused->response.body).ok()) std::abort();
  } else if (auto const* operation = std::get_if<aw::a2a::Operation>(&parsed)) {
    if (!aw::a2a::check_json(operation->params).ok()) std::abort();
    if (!aw::a2a::check_json(operation->shape.rpc_id).ok()) std::abort();
    if (operation->send.message && !aw::a2a::check_json(operation->send.payload).ok()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aw::a2a::Router const router({.capabilities = {"echo"}});
  std::string_view const body(reinterpret_cast<char const*>(data), size);
  for (auto const* const target : {"/rpc", "/message:send", "/v1/message:stream"})
    judge(router, target, body);
  return 0;
}
