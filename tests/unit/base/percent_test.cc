// SPDX-License-Identifier: Apache-2.0
#include "core/base/percent.h"

#include <doctest/doctest.h>

using namespace aw;

TEST_CASE("all but the unreserved characters, and those that are kept, stand as their bytes") {
  CHECK(percent_encoded("").empty());
  CHECK(percent_encoded("Az09-._~") == "Az09-._~");
  CHECK(percent_encoded("a b/c?d%e+f") == "a%20b%2Fc%3Fd%25e%2Bf");
  CHECK(percent_encoded("a b/c", "/") == "a%20b/c");
  CHECK(percent_encoded({"\0\n\xff", 3}) == "%00%0A%FF");
  CHECK(percent_encoded("\xc3\xa9") == "%C3%A9");  // UTF-8, byte by byte
}
