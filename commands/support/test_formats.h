// SPDX-License-Identifier: Apache-2.0
// The formats of a test report that other programs read. Pure.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "core/rego/tester.h"

namespace aw::commands {

// The array that `opa test --format json` prints.
[[nodiscard]] json::Json opa_test_json(rego::TestReport const& report);
// "one/two": the steps of a case's name.
[[nodiscard]] std::string case_name(rego::TestCase const& one);
// <testsuites> with a suite a package, as JUnit's readers take it.
[[nodiscard]] std::string junit_xml(rego::TestReport const& report);
// "::error file=authz_test.rego,line=7::…" for each test that is not good.
[[nodiscard]] std::string github_lines(rego::TestReport const& report);

}  // namespace aw::commands
