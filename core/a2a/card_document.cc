// SPDX-License-Identifier: Apache-2.0
// The card as a document: 1.0's members, and 0.3's beside them.
#include "core/a2a/card_document.h"

#include <algorithm>

#include "core/base/json.h"

namespace aw::a2a {
namespace {

constexpr std::string_view kSchemeText =
    "mutual TLS; the client certificate is an X.509-SVID, its SPIFFE ID is the caller";

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

void write_spiffe_extension(json::Writer& out, CardOptions const& options) {
  out.begin_object().member("uri", kSpiffeExtension);
  out.member("description", "the identity this agent proves in the TLS handshake");
  out.key("params").begin_object().member("spiffe_id", options.spiffe_id);
  out.member("trust_domain", options.agent.trust_domain).end_object().end_object();
}

bool has_parameters(Capability const& capability) { return !capability.parameters.empty(); }

void write_parameters_extension(json::Writer& out, std::vector<Capability> const& capabilities) {
  out.begin_object().member("uri", kParametersExtension);
  out.member("description", "the JSON Schema of what each skill takes");
  out.key("params").begin_object();
  for (auto const& capability : capabilities)
    if (has_parameters(capability)) out.key(capability.name).raw(capability.parameters);
  out.end_object().end_object();
}

void write_extensions(json::Writer& out, CardOptions const& options) {
  auto const& capabilities = options.agent.capabilities;
  bool const parameters = std::ranges::any_of(capabilities, has_parameters);
  if (options.spiffe_id.empty() && !parameters) return;
  out.key("extensions").begin_array();
  if (!options.spiffe_id.empty()) write_spiffe_extension(out, options);
  if (parameters) write_parameters_extension(out, capabilities);
  out.end_array();
}

void write_capabilities(json::Writer& out, CardOptions const& options) {
  out.key("capabilities").begin_object();
  out.key("streaming").boolean(true);
  out.key("pushNotifications").boolean(options.push);
  out.key("extendedAgentCard").boolean(true);
  write_extensions(out, options);
  out.end_object();
}

// No securityRequirements: the official SDKs read that member in two shapes that exclude each other
// (docs/decisions/card-signatures.md), and who has read this card has met the requirement.
void write_security(json::Writer& out, CardRequest::Form form) {
  out.key("securitySchemes").begin_object().key("mtls").begin_object();
  if (form != CardRequest::Form::pure)
    // `scheme` is a member of 0.3's http type only; there are readers that take it for granted.
    out.member("type", "mutualTLS").member("scheme", "mutual").member("description", kSchemeText);
  out.key("mtlsSecurityScheme").begin_object().member("description", kSchemeText).end_object();
  out.end_object().end_object();
}

// gRPC is dialled by name and port: 1.0 says them bare, 0.3 as a URL.
std::string interface_url(std::string_view base, Transport transport, Dialect dialect) {
  std::string url(base);
  if (transport == Transport::json_rpc) return url + "/rpc";
  auto const scheme = url.find("://");
  if (transport == Transport::grpc && dialect == Dialect::v1_0 && scheme != std::string::npos)
    return url.substr(scheme + 3);
  return url;
}

void write_interfaces(json::Writer& out, CardOptions const& options, std::string_view base) {
  out.key("supportedInterfaces").begin_array();
  for (auto const dialect : {Dialect::v1_0, Dialect::v0_3}) {
    if (std::ranges::find(options.versions, dialect_name(dialect)) == options.versions.end())
      continue;
    for (auto const transport : options.transports) {
      out.begin_object().member("url", interface_url(base, transport, dialect));
      out.member("protocolBinding", transport_name(transport));
      out.member("protocolVersion", dialect_name(dialect)).end_object();
    }
  }
  out.end_array();
}

// 0.3's own members.
void write_legacy(json::Writer& out, CardOptions const& options, std::string_view base) {
  out.member("protocolVersion", "0.3.0");
  out.member("url", std::string(base) + "/rpc").member("preferredTransport", "JSONRPC");
  out.key("additionalInterfaces").begin_array();
  for (auto const transport : options.transports) {
    out.begin_object().member("transport", transport_name(transport));
    out.member("url", interface_url(base, transport, Dialect::v0_3)).end_object();
  }
  out.end_array();
  // 0.3 means a card that says more to those who authenticate. Whoever reads this one has; the
  // operation answers with it all the same.
  out.key("supportsAuthenticatedExtendedCard").boolean(false);
  out.key("security").begin_array().begin_object().key("mtls").begin_array().end_array();
  out.end_object().end_array();
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

}  // namespace

std::string card_document(CardOptions const& options, CardRequest::Form form,
                          std::string_view base) {
  std::string body;
  json::Writer out(body);
  auto const& agent = options.agent;
  out.begin_object().member("name", agent.name);
  out.member("description", agent.description.empty() ? agent.name : agent.description);
  out.member("version", agent.version);
  write_interfaces(out, options, base);
  write_capabilities(out, options);
  write_security(out, form);
  write_list(out, "defaultInputModes", all_modes(agent.capabilities, &Capability::input_modes));
  write_list(out, "defaultOutputModes", all_modes(agent.capabilities, &Capability::output_modes));
  write_skills(out, agent.capabilities);
  if (form != CardRequest::Form::pure) write_legacy(out, options, base);
  if (form == CardRequest::Form::earlier) write_earlier(out, options);
  out.end_object();
  return body;
}

}  // namespace aw::a2a
