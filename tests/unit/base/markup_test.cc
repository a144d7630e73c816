// SPDX-License-Identifier: Apache-2.0
#include "core/base/markup.h"

#include <doctest/doctest.h>

using namespace aw;

TEST_CASE("foreign text in markup opens no tag, ends no attribute and starts no entity") {
  struct Row {
    std::string_view text;
    std::string_view escaped;
  };
  for (auto const& [text, escaped] : {
           Row{"", ""},
           Row{"plain é 7", "plain é 7"},
           Row{"<script>", "&lt;script&gt;"},
           Row{"\" onload='x'", "&quot; onload=&#39;x&#39;"},
           Row{"&lt;", "&amp;lt;"},
           Row{"a\xff", "a\xff"},
       }) {
    CAPTURE(text);
    CHECK(text::escape_markup(text) == escaped);
  }
}

TEST_CASE("XML gets no character that it has no place for") {
  CHECK(text::escape_xml("<a\x1b[2J\"\xff é>") == "&lt;a\\x1b[2J&quot;\\xff é&gt;");
  CHECK(text::escape_xml("\xef\xbf\xbe<\xef\xbf\xbf\xef\xbf\xbd") ==
        "\\xef\\xbf\\xbe&lt;\\xef\\xbf\\xbf\xef\xbf\xbd");
  CHECK(text::escape_xml("plain 'é' 7") == "plain &#39;é&#39; 7");
}
