// SPDX-License-Identifier: Apache-2.0
// Given values into a Config, in the order of the table.
#include "core/config/schema.h"
#include "core/config/values.h"

namespace aw::config {
namespace {

// What was given, and where what was not would stand.
struct Given {
  Values const& values;
  Sections const& sections;
  Place const& whole;
};

// The section that should have had the key, or the start of the file.
Place section_place(Given const& given, std::string_view key) {
  while (!key.empty()) {
    const auto dot = key.rfind('.');
    key = key.substr(0, dot == std::string_view::npos ? 0 : dot);
    const auto section = given.sections.find(key);
    if (section != given.sections.end()) return section->second.place();
  }
  Place start = given.whole;
  if (!start.file.empty()) start.line = start.column = 1;
  return start;
}

Place missing_place(Given const& given, Field const& field, std::size_t index) {
  if (!field.is_item()) return section_place(given, field.key);
  const auto list = given.values.find(field.key.substr(0, field.key.find("[]")));
  if (list == given.values.end() || index >= list->second.value->items.size()) return given.whole;
  return list->second.value->items[index]->at.place();
}

void decode_one(Field const& field, std::size_t index, Given const& all, Config& config,
                std::vector<Diagnostic>& found) {
  const std::string key = indexed(field.key, index);
  const auto given = all.values.find(key);
  if (given != all.values.end()) {
    assign(field, given->second, key, config, found);
  } else if (field.is_required) {
    found.push_back(problem(
        Code::config_missing_key, missing_place(all, field, index), key + " is required",
        field.example_text.empty() ? field.help
                                   : "for example: " + field.key.substr(field.key.rfind('.') + 1) +
                                         ": " + field.example_text));
    found.back().key = key;
  }
}

}  // namespace

Config decode(Values const& values, Sections const& sections, Place const& whole,
              std::vector<Diagnostic>& found) {
  const Given given{values, sections, whole};
  Config config;
  std::size_t items = 0;  // of the list of mappings the rows below stand in
  for (Field const& field : all_fields()) {
    if (field.type == Type::maps) {
      const auto list = values.find(field.key);
      items = list == values.end() ? 0 : list->second.count;
      std::get<MapsSlot>(field.access(config, 0)).resize(items);
    } else if (!field.is_item()) {
      decode_one(field, 0, given, config, found);
    } else {
      for (std::size_t i = 0; i < items; ++i) decode_one(field, i, given, config, found);
    }
  }
  return config;
}

}  // namespace aw::config
