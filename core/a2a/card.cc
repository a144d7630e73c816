// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/card.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

constexpr std::string_view kSchemeText =
    "mutual TLS; the client certificate is an X.509-SVID, its SPIFFE ID is the caller";

struct Interface {
  std::string url;
  std::string_view binding;
  std::string_view version;
};

// gRPC clients dial host:port; those of 0.3 expect a URL.
std::string grpc_target(std::string_view base, std::string_view version) {
  auto const scheme = base.find("://");
  if (version == "0.3" || scheme == std::string_view::npos) return std::string(base);
  return std::string(base.substr(scheme + 3));
}

void write_list(json::Writer& out, std::string_view name, std::vector<std::string> const& values) {
  out.key(name).begin_array();
  for (auto const& value : values) out.string(value);
  out.end_array();
}

// Every mode that some capability has, in order of appearance.
std::vector<std::string> all_modes(std::vector<Capability> const& capabilities,
                                   std::vector<std::string> Capability::* modes) {
  std::vector<std::string> out;
  for (auto const& capability : capabilities)
    for (auto const& mode : capability.*modes)
      if (std::ranges::find(out, mode) == out.end()) out.push_back(mode);
  if (out.empty()) out.emplace_back("application/json");
  return out;
}

void write_skills(json::Writer& out, std::vector<Capability> const& capabilities) {
  out.key("skills").begin_array();
  for (auto const& capability : capabilities) {
    out.begin_object().member("id", capability.name).member("name", capability.name);
    // Required and never empty: signatures of both SDK families agree only then.
    out.member("description",
               capability.description.empty() ? capability.name : capability.description);
    write_list(out, "tags", {capability.name});
    write_list(out, "inputModes", capability.input_modes);
    write_list(out, "outputModes", capability.output_modes);
    out.end_object();
  }
  out.end_array();
}

void write_capabilities(json::Writer& out, CardOptions const& options) {
  out.key("capabilities").begin_object();
  out.key("streaming").boolean(true).key("pushNotifications").boolean(options.push);
  out.key("extendedAgentCard").boolean(true);
  if (!options.spiffe_id.empty()) {
    out.key("extensions").begin_array().begin_object();
    out.member("uri", kSpiffeExtension);
    out.member("description", "the identity this agent proves in the TLS handshake");
    out.key("params").begin_object().member("spiffe_id", options.spiffe_id);
    out.member("trust_domain", options.agent.trust_domain).end_object();
    out.end_object().end_array();
  }
  out.end_object();
}

void write_security(json::Writer& out, CardRequest::Form form) {
  out.key("securitySchemes").begin_object().key("mtls").begin_object();
  if (form != CardRequest::Form::pure)
    out.member("type", "mutualTLS").member("description", kSchemeText);
  out.key("mtlsSecurityScheme").begin_object().member("description", kSchemeText).end_object();
  out.end_object().end_object();
  out.key("securityRequirements").begin_array().begin_object().key("schemes").begin_object();
  out.key("mtls").begin_object().key("list").begin_array().end_array().end_object();
  out.end_object().end_object().end_array();
}

// Where 0.3 has members of the same name but another shape, these would be in its way.
void write_earlier(json::Writer& out, CardOptions const& options) {
  out.key("authentication").begin_object().key("schemes").begin_array().begin_object();
  out.member("type", "mtls").member("description", "Mutual TLS with SPIFFE identity");
  out.key("metadata").begin_object().member("spiffe_id", options.spiffe_id).end_object();
  out.end_object().end_array().end_object();
  out.key("extensions").begin_object().member("spiffe_id", options.spiffe_id);
  out.member("trust_domain", options.agent.trust_domain).member("protocol", "a2a").end_object();
}

// 0.3's own members.
void write_legacy(json::Writer& out, std::string_view base) {
  out.member("protocolVersion", "0.3.0");
  out.member("url", std::string(base) + "/rpc").member("preferredTransport", "JSONRPC");
  out.key("additionalInterfaces").begin_array();
  out.begin_object().member("transport", "JSONRPC").member("url", std::string(base) + "/rpc");
  out.end_object();
  out.begin_object().member("transport", "HTTP+JSON").member("url", base).end_object();
  out.begin_object().member("transport", "GRPC").member("url", base).end_object();
  out.end_array();
  out.key("supportsAuthenticatedExtendedCard").boolean(true);
  out.key("security").begin_array().begin_object().key("mtls").begin_array().end_array();
  out.end_object().end_array();
}

// RFC 9110 §5.6.7.
std::string http_date(WallTime time) {
  auto const seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> buffer{};
  auto const size =
      std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {buffer.data(), size};
}

// FNV-1a: tells documents apart; it protects nothing.
std::string etag_of(std::string_view body) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (char const c : body) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>((hash >> static_cast<unsigned>(shift)) & 0xFFU));
  return '"' + text::to_hex(bytes) + '"';
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  for (auto item : text::split(if_none_match, ',')) {
    item = text::trim(item);
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == etag || item == "*") return true;
  }
  return false;
}

// host[:port] as RFC 3986 spells it; anything else must not get into a document.
bool good_host(std::string_view host) {
  return !host.empty() && host.size() <= 261 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']' || c == '_';
  });
}

}  // namespace

std::string Card::base_url_for(std::string_view host) const {
  if (!options_.base_url.empty()) return options_.base_url;
  return "https://" + (good_host(host) ? std::string(host) : std::string("localhost:8443"));
}

std::string Card::json(CardRequest::Form form, std::string_view base_url) const {
  std::string const base(base_url.substr(0, base_url.find_last_not_of('/') + 1));
  std::vector<Interface> interfaces;
  for (auto const* const version : {"1.0", "0.3"}) {
    if (std::ranges::find(options_.versions, version) == options_.versions.end()) continue;
    interfaces.push_back({base + "/rpc", "JSONRPC", version});
    interfaces.push_back({base, "HTTP+JSON", version});
    interfaces.push_back({grpc_target(base, version), "GRPC", version});
  }
  std::string body;
  json::Writer out(body);
  auto const& agent = options_.agent;
  out.begin_object().member("name", agent.name);
  out.member("description", agent.description.empty() ? agent.name : agent.description);
  out.member("version", agent.version);
  out.key("supportedInterfaces").begin_array();
  for (auto const& one : interfaces) {
    out.begin_object().member("url", one.url).member("protocolBinding", one.binding);
    out.member("protocolVersion", one.version).end_object();
  }
  out.end_array();
  write_capabilities(out, options_);
  write_security(out, form);
  write_list(out, "defaultInputModes", all_modes(agent.capabilities, &Capability::input_modes));
  write_list(out, "defaultOutputModes", all_modes(agent.capabilities, &Capability::output_modes));
  write_skills(out, agent.capabilities);
  if (form != CardRequest::Form::pure) write_legacy(out, base);
  if (form == CardRequest::Form::earlier) write_earlier(out, options_);
  out.end_object();
  return body;
}

http::Response Card::respond(CardRequest const& request) const {
  auto body = json(request.form, base_url_for(request.host));
  auto const etag = etag_of(body);
  http::Response response;
  response.headers.add("etag", etag);
  response.headers.add("last-modified", http_date(options_.made));
  response.headers.add("cache-control", "max-age=" + std::to_string(options_.max_age.count()));
  response.headers.add("vary", "a2a-version");
  if (names_etag(request.if_none_match, etag)) {
    response.status = 304;
    return response;
  }
  response.status = 200;
  response.headers.add("content-type", "application/json");
  if (request.body == CardRequest::Body::yes) response.body = std::move(body);
  return response;
}

}  // namespace aw::a2a
