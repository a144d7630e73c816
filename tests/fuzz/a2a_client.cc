// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// What somebody else's A2A server says: cards, answers, events in every spelling, signatures.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/a2a/card_signature.h"
#include "core/a2a/client_codec.h"
#include "core/a2a/remote_card.h"

using namespace aw::a2a;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  if (auto const card = read_remote_card(text); card.ok()) {
    if (card->name.empty()) __builtin_trap();
    for (auto const& one : card->interfaces)
      if (one.url.empty() || one.dialect == Dialect::plain) __builtin_trap();
    static_cast<void>(choose_interface(*card));
  }
  for (auto const transport : {Transport::json_rpc, Transport::http_json}) {
    Interface const one{.transport = transport};
    TaskFollower follower;
    if (auto const event = read_event(one, text); event.ok()) {
      // What was read can be written and read again.
      auto const again = event_json(*event);
      if (!check_json(again).ok() || !read_event_value(JsonView(again), Dialect::v1_0).ok())
        __builtin_trap();
      if (!follower.take(*event).ok() && follower.task()) __builtin_trap();
    }
    if (auto const opened = open_answer(one, 200, text); opened.ok())
      static_cast<void>(read_page_value(*opened, one.dialect));
    if (open_answer(one, 403, text).ok()) __builtin_trap();
  }
  // Nobody is trusted: nothing may verify.
  if (verify_card(text, {.bundles = nullptr, .allowed = {}, .keys = {}, .now = {}}).ok())
    __builtin_trap();
  return 0;
}
