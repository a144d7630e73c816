// SPDX-License-Identifier: Apache-2.0
// Coverage of policies for programs (the shape of `opa test --coverage`, by whole lines) and for
// people (the lines themselves, shaded). Pure.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "commands/support/context.h"
#include "core/rego/policy.h"
#include "core/rego/tester.h"

namespace aw::commands {

// {"files":{NAME:{"covered":[{"start":{"row":1},"end":{"row":3}}],"not_covered":…,"coverage":…}}}
[[nodiscard]] json::Json coverage_json(rego::Coverage const& coverage);

// A line a file with what is missing; with Shade::source, every file that is not wholly covered,
// line by line: + ran, - did not (in colour on a terminal).
enum class Shade { summary, source };
void write_coverage(std::ostream& out, rego::Coverage const& coverage,
                    std::span<const rego::Source> sources, Shade shade, Context const& context);

[[nodiscard]] std::string percent_text(double percent);  // "93.1%"

}  // namespace aw::commands
