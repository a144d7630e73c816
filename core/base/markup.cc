// SPDX-License-Identifier: Apache-2.0
#include "core/base/markup.h"

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

std::string escape_xml(std::string_view text) { return escape_markup(printable(text)); }

}  // namespace aw::text
