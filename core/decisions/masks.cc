// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/masks.h"

#include <nlohmann/json.hpp>

#include "core/base/json.h"

namespace aw::decisions {
namespace {

constexpr std::string_view kInput = "/input";

bool erase_at(json::Json& document, std::string const& pointer) {
  json::Json::json_pointer const whole(pointer);
  if (!document.contains(whole)) return false;
  auto& parent = document.at(whole.parent_pointer());
  if (parent.is_object()) {
    parent.erase(whole.back());
    return true;
  }
  // The others of an array keep their places.
  document.at(whole) = nullptr;
  return true;
}

}  // namespace

Result<Masks> Masks::parse(std::vector<std::string> const& pointers) {
  Masks out;
  for (auto const& pointer : pointers) {
    auto const error = make_error(Code::config_out_of_range, "no mask: " + pointer,
                                  "a JSON pointer below /input, as /input/context/params/password");
    if (!pointer.starts_with(kInput) || pointer.size() <= kInput.size() + 1) return error;
    if (pointer[kInput.size()] != '/') return error;
    try {
      json::Json::json_pointer const parsed(pointer);
    } catch (json::Json::exception const&) {
      return error;
    }
    out.pointers_.push_back(pointer.substr(kInput.size()));
  }
  return out;
}

Masks::Masked Masks::apply(std::string const& input) const {
  auto parsed = json::parse(input);
  if (!parsed.ok()) return {.input = "{}", .erased = R"(["/input"])"};
  json::Json erased = json::Json::array();
  for (auto const& pointer : pointers_) {
    bool gone = false;
    try {
      gone = erase_at(*parsed, pointer);
    } catch (json::Json::exception const&) {
      // An index that this document's array has no place for names nothing.
    }
    if (gone) erased.push_back(std::string(kInput) + pointer);
  }
  return {.input = parsed->dump(), .erased = erased.empty() ? std::string() : erased.dump()};
}

}  // namespace aw::decisions
