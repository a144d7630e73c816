// needs: aw_authz
// SPDX-License-Identifier: Apache-2.0
// A kept policy as the decision store gives it back: what is accepted is kept again as a document
// that reads as the same policy, and nothing else passes under its digest.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/authz/past.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace aw::authz;
  std::string const text(reinterpret_cast<char const*>(data), size);
  auto const kept = read_policy_document(text, {});
  if (!kept.ok()) return 0;
  auto const again = read_policy_document(policy_document(*kept, "agentweave/authz"), kept->digest);
  if (!again.ok() || again->sources.size() != kept->sources.size()) std::abort();
  if (read_policy_document(text, kept->digest + "0").ok()) std::abort();
  return 0;
}
