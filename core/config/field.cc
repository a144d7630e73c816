// SPDX-License-Identifier: Apache-2.0
#include "core/config/field.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/config/schema.h"

namespace aw::config {
namespace {

using nlohmann::json;

std::string_view choice_name(std::vector<ChoiceName> const& names, int value) {
  const auto found = std::ranges::find(names, value, &ChoiceName::value);
  return found == names.end() ? std::string_view() : found->name;
}

// Whole when it is whole, so that 30 does not become 30.0.
json number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

// One unit, exactly: "1500ms", "30s", "24h".
json duration_value(std::string_view key, std::chrono::nanoseconds value) {
  if (key.ends_with("_seconds")) return number(std::chrono::duration<double>(value).count());
  struct Unit {
    std::string_view name;
    std::chrono::nanoseconds size;
  };
  using namespace std::chrono_literals;
  for (const Unit unit : {Unit{"h", 1h}, Unit{"m", 1min}, Unit{"s", 1s}, Unit{"ms", 1ms},
                          Unit{"us", 1us}, Unit{"ns", 1ns}}) {
    if (value != 0ns && value % unit.size == 0ns) {
      return std::to_string(value / unit.size) + std::string(unit.name);
    }
  }
  return "0s";
}

std::string log_output(LogOutputSlot const& slot) {
  switch (*slot.output) {
    case log::Output::standard_error:
      return "stderr";
    case log::Output::standard_output:
      return "stdout";
    case log::Output::file:
      return "file://" + *slot.file;
    case log::Output::syslog:
      return "syslog";
  }
  return "stderr";
}

// Turns what a slot holds into JSON.
struct Reader {
  Field const& field;

  json operator()(std::string const* value) const {
    if (field.type != Type::json) return *value;
    return value->empty() ? json() : json::parse(*value, nullptr, false);
  }
  json operator()(bool const* value) const { return *value; }
  json operator()(std::uint16_t const* value) const { return *value; }
  json operator()(std::uint32_t const* value) const { return *value; }
  json operator()(std::uint64_t const* value) const { return *value; }
  json operator()(int const* value) const { return *value; }
  json operator()(double const* value) const { return number(*value); }
  json operator()(std::chrono::nanoseconds const* value) const {
    return duration_value(field.key, *value);
  }
  json operator()(std::vector<std::string> const* value) const { return *value; }
  json operator()(std::vector<int> const* value) const { return *value; }
  json operator()(std::map<std::string, log::Level> const* value) const {
    json out = json::object();
    for (auto const& [name, level] : *value) out[name] = log::level_name(level);
    return out;
  }
  json operator()(ChoiceSlot const& slot) const {
    return std::string(choice_name(field.choices, slot.get()));
  }
  json operator()(FirstSlot const& slot) const {
    return slot.list->empty() ? std::string() : slot.list->front();
  }
  json operator()(LogOutputSlot const& slot) const { return log_output(slot); }
  json operator()(MapsSlot const& slot) const { return slot.size(); }
};

// Would YAML read it back as the same text, unquoted?
bool plain_safe(std::string const& text) {
  if (text.empty()) return false;
  const auto unit = text.find_first_not_of("0123456789");
  if (unit != 0 && unit != std::string::npos) {  // "30s" is no number
    const std::string_view name = std::string_view(text).substr(unit);
    return name == "s" || name == "ms" || name == "m" || name == "h" || name == "us";
  }
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/.";
  constexpr std::string_view kRest = "0123456789_-+@$()=";
  if (kFirst.find(text.front()) == std::string_view::npos) return false;
  if (text.find_first_not_of(std::string(kFirst) + std::string(kRest) + " ") != std::string::npos) {
    return false;
  }
  if (text.back() == ' ' || text.front() == '.') return text.size() > 1 && text.back() != ' ';
  for (const std::string_view word :
       {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}) {
    if (text::equal_ignoring_case(text, word)) return false;
  }
  return true;
}

}  // namespace

nlohmann::json value_of(Field const& field, Config const& config, std::size_t index) {
  Config copy = config;  // slots are for writing; a copy keeps const honest
  return std::visit(Reader{field}, field.access(copy, index));
}

std::string yaml_text(json const& value) {
  if (value.is_null()) return "null";
  if (value.is_string()) {
    auto const& text = value.get_ref<std::string const&>();
    return plain_safe(text) ? text : value.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  if (value.is_array()) {
    std::string out = "[";
    for (auto const& item : value) out += (out.size() > 1 ? ", " : "") + yaml_text(item);
    return out + "]";
  }
  if (value.is_object()) {
    std::string out = "{";
    for (auto const& [name, item] : value.items()) {
      out += (out.size() > 1 ? ", " : "") + yaml_text(json(name)) + ": " + yaml_text(item);
    }
    return out + "}";
  }
  return value.dump();
}

std::string derived_variable(Field const& field) {
  if (field.is_item() || field.type == Type::maps || field.type == Type::levels) return {};
  std::string out = "AGENTWEAVE_" + field.key;
  std::ranges::transform(out, out.begin(), [](char c) {
    if (c == '.') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::text:
      return "text";
    case Type::boolean:
      return "true or false";
    case Type::integer:
      return "whole number";
    case Type::real:
      return "number";
    case Type::duration:
      return "duration (30, 30s, 5m, 1h30m)";
    case Type::choice:
      return "word of a list";
    case Type::text_list:
      return "list of texts";
    case Type::integer_list:
      return "list of whole numbers";
    case Type::json:
      return "any value";
    case Type::levels:
      return "mapping of names to levels";
    case Type::maps:
      return "list of mappings";
  }
  return "text";
}

std::string allowed_values(Field const& field) {
  if (!field.choices.empty()) {
    std::string out;
    for (ChoiceName const& choice : field.choices) {
      if (!choice.old) out += (out.empty() ? "" : ", ") + std::string(choice.name);
    }
    return out;
  }
  if (!field.allowed_text.empty()) return field.allowed_text;
  const std::string unit = field.type == Type::duration ? " seconds" : "";
  if (field.least && field.most) {
    return number(*field.least).dump() + " to " + number(*field.most).dump() + unit;
  }
  if (field.least) return "at least " + number(*field.least).dump() + unit;
  return {};
}

std::string default_text(Field const& field) {
  if (field.is_required) return {};
  if (field.key == "agent.capabilities[].backend.type") return {};
  if (field.key == "authorization.audit.destinations") return {};
  if (field.key == "authorization.opa_endpoints") return {};
  Config config;
  config.agent.capabilities.resize(1);
  config.backends.resize(1);
  config.discovery.peers.resize(1);
  config.decisions.mask_rules.resize(1);
  config.secrets.values.resize(1);
  config.identity.federation.resize(1);
  if (field.type == Type::maps) return "[]";
  const json value = value_of(field, config);
  if (value.is_null() || (value.is_string() && value.get_ref<std::string const&>().empty())) {
    return {};
  }
  return yaml_text(value);
}

}  // namespace aw::config
