// SPDX-License-Identifier: Apache-2.0
#include "core/identity/federation_kept.h"

#include <nlohmann/json.hpp>

#include "core/base/json.h"

namespace aw::identity {
namespace {

using json::Json;

constexpr int kVersion = 1;
constexpr int kMaxKeptDepth = 8;

Error unusable(std::string what) { return make_error(Code::state_unusable, std::move(what)); }

Json kept_source(FederationSource const& source) {
  return {{"trust_domain", source.domain.name()},
          {"url", source.url},
          {"profile", profile_name(source.profile)},
          {"endpoint_spiffe_id", source.endpoint_id ? source.endpoint_id->text() : std::string()},
          {"ca_path", source.ca_file}};
}

// The member, which must be a text where it is there at all.
Result<std::string> kept_text(Json const& object, char const* name) {
  if (!object.is_object()) return unusable("an object is expected");
  auto const found = object.find(name);
  if (found == object.end()) return std::string();
  if (!found->is_string()) return unusable(std::string(name) + " is no text");
  return found->get<std::string>();
}

Result<EndpointProfile> profile_of(std::string_view name) {
  if (name.empty()) return EndpointProfile::https_web;
  for (auto const one : {EndpointProfile::https_web, EndpointProfile::https_spiffe})
    if (profile_name(one) == name) return one;
  return unusable("unknown profile");
}

Result<FederationSource> read_source(Json const& one) {
  FederationConfig config;
  AW_TRY(config.trust_domain, kept_text(one, "trust_domain"));
  AW_TRY(config.url, kept_text(one, "url"));
  AW_TRY(config.endpoint_spiffe_id, kept_text(one, "endpoint_spiffe_id"));
  AW_TRY(config.ca_path, kept_text(one, "ca_path"));
  AW_TRY(auto const profile, kept_text(one, "profile"));
  AW_TRY(config.profile, profile_of(profile));
  AW_TRY(auto source, parse_source(config));
  source.from = FederationSource::From::added;
  return source;
}

Result<std::pair<Bundle, WallTime>> read_bundle(std::string const& domain, Json const& one) {
  AW_TRY(auto name, TrustDomain::parse(domain));
  AW_TRY(auto const text, kept_text(one, "bundle"));
  AW_TRY(auto const seen, kept_text(one, "seen"));
  AW_TRY(auto bundle, Bundle::parse_json(std::move(name), text));
  auto const when = parse_rfc3339(seen);
  if (!when) return unusable("seen is no time");
  return std::pair(std::move(bundle), *when);
}

Result<KeptFederation> read_document(Json const& document) {
  KeptFederation out;
  if (document.value("version", Json()) != kVersion) return unusable("another version");
  Json const added = document.value("added", Json::array());
  Json const bundles = document.value("bundles", Json::object());
  if (!added.is_array()) return unusable("added is no list");
  if (!bundles.is_object()) return unusable("bundles is no object");
  for (auto const& one : added) {
    AW_TRY(auto source, read_source(one));
    for (auto const& other : out.added)
      if (other.domain == source.domain) return unusable(source.domain.name() + " comes twice");
    out.added.push_back(std::move(source));
  }
  for (auto const& [domain, one] : bundles.items()) {
    AW_TRY(auto bundle, with_context(read_bundle(domain, one), "bundles"));
    out.bundles.emplace(domain, std::move(bundle));
  }
  return out;
}

}  // namespace

std::string kept_federation_text(std::span<FederationSource const> sources,
                                 FetchedBundles const& bundles) {
  Json added = Json::array();
  for (auto const& source : sources)
    if (source.from == FederationSource::From::added) added.push_back(kept_source(source));
  Json known = Json::object();
  for (auto const& [domain, fetched] : bundles)
    known[domain.name()] = {{"seen", format_rfc3339(fetched.second)},
                            {"bundle", fetched.first.json()}};
  Json const document = {
      {"version", kVersion}, {"added", std::move(added)}, {"bundles", std::move(known)}};
  return document.dump();
}

Result<KeptFederation> parse_kept_federation(std::string_view text) {
  auto const document =
      json::parse(text, {.bytes = KeptFederation::kMaxBytes, .depth = kMaxKeptDepth});
  if (!document.ok()) return unusable(document.error().message);
  if (!document->is_object()) return unusable("an object is expected");
  auto out = read_document(*document);
  // What a part says of itself has its own code; of this file it means one thing.
  if (!out.ok()) return unusable(out.error().message);
  return out;
}

}  // namespace aw::identity
