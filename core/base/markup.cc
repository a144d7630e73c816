// SPDX-License-Identifier: Apache-2.0
#include "core/base/markup.h"

#include <string_view>
#include <utility>

#include "core/base/text.h"

namespace aw::text {

std::string escape_markup(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string escape_xml(std::string_view text) {
  auto out = escape_markup(printable(text));
  // The two that XML 1.0 §2.2 leaves out besides.
  for (auto const& [character, shown] :
       {std::pair<std::string_view, std::string_view>{"\xef\xbf\xbe", "\\xef\\xbf\\xbe"},
        {"\xef\xbf\xbf", "\\xef\\xbf\\xbf"}})
    for (auto at = out.find(character); at != std::string::npos; at = out.find(character, at))
      out.replace(at, character.size(), shown);
  return out;
}

}  // namespace aw::text
