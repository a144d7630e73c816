// SPDX-License-Identifier: Apache-2.0
// What production refuses at load, before a port is bound. Staging refuses the same, except
// TLS 1.2.
#include "core/config/production.h"

#include <array>

namespace aw::config {
namespace {

bool log_only(Config const& config) {
  return config.authorization.default_action != authz::DefaultAction::deny;
}
bool allow_all(Config const& config) {
  return config.authorization.provider == authz::Provider::allow_all;
}
bool weak_peer_verification(Config const& config) {
  return config.tls.peer_verification != tls::PeerVerification::strict;
}
bool old_tls(Config const& config) { return config.tls.min_version != tls::Version::tls1_3; }
bool audit_off(Config const& config) { return !config.audit.enabled; }
bool static_certificates(Config const& config) {
  return config.identity.provider == identity::Provider::mtls_static;
}
bool development_identity(Config const& config) {
  return config.identity.provider == identity::Provider::dev;
}

struct Rule {
  std::string_view key;
  std::string_view setting;  // for the banner
  bool (*violated)(Config const&);
  std::string_view message;  // "production" becomes the environment's name
  std::string_view hint;
};

constexpr auto kProductionRules = std::to_array<Rule>({
    {"authorization.default_action", "log-only", log_only,
     "Security violation: 'log-only' mode not allowed in production environment", "use \"deny\""},
    {"authorization.provider", "allow-all", allow_all,
     "authorization.provider cannot be 'allow-all' in production environment", "use \"opa\""},
    {"transport.peer_verification", "log-only", weak_peer_verification,
     "transport.peer_verification must be 'strict' in production environment", "use \"strict\""},
    {"transport.tls_min_version", "1.2", old_tls,
     "transport.tls_min_version must be '1.3' in production environment", "use \"1.3\""},
    {"authorization.audit.enabled", "false", audit_off,
     "authorization.audit.enabled must be true in production environment", "use true"},
    {"identity.provider", "mtls-static", static_certificates,
     "identity.provider cannot be 'mtls-static' in production environment", "use \"spiffe\""},
    {"identity.provider", "dev", development_identity,
     "identity.provider cannot be 'dev' in production environment", "use \"spiffe\""},
});

std::string for_environment(std::string_view message, Environment environment) {
  constexpr std::string_view kName = "production";
  std::string out(message);
  out.replace(out.rfind(kName), kName.size(), environment_name(environment));
  return out;
}

bool applies(Rule const& rule, Environment environment) {
  if (environment == Environment::development) return false;
  return environment == Environment::production || rule.violated != old_tls;
}

}  // namespace

void check_production(Facts const& facts, std::vector<Diagnostic>& found,
                      std::vector<std::string>& insecure) {
  const Environment environment = facts.config.environment;
  for (Rule const& rule : kProductionRules) {
    if (!rule.violated(facts.config)) continue;
    insecure.push_back(std::string(rule.key) + '=' + std::string(rule.setting));
    if (!applies(rule, environment)) continue;
    Diagnostic refused =
        problem(Code::insecure_in_production, facts.place(rule.key),
                for_environment(rule.message, environment), std::string(rule.hint));
    refused.key = rule.key;
    refused.value = rule.setting;
    found.push_back(std::move(refused));
  }
}

}  // namespace aw::config
