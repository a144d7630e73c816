// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// Methods and targets: "GET /tasks/x?historyLength=1" and a body behind the first line. Nothing
// that is not exactly a route becomes an operation; what does has the ids its path has.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/a2a/json_view.h"
#include "core/a2a/router.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static aw::a2a::Router const router({.capabilities = {"echo"}});
  std::string_view const input(reinterpret_cast<char const*>(data), size);
  auto const line = input.substr(0, input.find('\n'));
  auto const blank = line.find(' ');
  if (blank == std::string_view::npos) return 0;
  aw::http::Request request;
  request.method = line.substr(0, blank);
  request.set_target(line.substr(blank + 1));
  request.headers.add("content-type", "application/json");
  request.body = input.substr(line.size() < input.size() ? line.size() + 1 : line.size());
  auto const parsed = router.parse(request);
  auto const* const operation = std::get_if<aw::a2a::Operation>(&parsed);
  if (operation == nullptr) return 0;
  if (!aw::a2a::check_json(operation->params).ok()) std::abort();
  if (operation->task_id.find('/') != std::string::npos && request.body.empty()) std::abort();
  if (operation->tenant.find_first_of("/ ") != std::string::npos) std::abort();
  return 0;
}
