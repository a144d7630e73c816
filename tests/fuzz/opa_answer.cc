// needs: aw_authz
// SPDX-License-Identifier: Apache-2.0
// Whatever an OPA server answers: no crash, and no allow unless the body says so clearly.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/authz/interpret.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 1) return 0;
  constexpr int kStatuses[] = {200, 500, 404, 204, 302};
  int const status = kStatuses[data[0] % std::size(kStatuses)];
  std::string_view const body(reinterpret_cast<char const*>(data) + 1, size - 1);
  auto const decision = aw::authz::interpret_answer(status, body);
  if (!decision.ok() || !decision->allowed()) return 0;
  if (status != 200 || body.find("true") == std::string_view::npos) std::abort();
  return 0;
}
