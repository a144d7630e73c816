// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "commands/support/diagnosis.h"
#include "core/audit/destination.h"
#include "core/runtime/descriptors.h"
#include "core/tls/machine_trust.h"

namespace aw::commands {
namespace {

constexpr std::string_view kGroup = "machine";

// What of the configuration goes over libcurl, by its keys.
std::vector<std::string> over_libcurl(config::Config const& config) {
  std::vector<std::string> out;
  if (config.tracing.active()) out.emplace_back("observability.tracing");
  if (!config.decision_logs.url.empty()) out.emplace_back("authorization.decision_logs");
  for (auto const& text : config.audit.destinations) {
    auto const where = audit::parse_destination(text);
    using Kind = audit::Destination::Kind;
    using Transport = audit::Destination::Transport;
    if (where.ok() && (where->kind == Kind::http || where->transport == Transport::tcp ||
                       where->transport == Transport::tls))
      out.push_back("audit log " + where->name);
  }
  for (auto const& secret : config.secrets.values)
    if (secret.from == secrets::From::vault || secret.from == secrets::From::aws)
      out.push_back("secret " + secret.name);
  return out;
}

std::string joined(std::vector<std::string> const& words) {
  std::string out;
  for (auto const& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

Finding look_at_libcurl(config::Config const& config) {
  std::unique_ptr<CURL, decltype(&::curl_easy_cleanup)> const handle(::curl_easy_init(),
                                                                     &::curl_easy_cleanup);
  if (handle) return good(std::string(kGroup), "libcurl is here");
  auto const needed = over_libcurl(config);
  std::string const fix = "apt install libcurl4";
  if (!needed.empty())
    return bad(std::string(kGroup), Code::check_failed,
               "libcurl.so.4 cannot be loaded: nothing goes out for " + joined(needed), fix);
  return warned(std::string(kGroup), Code::check_failed,
                "libcurl.so.4 cannot be loaded: push notifications cannot be delivered", fix);
}

// Whose certificate the machine's own authorities have to vouch for, by their keys.
std::vector<std::string> vouched_for_here(config::Config const& config) {
  std::vector<std::string> out;
  auto const add = [&out](std::string key, std::string_view url, std::string const& authorities) {
    if (url.starts_with("https://") && authorities.empty()) out.push_back(std::move(key));
  };
  auto const& authorization = config.authorization;
  for (auto const& url : authorization.opa_endpoints)
    if (!authorization.embedded()) add("OPA at " + url, url, authorization.opa_ca_path);
  if (authorization.bundle.server_id.empty())
    add("authorization.bundle.url", authorization.bundle.url, authorization.bundle.ca_path);
  add("authorization.decision_logs", config.decision_logs.url, config.decision_logs.ca_path);
  auto const& tracing = config.tracing;
  if (tracing.active())
    add("observability.tracing",
        tracing.traces_endpoint.empty() ? tracing.endpoint : tracing.traces_endpoint,
        tracing.ca_path);
  for (auto const& one : config.identity.federation)
    if (one.profile == identity::EndpointProfile::https_web)
      add("federation with " + one.trust_domain, one.url, one.ca_path);
  for (auto const& secret : config.secrets.values) {
    if (secret.from == secrets::From::vault)
      add("secret " + secret.name, config.secrets.vault.address, config.secrets.vault.ca_path);
    if (secret.from == secrets::From::aws && config.secrets.aws.endpoint.empty())
      out.push_back("secret " + secret.name);
  }
  return out;
}

// Debian's ca-certificates fills them.
bool has_authorities(Env const& env) {
  auto const place = [&env](std::string const& variable, std::string const& otherwise) {
    auto const set = env.find(variable);
    return set == env.end() ? otherwise : set->second;
  };
  auto const trust = tls::machine_trust();
  std::error_code failed;
  auto const size = std::filesystem::file_size(place(trust.file_variable, trust.file), failed);
  if (!failed && size > 0) return true;
  std::filesystem::directory_iterator const entries(
      place(trust.directory_variable, trust.directory), failed);
  return !failed && std::ranges::any_of(entries, [](auto const& entry) {
    return entry.path().extension() == ".0";
  });
}

}  // namespace

Findings check_machine(Patient const& patient) {
  Findings found{look_at_libcurl(patient.config)};
  if (auto const room = runtime::possible_descriptors(patient.config); !room.enough())
    found.push_back(warned(std::string(kGroup), Code::check_failed,
                           runtime::too_few_descriptors(room), runtime::more_descriptors(room)));
  auto const needed = vouched_for_here(patient.config);
  if (needed.empty()) return found;
  found.push_back(
      has_authorities(patient.context.env)
          ? good(std::string(kGroup), "the machine's certificate authorities are here")
          : bad(std::string(kGroup), Code::check_failed,
                "this machine trusts no certificate authority, which " + joined(needed) + " needs",
                "apt install ca-certificates, or name the authority: ca_path"));
  return found;
}

}  // namespace aw::commands
