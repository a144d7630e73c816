// needs: aw_decisions
// SPDX-License-Identifier: Apache-2.0
// Whatever stands in a journal segment: no crash, and what is taken as an entry is written back the
// same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/decisions/entry.h"
#include "core/decisions/masks.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace aw::decisions;
  std::string_view bytes(reinterpret_cast<char const*>(data), size);
  static auto const masks = *Masks::parse(
      {.masks = {"/input/a", "/input/b/0"},
       .mask_rules = {{.op = MaskRule::Op::upsert, .path = "/input/c/0/d", .value = "1"}}});
  static_cast<void>(masks.apply(std::string(bytes)));
  while (auto const entry = take_frame(bytes)) {
    Fields fields;
    for (std::size_t i = 0; i < kTexts; ++i) fields.texts[i] = entry->texts[i];
    fields.numbers = entry->numbers;
    std::string again;
    append_frame(again, fields);
    std::string_view rest = again;
    auto const same = take_frame(rest);
    if (!same || same->texts != entry->texts || same->numbers != entry->numbers) std::abort();
  }
  return 0;
}
