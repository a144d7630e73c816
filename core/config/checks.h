// SPDX-License-Identifier: Apache-2.0
// What single texts must look like. Each says what is wrong, empty when nothing is: a whole
// sentence (capital letter), or a phrase that follows the key's name. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace aw::config::checks {

// [a-z][a-z0-9-]*, and with underscores instead of hyphens for capabilities: both become part of
// SPIFFE IDs, metrics and URLs.
[[nodiscard]] std::string agent_name(std::string_view text);
[[nodiscard]] std::string capability_name(std::string_view text);
[[nodiscard]] std::string trust_domain(std::string_view text);  // SPIFFE-ID §2.1, DNS labels
[[nodiscard]] std::string spiffe_id(std::string_view text);     // SPIFFE-ID §2
// SPIFFE Workload Endpoint §4: unix:///path, or tcp://IP:port; a name would be resolved by
// somebody who may lie.
[[nodiscard]] std::string spiffe_endpoint(std::string_view text);
[[nodiscard]] std::string opa_endpoint(std::string_view text);    // http(s)://host or unix:///path
[[nodiscard]] std::string backend_url(std::string_view text);     // http(s)://host… or unix:///path
[[nodiscard]] std::string http_url(std::string_view text);        // http(s)://host…
[[nodiscard]] std::string name_value(std::string_view text);      // name=value, no line breaks
[[nodiscard]] std::string backend_header(std::string_view text);  // name=value, no name of ours
[[nodiscard]] std::string secret_name(std::string_view text);
[[nodiscard]] std::string vault_path(std::string_view text);
[[nodiscard]] std::string aws_region(std::string_view text);
[[nodiscard]] std::string keeper_url(std::string_view text);    // https, or http on this machine
[[nodiscard]] std::string metadata_url(std::string_view text);  // http at 169.254/16 or loopback
// stdout, stderr, file:///path, syslog[+udp|+tcp|+tls]://…, http(s)://…
[[nodiscard]] std::string audit_destination(std::string_view text);
// A JSON pointer below /input, for masks. A policy_path is names joined by '/'.
[[nodiscard]] std::string input_pointer(std::string_view text);
[[nodiscard]] std::string policy_path(std::string_view text);
// A name or an address, without a port.
[[nodiscard]] std::string host(std::string_view text);
// HOST:PORT on loopback, or unix:///path: whoever reaches it speaks with this agent's identity.
[[nodiscard]] std::string loopback_listener(std::string_view text);
// host:port, or the same after https://. A template has {name} and {trust_domain} in it.
[[nodiscard]] std::string peer_address(std::string_view text);
[[nodiscard]] std::string address_template(std::string_view text);
[[nodiscard]] std::string media_type(std::string_view text);
[[nodiscard]] std::string url_path(std::string_view text);
[[nodiscard]] std::string protocol_version(std::string_view text);
// These three are lists' or texts' own: a value from 400 to 599 is an HTTP error status.
[[nodiscard]] std::string not_empty(std::string_view text);
[[nodiscard]] std::string http_error_status(std::string_view text);

// "127.0.0.1", "::1", "[::1]", "localhost" or anything in 127/8.
[[nodiscard]] bool is_loopback(std::string_view host);
// The host of scheme://host[:port][/…]; empty for unix:// and anything else.
[[nodiscard]] std::string_view url_host(std::string_view url);

}  // namespace aw::config::checks
