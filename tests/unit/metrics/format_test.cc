// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/format.h"

#include <doctest/doctest.h>

#include <array>

using namespace aw::metrics;

TEST_CASE(
    "a scraper gets the format it prefers, and Prometheus text when it says nothing we know") {
  struct Row {
    std::string_view accept;
    Format expected;
  };
  constexpr std::array kRows = {
      Row{"", Format::prometheus},
      Row{"*/*", Format::prometheus},
      Row{"text/plain", Format::prometheus},
      Row{"application/openmetrics-text", Format::openmetrics},
      Row{"application/openmetrics-text; version=1.0.0", Format::openmetrics},
      Row{"application/openmetrics-text;version=0.0.1", Format::prometheus},
      Row{"application/openmetrics-text;version=2.0.0", Format::prometheus},
      Row{"application/openmetrics-text;q=0", Format::prometheus},
      Row{"application/openmetrics-text;q=0.2,text/plain;q=0.3", Format::prometheus},
      Row{"text/plain;q=0.3 , application/openmetrics-text;q=0.3", Format::openmetrics},
      // What Prometheus 2.42 and 3 send.
      Row{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
          "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          Format::openmetrics},
      Row{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
          "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.4,*/*;q=0.2",
          Format::openmetrics},
      // Nonsense counts as no wish.
      Row{"application/openmetrics-text;q=nan", Format::prometheus},
      Row{"application/openmetrics-text;q=9", Format::prometheus},
      Row{"application/openmetrics-text;q=", Format::prometheus},
      Row{",;,;;q=,=", Format::prometheus},
      Row{"application/json", Format::prometheus},
  };
  for (auto const& row : kRows) {
    CAPTURE(row.accept);
    CHECK(accepted_format(row.accept) == row.expected);
  }
}

TEST_CASE("each format says what it is") {
  CHECK(content_type(Format::prometheus) == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(content_type(Format::openmetrics) ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
}
