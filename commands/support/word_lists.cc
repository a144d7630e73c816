// SPDX-License-Identifier: Apache-2.0
#include "commands/support/word_lists.h"

#include <algorithm>
#include <array>
#include <set>

#include "commands/support/drills.h"
#include "core/base/code.h"
#include "core/config/schema.h"

namespace aw::commands {
namespace {

using Words = std::vector<std::string>;

Words environment_words() { return {"production", "staging", "development"}; }
Words report_words() { return {"text", "json", "sarif", "junit", "github"}; }
Words state_words() {
  return {"submitted", "working", "input-required", "auth-required",
          "completed", "failed",  "canceled",       "rejected"};
}
Words drill_words() { return {drill_names().begin(), drill_names().end()}; }

Words code_words() {
  Words out;
  for (auto const& info : all_codes()) out.push_back(code_name(info.code));
  for (auto const& info : all_codes()) out.emplace_back(info.id);
  return out;
}

// Every setting, and the sections above it.
Words setting_words() {
  std::set<std::string> out;
  for (auto const& field : config::all_fields()) {
    out.insert(field.key);
    for (auto dot = field.key.find('.'); dot != std::string::npos;
         dot = field.key.find('.', dot + 1))
      out.insert(field.key.substr(0, dot));
  }
  return {out.begin(), out.end()};
}

// A list's items are reached by a number that nobody can guess.
Words assignment_words() {
  Words out;
  for (auto const& field : config::all_fields())
    if (!field.key.contains("[]")) out.push_back(field.key + "=");
  return out;
}

struct WordList {
  std::string_view value_name;
  Words (*words)();
};
constexpr auto kWordLists = std::to_array<WordList>({{"ENV", environment_words},
                                                     {"LIST", report_words},
                                                     {"STATE", state_words},
                                                     {"DRILLS", drill_words},
                                                     {"CODE", code_words},
                                                     {"SETTING", setting_words},
                                                     {"KEY=VALUE", assignment_words}});

}  // namespace

Words likely_words(std::string_view value_name) {
  auto const row = std::ranges::find(kWordLists, value_name, &WordList::value_name);
  return row == kWordLists.end() ? Words() : row->words();
}

}  // namespace aw::commands
