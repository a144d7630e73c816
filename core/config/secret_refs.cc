// SPDX-License-Identifier: Apache-2.0
#include "core/config/secret_refs.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/base/text.h"
#include "core/config/schema.h"

namespace aw::config {
namespace {

constexpr std::size_t kMaxFilled = 128U << 10;

// Read before the agent has an identity, or shown to everybody.
constexpr auto kEarly = std::to_array<std::string_view>(
    {"agent.", "identity.", "state.", "secrets.", "observability.logging.",
     "observability.metrics.", "authorization.audit.", "server.admin."});
// Below agent., but late: nobody but the backend sees it.
constexpr std::string_view kBackend = "agent.capabilities[].backend.";

std::string why_not(Field const& row) {
  if (row.key.ends_with("command") || row.key == "identity.on_svid_update")
    return "a secret is never handed over as an argument: every process of the machine may read "
           "those";
  if (row.path_use != PathUse::none) return "a path cannot be a secret";
  bool const early = std::ranges::any_of(
      kEarly, [&row](std::string_view one) { return row.key.starts_with(one); });
  if (early && !row.key.starts_with(kBackend))
    return "a secret cannot stand here: this is needed before the agent has its identity, or shown "
           "to others";
  if (row.type != Type::text && row.type != Type::text_list) return "a secret is a text";
  return {};
}

std::string hint_for(Field const& row) {
  if (row.key.ends_with("command")) return "hand it over in the environment";
  return {};
}

// `wrong`: why one of them is none.
void gather(Node const& node, std::vector<std::string>& names, std::string& wrong) {
  auto here = secret_names(node.text);
  std::size_t begun = 0;
  for (auto at = node.text.find(kSecretReference); at != std::string::npos;
       at = node.text.find(kSecretReference, at + 1))
    ++begun;
  if (begun > 0 && node.at.rank == Rank::environment)
    wrong = "variable " + node.at.name + " refers to a secret: only the file itself may";
  if (begun != here.size()) wrong = "${secret: is not closed";
  std::ranges::move(here, std::back_inserter(names));
  for (NodePtr const& item : node.items) gather(*item, names, wrong);
  for (Member const& member : node.members) gather(*member.value, names, wrong);
}

void add_problem(std::vector<Diagnostic>& found, Code code, std::string const& key,
                 Entry const& entry, std::string message, std::string hint) {
  found.push_back(
      problem(code, entry.value->at.place(), key + ": " + std::move(message), std::move(hint)));
  found.back().key = key;
}

void check_names(SecretUse const& use, Entry const& entry, Config const& config,
                 std::vector<Diagnostic>& found) {
  std::vector<std::string_view> known;
  known.reserve(config.secrets.values.size());
  for (auto const& one : config.secrets.values) known.push_back(one.name);
  for (auto const& name : use.names) {
    if (std::ranges::find(known, std::string_view(name)) != known.end()) continue;
    auto const near = text::nearest(name, known);
    add_problem(found, Code::config_bad_variable, use.key, entry,
                "there is no secret \"" + text::printable(name) + "\" in secrets.values",
                near ? "did you mean \"" + std::string(*near) + "\"?" : "");
  }
}

// The texts of a slot, one or several.
std::vector<std::string*> texts_of(Slot const& slot) {
  if (auto* const* one = std::get_if<std::string*>(&slot)) return {*one};
  std::vector<std::string>* list = nullptr;
  if (auto* const* many = std::get_if<std::vector<std::string>*>(&slot)) list = *many;
  if (auto const* first = std::get_if<FirstSlot>(&slot)) list = first->list;
  std::vector<std::string*> out;
  if (list != nullptr)
    for (auto& text : *list) out.push_back(&text);
  return out;
}

Error within_use(Error error, SecretUse const& use) { return std::move(error).within(use.key); }

Result<std::string> filled(std::string_view text, SecretLookup const& lookup) {
  std::string out;
  for (;;) {
    auto const at = text.find(kSecretReference);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    auto const end = text.find('}', at);
    AW_TRY(auto const secret, lookup(std::string(text.substr(at + kSecretReference.size(),
                                                             end - at - kSecretReference.size()))));
    if (out.size() + secret.reveal().size() > kMaxFilled)
      return make_error(Code::config_out_of_range, "the value is too long with its secrets");
    out += secret.reveal();
    text.remove_prefix(end + 1);
  }
}

// The same rules as at load, in words that do not show the value.
std::string misfit(Field const& row, std::string_view text) {
  bool const lines = row.key.ends_with("environment");
  bool const control = std::ranges::any_of(
      text, [lines](unsigned char c) { return c == 0 || (!lines && (c < 0x20 || c == 0x7F)); });
  if (control) return "must not contain control characters";
  if (row.check_with == nullptr || row.check_with(text).empty()) return {};
  return "does not fit: " + (row.allowed_text.empty() ? row.help : row.allowed_text);
}

}  // namespace

std::vector<std::string> secret_names(std::string_view text) {
  std::vector<std::string> out;
  for (auto at = text.find(kSecretReference); at != std::string_view::npos;
       at = text.find(kSecretReference, at + 1)) {
    auto const from = at + kSecretReference.size();
    auto const end = text.find('}', from);
    if (end == std::string_view::npos) break;
    out.emplace_back(text.substr(from, end - from));
  }
  return out;
}

std::vector<SecretUse> find_secret_uses(Values const& values, Config const& config,
                                        std::vector<Diagnostic>& found) {
  std::vector<SecretUse> out;
  for (auto const& [key, entry] : values) {
    if (entry.field->type == Type::maps) continue;  // its items stand for themselves
    SecretUse use{.key = key, .row = entry.field->key, .index = entry.index, .names = {}};
    std::string wrong;
    gather(*entry.value, use.names, wrong);
    if (!wrong.empty()) {
      add_problem(found, Code::config_bad_variable, key, entry, std::move(wrong), {});
      continue;
    }
    if (use.names.empty()) continue;
    if (auto why = why_not(*entry.field); !why.empty()) {
      add_problem(found, Code::config_conflict, key, entry, std::move(why), hint_for(*entry.field));
      continue;
    }
    check_names(use, entry, config, found);
    out.push_back(std::move(use));
  }
  return out;
}

Result<void> fill_secrets(std::vector<SecretUse> const& uses, Config& config,
                          SecretLookup const& lookup) {
  for (auto const& use : uses) {
    Field const& row = *find_field(use.row);
    for (std::string* const text : texts_of(row.access(config, use.index))) {
      if (text->find(kSecretReference) == std::string::npos) continue;
      auto value = filled(*text, lookup);
      if (!value.ok()) return within_use(std::move(value).error(), use);
      if (auto const wrong = misfit(row, *value); !wrong.empty()) {
        wipe(*value);
        return within_use(make_error(Code::config_out_of_range,
                                     "with secret \"" + use.names.front() + "\" it " + wrong),
                          use);
      }
      *text = std::move(*value);
    }
  }
  return {};
}

void wipe_secrets(std::vector<SecretUse> const& uses, Config& config) {
  for (auto const& use : uses)
    for (std::string* const text : texts_of(find_field(use.row)->access(config, use.index)))
      wipe(*text);
}

}  // namespace aw::config
