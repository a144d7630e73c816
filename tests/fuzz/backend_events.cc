// needs: aw_backend
// SPDX-License-Identifier: Apache-2.0
// A backend's event stream: read or refused, never more than it said.
#include <cstdint>
#include <string_view>

#include "core/backend/events.h"
#include "core/backend/http_backend.h"

namespace {
class Silent final : public aw::backend::Output {
 public:
  void status(std::string_view) override {}
  void artifact(aw::backend::Chunk) override {}
  void result(std::string) override {}
  void input_required(std::string_view) override {}
  void rejected(std::string_view) override {}
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view const input(reinterpret_cast<char const*>(data), size);
  Silent output;
  aw::backend::EventReader reader(output);
  aw::http::SseParser parser(64U << 10);
  if (parser.feed(input).ok())
    while (auto event = parser.next())
      if (!reader.take(*event).ok()) break;
  reader.finish();
  (void)aw::backend::refusal_text("application/json", input);
  return 0;
}
