// SPDX-License-Identifier: Apache-2.0
#include "core/config/show.h"

#include <nlohmann/json.hpp>

#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/config/schema.h"
#include "core/config/values.h"

namespace aw::config {
namespace {

using Json = nlohmann::ordered_json;

bool is_single_form(Field const& field) {
  return field.key == "authorization.opa_endpoint" ||
         field.key == "authorization.audit.destination";
}

bool is_empty_text(nlohmann::json const& value) {
  return value.is_string() && value.get_ref<std::string const&>().empty();
}

nlohmann::json shown(Field const& field, Config const& config, std::size_t index) {
  nlohmann::json value = value_of(field, config, index);
  bool const given = !is_empty_text(value) && !(value.is_array() && value.empty());
  if (field.is_secret && given) return std::string(kRedacted);
  return value;
}

// Null where it is the default. A list may have been given by its single form.
Place const* origin_of(Loaded const& loaded, std::string const& key) {
  for (std::string const& one :
       {key, key == "authorization.opa_endpoints" ? "authorization.opa_endpoint" : key,
        key == "authorization.audit.destinations" ? "authorization.audit.destination" : key}) {
    const auto found = loaded.origins.find(one);
    if (found != loaded.origins.end()) return &found->second;
  }
  return nullptr;
}

bool is_empty(nlohmann::json const& value) {
  return value.is_null() || (value.is_string() && value.get_ref<std::string const&>().empty()) ||
         ((value.is_array() || value.is_object()) && value.empty());
}

// Calls `each(field, index)` for every value, items in the order of the list.
template <class Each>
void for_each_value(Config const& config, Each each) {
  Field const* list = nullptr;
  std::size_t items = 0;
  const auto flush = [&each, &list, &items] {
    if (list == nullptr) return;
    for (std::size_t i = 0; i < items; ++i) {
      for (Field const& row : all_fields()) {
        if (row.key.starts_with(list->key + "[].")) each(row, i);
      }
    }
    list = nullptr;
  };
  for (Field const& field : all_fields()) {
    if (field.is_item() || is_single_form(field)) continue;
    flush();
    if (field.type == Type::maps) {
      list = &field;
      items = value_of(field, config).get<std::size_t>();
    } else {
      each(field, 0);
    }
  }
  flush();
}

void put(Json& root, std::string_view key, std::size_t index, nlohmann::json const& value) {
  Json* at = &root;
  for (const std::string_view part : text::split(key, '.')) {
    const bool list = part.ends_with("[]");
    at = &(*at)[std::string(list ? part.substr(0, part.size() - 2) : part)];
    if (list) at = &(*at)[index];
  }
  *at = value;
}

void append_yaml(std::string& out, Json const& node, std::string const& indent);

void append_members(std::string& out, Json const& node, std::string const& indent) {
  for (auto const& [name, value] : node.items()) {
    out += indent + yaml_text(nlohmann::json(name)) + ':';
    append_yaml(out, value, indent + "  ");
  }
}

// After "key:": a scalar on the same line, anything else below.
void append_yaml(std::string& out, Json const& node, std::string const& indent) {
  const bool maps = node.is_array() && !node.empty() && node.front().is_object();
  if (node.is_object() && !node.empty()) {
    out += '\n';
    append_members(out, node, indent);
  } else if (maps) {
    out += '\n';
    for (Json const& item : node) {
      std::string block;
      append_members(block, item, indent + "  ");
      block.replace(indent.size(), 2, "- ");
      out += block;
    }
  } else {
    out += ' ' + yaml_text(nlohmann::json(node)) + '\n';
  }
}

}  // namespace

std::vector<Setting> settings(Loaded const& loaded) {
  std::vector<Setting> out;
  for_each_value(loaded.config, [&out, &loaded](Field const& field, std::size_t index) {
    const std::string key = indexed(field.key, index);
    auto const* const place = origin_of(loaded, key);
    out.push_back({key, yaml_text(shown(field, loaded.config, index)),
                   place == nullptr ? "default" : place->text()});
  });
  return out;
}

std::vector<NamedPath> named_paths(Loaded const& loaded) {
  std::vector<NamedPath> out;
  for_each_value(loaded.config, [&out, &loaded](Field const& field, std::size_t index) {
    if (field.path_use == PathUse::none) return;
    const nlohmann::json value = value_of(field, loaded.config, index);
    const std::string key = indexed(field.key, index);
    auto const* const place = origin_of(loaded, key);
    const auto add = [&](nlohmann::json const& text) {
      if (is_empty_text(text)) return;
      out.push_back({key, place == nullptr ? "default" : place->text(), text.get<std::string>(),
                     field.path_use});
    };
    if (!value.is_array()) return add(value);
    for (auto const& item : value) {
      add(item);
      if (field.path_use == PathUse::program) break;  // the rest are its arguments
    }
  });
  return out;
}

Json document(Config const& config) {
  Json root = Json::object();
  for_each_value(config, [&root, &config](Field const& field, std::size_t index) {
    const nlohmann::json value = shown(field, config, index);
    if (!is_empty(value)) put(root, field.key, index, value);
  });
  return root;
}

std::string yaml_document(Config const& config) { return yaml_of(document(config)); }

Json given_document(Loaded const& loaded) {
  Json root = Json::object();
  for_each_value(loaded.config, [&root, &loaded](Field const& field, std::size_t index) {
    if (origin_of(loaded, indexed(field.key, index)) == nullptr) return;
    const nlohmann::json value = shown(field, loaded.config, index);
    if (!is_empty(value)) put(root, field.key, index, value);
  });
  return root;
}

std::string yaml_of(Json const& document) {
  std::string out;
  append_members(out, document, "");
  return out;
}

}  // namespace aw::config
