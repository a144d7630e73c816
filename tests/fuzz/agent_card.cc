// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// Stored tasks and the card: hostile text in, valid JSON out.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/a2a/card.h"
#include "core/a2a/codec.h"
#include "core/base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string const input(reinterpret_cast<char const*>(data), size);
  aw::a2a::CardOptions options;
  options.agent = {.name = input,
                   .trust_domain = input,
                   .description = input,
                   .version = "1.0.0",
                   .capabilities = {{.name = input, .description = input}}};
  options.spiffe_id = input;
  aw::a2a::Card const card(std::move(options));
  aw::a2a::CardRequest request;
  request.host = input;
  request.if_none_match = input;
  auto const answer = card.respond(request);
  if (!answer.body.empty() && !aw::a2a::check_json(answer.body).ok()) std::abort();
  // A record that reads back is the same when it is written again.
  if (auto task = aw::a2a::parse_task_record(input); task.ok()) {
    auto const again = aw::a2a::parse_task_record(aw::a2a::task_record(**task));
    if (!again.ok()) std::abort();
  }
  return 0;
}
