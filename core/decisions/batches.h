// SPDX-License-Identifier: Apache-2.0
// Decision log events as the bodies they are uploaded in: gzip of a JSON array, none larger than
// its limit. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aw::decisions {

struct Batch {
  std::string body;  // gzip
  std::size_t events = 0;
};

struct Batches {
  std::vector<Batch> batches;  // in the order of the events
  std::size_t too_large = 0;   // events that fit into no body of their own
};

// As few bodies as a guess at their compression finds; an event that is larger than `limit` alone,
// compressed, is left out and counted.
[[nodiscard]] Batches batches_of(std::span<const std::string> events, std::size_t limit);

[[nodiscard]] std::string gzip(std::string_view bytes);

}  // namespace aw::decisions
