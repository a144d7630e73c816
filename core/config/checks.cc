// SPDX-License-Identifier: Apache-2.0
#include "core/config/checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "core/base/text.h"

namespace aw::config::checks {
namespace {

constexpr std::size_t kMaxSpiffeId = 2048;  // SPIFFE-ID §2.3
constexpr std::size_t kMaxTrustDomain = 255;
constexpr std::size_t kMaxLabel = 63;  // RFC 1035 §2.3.4

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool name_like(std::string_view text, char joiner) {
  return !text.empty() && is_lower(text.front()) && std::ranges::all_of(text, [joiner](char c) {
    return is_lower(c) || is_digit(c) || c == joiner;
  });
}

bool has_blank(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == ' ' || c == '\t' || c == '\n'; });
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, [](char c) {
           return is_lower(c) || is_digit(c) || c == '-' || c == '_';
         });
}

bool is_trust_domain(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTrustDomain &&
         std::ranges::all_of(text::split(text, '.'), is_label);
}

bool is_path_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         std::ranges::all_of(segment, [](char c) {
           return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0 && value <= 65535;
}

// host, host:port, [v6], [v6]:port.
bool is_authority(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view rest = text.substr(end + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  const std::string_view name = text.substr(0, colon);
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

std::string_view authority(std::string_view url, std::string_view scheme) {
  std::string_view rest = url.substr(scheme.size());
  return rest.substr(0, rest.find_first_of("/?#"));
}

// "" when it is scheme://authority[/…]; credentials have no place in a file that gets printed.
std::string with_authority(std::string_view url, std::string_view scheme) {
  const std::string_view host = authority(url, scheme);
  if (host.find('@') != std::string_view::npos) return "must not carry credentials";
  if (!is_authority(host)) return "has no valid host after " + std::string(scheme);
  return {};
}

// SPIFFE Workload Endpoint §4: an IP address and a port, nothing else; a name would have to be
// resolved by somebody who may lie.
std::string tcp_endpoint(std::string_view url) {
  constexpr std::string_view kScheme = "tcp://";
  const std::string_view rest = url.substr(kScheme.size());
  const auto colon = rest.rfind(':');
  const std::string_view host = rest.substr(0, colon);
  const bool v6 = host.starts_with('[') && host.ends_with(']') && host.size() > 3;
  const bool v4 = !host.empty() &&
                  std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; }) &&
                  std::ranges::count(host, '.') == 3;
  if (colon == std::string_view::npos || (!v4 && !v6) || !is_port(rest.substr(colon + 1))) {
    return "must be an IP address and a port after tcp://";
  }
  return {};
}

std::string unix_path(std::string_view url) {
  constexpr std::string_view kScheme = "unix://";
  const std::string_view path = url.substr(kScheme.size());
  if (!path.starts_with('/') || path.size() < 2) return "needs an absolute path after unix://";
  return {};
}

}  // namespace

std::string agent_name(std::string_view text) {
  if (name_like(text, '-')) return {};
  return "Agent name must start with lowercase letter and contain only lowercase letters, numbers, "
         "and hyphens";
}

std::string capability_name(std::string_view text) {
  if (name_like(text, '_')) return {};
  return "Capability name must start with lowercase letter and contain only lowercase letters, "
         "numbers, and underscores";
}

std::string trust_domain(std::string_view text) {
  if (is_trust_domain(text)) return {};
  if (text == "*") return "A trust domain cannot be \"*\": name each domain that is trusted";
  return "Invalid trust domain format: " + std::string(text) +
         ". Must be a valid DNS name (e.g., 'agentweave.io')";
}

