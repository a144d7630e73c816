// needs: aw_commands
// SPDX-License-Identifier: Apache-2.0
// A report of `doctor --prove`, which comes from whoever wants it believed: without a bundle that
// its signer leads to, none is.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "commands/support/proof.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const checked = aw::commands::check_proof({reinterpret_cast<char const*>(data), size}, {});
  if (checked.ok()) std::abort();
  return 0;
}
