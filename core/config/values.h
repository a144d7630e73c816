// SPDX-License-Identifier: Apache-2.0
// What was given, by full key ("peers[0].id"), before it becomes a Config: the layers file,
// environment and flags are merged here, and every value still knows where it stood.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/config/document.h"
#include "core/config/field.h"
#include "core/config/load.h"

namespace aw::config {

// Shares its nodes with the file's tree; copying is cheap.
struct Entry {
  NodePtr value;
  Origin at;                     // of the key; of the variable or flag
  Field const* field = nullptr;  // its row
  std::size_t index = 0;         // below a list of mappings
  std::size_t count = 0;         // Type::maps: how many items
};

using Values = std::map<std::string, Entry, std::less<>>;

// Where the sections stand, by key; "" is the file's own mapping. The last file that has one
// counts.
using Sections = std::map<std::string, Origin, std::less<>>;

// "peers[].id" and 2 -> "peers[2].id".
[[nodiscard]] std::string indexed(std::string_view key, std::size_t index);

// ${NAME} and ${NAME:-default} in the scalar values of a tree; keys are left alone, and what a
// variable holds can never become structure. $${ is a literal ${.
// Bounded: 64 KiB a value, 4 MiB in all, eight levels of ${A:-${B}}. The old tree stays as it
// was.
[[nodiscard]] NodePtr expand(NodePtr const& root, EnvLookup const& env,
                             std::vector<Diagnostic>& found);

// One file's tree against the table: unknown, older and refused keys, mappings where they belong.
// Its sections are noted in `sections`.
[[nodiscard]] Values collect(Node const& root, Sections& sections, std::vector<Diagnostic>& found);

// `over` wins; a list of mappings replaces the whole list.
void merge(Values& base, Values over);

// Each row's variables, the derived name first; an empty variable counts as not set.
// AGENTWEAVE_DEBUG sets the log level.
void apply_environment(Values& values, EnvLookup const& env);
// "key=value"; a list takes a,b,c, KEY[0]=a sets or appends one item, and loggers.NAME=LEVEL one
// of the levels.
// Later calls win. A value never becomes structure; a list's next free index may be added. Told at
// `flag`, or where that is empty at `--set key`.
void apply_override(Values& values, std::string_view text, std::string_view flag,
                    std::vector<Diagnostic>& found);

// Where a single value and its list form were both given, keeps the one that counts.
void settle_pairs(Values& values);

// Fills a Config, row by row. Everything wrong is in `found`.
// What does not fit keeps its default: use the result only when `found` has no error. A missing key
// is reported at its section, or at the start of the file.
[[nodiscard]] Config decode(Values const& values, Sections const& sections, Place const& whole,
                            std::vector<Diagnostic>& found);

// Reads one row's value into `config`.
void assign(Field const& field, Entry const& entry, std::string const& key, Config& config,
            std::vector<Diagnostic>& found);

}  // namespace aw::config
