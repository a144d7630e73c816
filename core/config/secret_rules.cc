// SPDX-License-Identifier: Apache-2.0
#include "core/config/secret_rules.h"

#include <algorithm>
#include <array>
#include <set>

namespace aw::config {
namespace {

void object(std::vector<Diagnostic>& found, Facts const& facts, Code code, std::string key,
            std::string message, std::string hint) {
  found.push_back(problem(code, facts.place(key), std::move(message), std::move(hint)));
  found.back().key = std::move(key);
}

struct Keeps {
  secrets::From from;
  std::string_view key;
};
constexpr auto kKeeps = std::to_array<Keeps>({{secrets::From::env, "variable"},
                                              {secrets::From::file, "file"},
                                              {secrets::From::exec, "command"},
                                              {secrets::From::vault, "path"},
                                              {secrets::From::aws, "id"}});

// Each secret has what its keeper needs, and nothing that means nothing to it.
void complete_secrets(Facts const& facts, std::vector<Diagnostic>& found) {
  std::set<std::string_view> names;
  auto const& values = facts.config.secrets.values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto key = [i](std::string_view name) {
      return indexed("secrets.values[]." + std::string(name), i);
    };
    if (!values[i].name.empty() && !names.insert(values[i].name).second) {
      object(found, facts, Code::config_conflict, key("name"),
             "secret \"" + values[i].name + "\" is listed twice", "each name once");
    }
    if (values[i].from == secrets::From::none) continue;  // said already
    for (Keeps const& one : kKeeps) {
      const bool needed = one.from == values[i].from;
      if (needed == facts.given(key(one.key))) continue;
      object(found, facts, needed ? Code::config_missing_key : Code::config_conflict,
             needed ? key("from") : key(one.key),
             key(one.key) + (needed ? " is required" : " means nothing to this keeper"),
             needed ? "this keeper needs it" : "remove it");
    }
  }
}

void reachable_keepers(Facts const& facts, std::vector<Diagnostic>& found) {
  auto const& config = facts.config.secrets;
  const bool vault = std::ranges::any_of(
      config.values, [](auto const& one) { return one.from == secrets::From::vault; });
  if (!vault) return;
  if (config.vault.address.empty()) {
    object(found, facts, Code::config_missing_key, "secrets.vault.address",
           "secrets.vault.address is required", "for example: https://vault.example:8200");
  }
  const bool by_token = config.vault.auth == secrets::VaultAuth::token;
  if (by_token && config.vault.token_file.empty()) {
    object(found, facts, Code::config_missing_key, "secrets.vault.token_file",
           "secrets.vault.token_file is required", "auth: token reads it");
  }
  if (config.vault.auth == secrets::VaultAuth::jwt &&
      facts.config.identity.provider == identity::Provider::mtls_static) {
    object(found, facts, Code::config_conflict, "secrets.vault.auth",
           "secrets.vault.auth jwt needs a Workload API, which mtls-static has not", "use cert");
  }
}

}  // namespace

void check_secret_values(Facts const& facts, std::vector<Diagnostic>& found) {
  complete_secrets(facts, found);
  reachable_keepers(facts, found);
}

}  // namespace aw::config
