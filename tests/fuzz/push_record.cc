// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a webhook, sent by a caller or read back from the store: what is accepted is kept as
// it was and fits into a request.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/a2a/push_config.h"

namespace {

bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// By value: a webhook that came with a message gets its ids from the agent.
void check(aw::a2a::Webhook hook) {
  if (hook.id.empty()) hook.id = "c";
  if (hook.task_id.empty()) hook.task_id = "t";
  auto const kept = aw::a2a::push_record(hook);
  auto const again = aw::a2a::parse_push_record(kept);
  if (!again.ok() || aw::a2a::push_record(*again) != kept) std::abort();
  if (!is_clean(hook.url) || !is_clean(hook.token)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  if (auto const kept = aw::a2a::parse_push_record(text); kept.ok()) check(*kept);
  if (!aw::a2a::check_json(text).ok()) return 0;
  if (auto const sent = aw::a2a::parse_push_config(aw::a2a::JsonView(text)); sent.ok())
    check(*sent);
  return 0;
}
