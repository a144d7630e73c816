// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// The FAQ's body and the paths around it: first line the target, the rest the body.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/a2a/json_view.h"
#include "core/a2a/router.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aw::a2a::Router const router({.capabilities = {"echo", "report"}});
  std::string_view const input(reinterpret_cast<char const*>(data), size);
  auto const line = input.substr(0, input.find('\n'));
  auto const body = input.substr(line.size() < input.size() ? line.size() + 1 : line.size());
  for (auto const* const method : {"POST", "GET"}) {
    aw::http::Request request;
    request.method = method;
    request.set_target(line);
    request.headers.add("content-type", "application/json");
    request.body = body;
    auto const parsed = router.parse(request);
    if (auto const* operation = std::get_if<aw::a2a::Operation>(&parsed))
      if (!aw::a2a::check_json(operation->params).ok()) std::abort();
  }
  return 0;
}
