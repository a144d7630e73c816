// SPDX-License-Identifier: Apache-2.0
// Given values into a Config, in the order of the table.
#include "core/config/schema.h"
#include "core/config/values.h"

namespace aw::config {
namespace {

// The mapping that should have had the key, or the file.
Place missing_place(Values const& values, Field const& field, std::size_t index,
                    Place const& whole) {
  if (!field.is_item()) return whole;
  const auto list = values.find(field.key.substr(0, field.key.find("[]")));
  if (list == values.end() || index >= list->second.value->items.size()) return whole;
  return list->second.value->items[index]->at.place();
}

void decode_one(Field const& field, std::size_t index, Values const& values, Place const& whole,
                Config& config, std::vector<Diagnostic>& found) {
  const std::string key = indexed(field.key, index);
  const auto given = values.find(key);
  if (given != values.end()) {
    assign(field, given->second, key, config, found);
  } else if (field.is_required) {
    found.push_back(problem(
        Code::config_missing_key, missing_place(values, field, index, whole), key + " is required",
        field.example_text.empty() ? field.help
                                   : "for example: " + field.key.substr(field.key.rfind('.') + 1) +
                                         ": " + field.example_text));
    found.back().key = key;
  }
}

}  // namespace

Config decode(Values const& values, Place const& whole, std::vector<Diagnostic>& found) {
  Config config;
  std::size_t items = 0;  // of the list of mappings the rows below stand in
  for (Field const& field : all_fields()) {
    if (field.type == Type::maps) {
      const auto list = values.find(field.key);
      items = list == values.end() ? 0 : list->second.count;
      std::get<MapsSlot>(field.access(config, 0)).resize(items);
    } else if (!field.is_item()) {
      decode_one(field, 0, values, whole, config, found);
    } else {
      for (std::size_t i = 0; i < items; ++i) decode_one(field, i, values, whole, config, found);
    }
  }
  return config;
}

}  // namespace aw::config