std::string spiffe_id(std::string_view text) {
  constexpr std::string_view kScheme = "spiffe://";
  if (text.size() > kMaxSpiffeId) return "is longer than 2048 bytes";
  if (!text.starts_with(kScheme)) return "must start with spiffe://";
  const std::string_view rest = text.substr(kScheme.size());
  const auto slash = rest.find('/');
  if (!is_trust_domain(rest.substr(0, slash))) return "has no valid trust domain";
  if (slash == std::string_view::npos) return "has no path, so it names no workload";
  if (!std::ranges::all_of(text::split(rest.substr(slash + 1), '/'), is_path_segment)) {
    return "has a path segment that is empty, dots, or not of letters, digits, -, _ and .";
  }
  return {};
}

std::string spiffe_endpoint(std::string_view text) {
  if (text.starts_with("unix://")) return unix_path(text);
  if (text.starts_with("tcp://")) return tcp_endpoint(text);
  // RFC 3986 §3: the same without an empty authority, as `agentweave dev` and other tools print it.
  constexpr std::string_view kShort = "unix:/";
  if (text.starts_with(kShort) && text.size() > kShort.size()) return {};
  return "SPIFFE endpoint must start with 'unix://' or 'tcp://'";
}

std::string backend_url(std::string_view text) {
  if (has_blank(text)) return "has blanks in it";
  if (text.starts_with("unix://")) return unix_path(text);
  if (text.starts_with("http://")) return with_authority(text, "http://");
  if (text.starts_with("https://")) return with_authority(text, "https://");
  return "must start with http://, https:// or unix://";
}

std::string opa_endpoint(std::string_view text) {
  if (text.starts_with("unix://") || text.starts_with("http://") || text.starts_with("https://")) {
    return backend_url(text);
  }
  return "OPA endpoint must be a valid HTTP(S) URL";
}

std::string input_pointer(std::string_view text) {
  constexpr std::string_view kBelow = "/input/";
  return text.starts_with(kBelow) && text.size() > kBelow.size()
             ? ""
             : "needs a JSON pointer below /input, as /input/context/params/password";
}

std::string http_url(std::string_view text) {
  if (text.starts_with("http://")) return with_authority(text, "http://");
  if (text.starts_with("https://")) return with_authority(text, "https://");
  return "must be http:// or https://";
}

std::string name_value(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return "must be name=value";
  const bool printable = std::ranges::none_of(
      text, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 127; });
  return printable ? "" : "must have no control characters";
}

// RFC 9110 §5.6.2 for the name; those the backend is to believe because they come from us alone,
// and those of the connection, are not for the configuration.
std::string backend_header(std::string_view text) {
  if (auto wrong = name_value(text); !wrong.empty()) return wrong;
  const std::string name = text::lower(text.substr(0, text.find('=')));
  const bool token = std::ranges::all_of(name, [](char c) {
    return is_lower(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
  if (!token) return "has a name that is no header's";
  for (const std::string_view ours :
       {"host", "connection", "content-length", "content-type", "transfer-encoding", "te",
        "trailer", "upgrade", "expect", "keep-alive", "accept", "traceparent",
        "x-forwarded-client-cert"}) {
    if (name == ours) return "names " + name + ", which is ours to set";
  }
  return name.starts_with("x-agentweave-") ? "names " + name + ", which is ours to set" : "";
}

std::string secret_name(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
  });
  return good ? "" : "must be of letters, digits, _, - and .";
}

std::string vault_path(std::string_view text) {
  return std::ranges::all_of(text::split(text, '/'), is_path_segment)
             ? ""
             : "must be a path of letters, digits, -, _ and . without / at its ends";
}

std::string aws_region(std::string_view text) {
  return name_like(text, '-') && text.size() <= 64 ? "" : "must be a region like eu-central-1";
}

std::string keeper_url(std::string_view text) {
  if (auto wrong = http_url(text); !wrong.empty()) return wrong;
  if (text.starts_with("https://") || is_loopback(url_host(text))) return {};
  return "would carry secrets without encryption: https://, or http:// on this machine";
}

std::string metadata_url(std::string_view text) {
  if (auto wrong = http_url(text); !wrong.empty()) return wrong;
  const auto host = url_host(text);
  const bool link_local = host.starts_with("169.254.") &&
                          std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; });
  if (link_local || host == "[fd00:ec2::254]" || is_loopback(host)) return {};
  return "must be a link-local or loopback address";
}

