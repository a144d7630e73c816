// SPDX-License-Identifier: Apache-2.0
// Small policies in the shell's directory, for the tests of the policy tools.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

namespace aw::testing {

// Makes the folders above it too.
inline void write_text(std::filesystem::path const& path, std::string_view text) {
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// p/a.rego, of whose two rules its one test runs one.
inline void half_covered() {
  write_text(
      "p/a.rego",
      "package a\n\nallow if input.x == 1\n\nother if {\n\tinput.y == 2\n\tinput.z == 3\n}\n");
  write_text("p/a_test.rego",
             "package a_test\n\nimport data.a\n\ntest_one if a.allow with input as {\"x\": 1}\n");
}

// The same, beside a test that fails and one that is still to be written.
inline void one_failing() {
  half_covered();
  write_text("p/b_test.rego",
             "package b_test\n\nimport data.a\n\ntest_two if a.allow with input as {\"x\": 2}\n\n"
             "todo_test_three if true\n");
}

}  // namespace aw::testing
