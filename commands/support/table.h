// SPDX-License-Identifier: Apache-2.0
// Aligned columns for people. Foreign text is made printable first.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace aw::commands {

// Two blanks between columns; the last one is as long as it likes. Empty head = none.
void write_table(std::ostream& out, std::vector<std::string> const& head,
                 std::vector<std::vector<std::string>> const& rows);

}  // namespace aw::commands