std::string audit_destination(std::string_view text) {
  if (text == "stdout" || text == "stderr" || text == "stdout:" || text == "stderr:") return {};
  if (text.starts_with("file://")) {
    return text.substr(7).starts_with('/') && text.size() > 8
               ? ""
               : "needs an absolute path after file://";
  }
  if (text.starts_with("http://") || text.starts_with("https://")) return backend_url(text);
  for (const std::string_view scheme :
       {"syslog://", "syslog+udp://", "syslog+tcp://", "syslog+tls://"}) {
    if (!text.starts_with(scheme)) continue;
    if (text.size() == scheme.size() && scheme == "syslog://") return {};
    if (text.substr(scheme.size()).starts_with('/')) return {};  // the local socket
    return with_authority(text, scheme);
  }
  return "must be stdout, stderr, file://, syslog:// or http(s)://; send it elsewhere through a "
         "syslog or HTTP collector";
}

std::string policy_path(std::string_view text) {
  const bool good = std::ranges::all_of(text::split(text, '/'), [](std::string_view part) {
    return !part.empty() && !is_digit(part.front()) && std::ranges::all_of(part, [](char c) {
      return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '-';
    });
  });
  return good ? "" : "must be a package or rule path like agentweave/authz/allow";
}

std::string host(std::string_view text) {
  const std::string address(text);
  in6_addr ignored{};  // the larger of the two
  if (text == "localhost" || inet_pton(AF_INET, address.c_str(), &ignored) == 1 ||
      inet_pton(AF_INET6, address.c_str(), &ignored) == 1) {
    return {};
  }
  if (text.starts_with('[')) return "must not have brackets or a port";
  if (text.find(':') != std::string_view::npos) return "must not contain a port";
  return "must be an IP address or localhost";
}

std::string loopback_listener(std::string_view text) {
  if (text.starts_with("unix://")) return unix_path(text);
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_authority(text))
    return "must be HOST:PORT or unix:///path";
  if (is_loopback(text.substr(0, colon))) return {};
  return "must be on loopback: whoever reaches it speaks with this agent's identity";
}

std::string peer_address(std::string_view text) {
  if (text.starts_with("https://")) return with_authority(text, "https://");
  if (text.find("://") != std::string_view::npos) return "must be https://host:port";
  return is_authority(text) ? "" : "must be https://host:port";
}

std::string address_template(std::string_view text) {
  std::string filled(text);
  for (const std::string_view name : {"{name}", "{trust_domain}"}) {
    for (auto at = filled.find(name); at != std::string::npos; at = filled.find(name)) {
      filled.replace(at, name.size(), "x");
    }
  }
  if (filled.starts_with("https://")) filled.erase(0, 8);
  return is_authority(filled) ? "" : "must be like {name}.{trust_domain}:8443";
}

std::string media_type(std::string_view text) {
  const auto slash = text.find('/');
  const bool good = slash != std::string_view::npos && slash > 0 && slash + 1 < text.size() &&
                    text.find('/', slash + 1) == std::string_view::npos && !has_blank(text);
  return good ? "" : "must be a media type like application/json";
}

std::string url_path(std::string_view text) {
  return text.starts_with('/') && !has_blank(text) ? "" : "must start with /";
}

std::string protocol_version(std::string_view text) {
  return text == "1.0" || text == "0.3" ? "" : "must be 1.0 or 0.3";
}

std::string not_empty(std::string_view text) { return text.empty() ? "must not be empty" : ""; }

std::string http_error_status(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size();
  return good && value >= 400 && value <= 599 ? "" : "must be status codes from 400 to 599";
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  return host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
         std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; });
}

std::string_view url_host(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://", "tcp://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view host = authority(url, scheme);
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
    return host.substr(0, host.find(':'));
  }
  return {};
}

}  // namespace aw::config::checks
