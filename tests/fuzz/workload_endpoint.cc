// needs: aw_identity
// SPDX-License-Identifier: Apache-2.0
// An address of a Workload API: what is taken reads the same when written out.
#include "core/identity/workload_endpoint.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using aw::identity::WorkloadEndpoint;
  auto const endpoint = WorkloadEndpoint::parse({reinterpret_cast<char const*>(data), size});
  if (!endpoint.ok()) return 0;
  auto const again = WorkloadEndpoint::parse(endpoint->text());
  if (!again.ok() || !(*again == *endpoint) || endpoint->grpc_target().empty()) std::abort();
  return 0;
}
