// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/masks.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/json.h"

namespace aw::decisions {
namespace {

using Pointer = json::Json::json_pointer;

constexpr std::string_view kInput = "/input";

bool erase_at(json::Json& document, Pointer const& whole) {
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

// Objects on the way are made; what is on the way and no object has no place for it.
bool put_at(json::Json& document, Pointer const& whole, json::Json value) {
  auto const parent = whole.parent_pointer();
  if (!parent.empty() && !document.contains(parent) &&
      !put_at(document, parent, json::Json::object()))
    return false;
  auto& at = document.at(parent);
  if (at.is_object()) {
    at[whole.back()] = std::move(value);
    return true;
  }
  if (!document.contains(whole)) return false;
  document.at(whole) = std::move(value);
  return true;
}

bool apply_one(json::Json& document, MaskRule const& rule) {
  try {
    Pointer const whole(rule.path);
    if (rule.op == MaskRule::Op::remove) return erase_at(document, whole);
    return put_at(document, whole, json::Json::parse(rule.value));
  } catch (json::Json::exception const&) {
    return false;  // an index that this document's array has no place for names nothing
  }
}

Result<MaskRule> checked_rule(MaskRule rule) {
  auto const error = make_error(Code::config_out_of_range, "no mask: " + rule.path,
                                "a JSON pointer below /input, as /input/context/params/password");
  if (!rule.path.starts_with(kInput) || rule.path.size() <= kInput.size() + 1) return error;
  if (rule.path[kInput.size()] != '/') return error;
  try {
    Pointer const parsed(rule.path);
  } catch (json::Json::exception const&) {
    return error;
  }
  rule.path.erase(0, kInput.size());
  bool const puts = rule.op == MaskRule::Op::upsert;
  if (puts != !rule.value.empty())
    return make_error(Code::config_out_of_range,
                      puts ? "a mask that puts something in needs a value: " + rule.path
                           : "a mask that removes has no value: " + rule.path);
  if (puts && !json::parse(rule.value).ok())
    return make_error(Code::config_out_of_range, "no JSON as a mask's value: " + rule.path);
  return rule;
}

}  // namespace

Result<Masks> Masks::parse(Config const& config) {
  Masks out;
  for (auto const& pointer : config.masks) {
    AW_TRY(auto rule, checked_rule({.op = MaskRule::Op::remove, .path = pointer, .value = {}}));
    out.rules_.push_back(std::move(rule));
  }
  for (auto const& given : config.mask_rules) {
    AW_TRY(auto rule, checked_rule(given));
    out.rules_.push_back(std::move(rule));
  }
  return out;
}

Masks::Masked Masks::apply(std::string const& input) const {
  auto parsed = json::parse(input);
  if (!parsed.ok()) return {.input = "{}", .erased = R"(["/input"])", .masked = {}};
  json::Json erased = json::Json::array();
  json::Json masked = json::Json::array();
  for (auto const& rule : rules_) {
    if (!apply_one(*parsed, rule)) continue;
    (rule.op == MaskRule::Op::remove ? erased : masked).push_back(std::string(kInput) + rule.path);
  }
  return {.input = parsed->dump(),
          .erased = erased.empty() ? std::string() : erased.dump(),
          .masked = masked.empty() ? std::string() : masked.dump()};
}

}  // namespace aw::decisions
