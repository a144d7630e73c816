// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/discovery.h"

#include <algorithm>

namespace aw::a2a {
namespace {

constexpr std::uint16_t kDefaultPort = 8443;

std::string replaced(std::string text, std::string_view word, std::string_view by) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size())) {
    text.replace(at, word.size(), by);
  }
  return text;
}

Result<http::Endpoint> parse_address(std::string_view address) {
  std::string const whole =
      address.contains("://") ? std::string(address) : "https://" + std::string(address);
  AW_TRY(auto url, http::parse_url(whole));
  if (url.endpoint.scheme != http::Scheme::https) {
    return make_error(Code::usage, "\"" + std::string(address) + "\" is not an https address",
                      "agents are called over mutual TLS only: https://host:port");
  }
  auto const authority = whole.substr(whole.find("://") + 3);
  auto const colon = authority.find_last_of(":]");
  bool const has_port = colon != std::string::npos && authority[colon] == ':';
  if (!has_port) url.endpoint.port = kDefaultPort;
  return url.endpoint;
}

}  // namespace

Result<identity::SpiffeId> target_id(std::string_view target, identity::TrustDomain const& own) {
  std::string const text = target.starts_with("spiffe://")
                               ? std::string(target)
                               : own.id() + "/agent/" + std::string(target);
  auto id = identity::SpiffeId::parse(text);
  if (!id.ok() || id->path().empty()) {
    return make_error(
        Code::usage,
        "\"" + std::string(target) + "\" names no agent" +
            (id.ok() ? std::string() : ": " + id.error().message),
        "write a SPIFFE ID (spiffe://" + own.name() + "/agent/search) or its last part (search)");
  }
  return id;
}

Result<http::Endpoint> target_endpoint(identity::SpiffeId const& id,
                                       DiscoveryConfig const& discovery, std::string_view address) {
  if (!address.empty()) return parse_address(address);
  auto const peer = std::ranges::find(discovery.peers, id.text(), &PeerAddress::spiffe_id);
  std::string found = peer != discovery.peers.end() ? peer->address : discovery.address_template;
  found = replaced(std::move(found), "{name}", id.last_segment());
  found = replaced(std::move(found), "{trust_domain}", id.trust_domain().name());
  auto endpoint = parse_address(found);
  if (endpoint.ok()) return endpoint;
  return make_error(Code::config_out_of_range,
                    "the configuration gives \"" + found + "\" as the address of " + id.text(),
                    "see peers and transport.discovery.template");
}

}  // namespace aw::a2a
