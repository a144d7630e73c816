// SPDX-License-Identifier: Apache-2.0
#include "commands/support/json_member.h"

#include "core/base/text.h"

namespace aw::commands {

json::Json member(json::Json const& object, char const* name) {
  if (!object.is_object()) return {};
  auto const found = object.find(name);
  return found == object.end() ? json::Json() : *found;
}

std::string text_at(json::Json const& object, char const* name) {
  auto const value = member(object, name);
  return value.is_string() ? text::printable(value.get<std::string>()) : std::string();
}

}  // namespace aw::commands
