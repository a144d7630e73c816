// needs: aw_rego
// SPDX-License-Identifier: Apache-2.0
// Texts that a policy hands to builtins, and callers to the policy: URLs, times, durations, keys.
// Each is an answer or an error.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/rego/builtin_keys.h"
#include "core/rego/go_time.h"
#include "core/rego/uri.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  static_cast<void>(aw::rego::parse_uri(text));
  static_cast<void>(aw::rego::parse_go_duration(text));
  static_cast<void>(aw::rego::parse_time(aw::rego::named_layout("RFC3339"), text));
  if (auto const cut = text.find('\n'); cut != std::string_view::npos) {
    auto const layout = text.substr(0, cut);
    if (auto const time = aw::rego::parse_time(layout, text.substr(cut + 1)); time.ok())
      static_cast<void>(aw::rego::format_time(*time, layout));
  }
  auto const keys = aw::rego::parse_keys(text);
  if (!keys.ok()) return 0;
  for (auto const& key : *keys)
    if (key.asymmetric != nullptr && !key.secret.empty()) std::abort();  // one or the other
  return 0;
}
