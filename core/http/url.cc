// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "core/base/text.h"
#include "core/http/client.h"
#include "core/http/h1_head.h"

namespace aw::http {

namespace {

constexpr std::size_t kMaxUrl = 8U << 10;
constexpr std::size_t kMaxSocketPath = 107;  // sun_path

Error malformed(std::string_view text, std::string_view what) {
  return make_error(Code::usage,
                    "malformed URL '" + text::printable(text) + "': " + std::string(what),
                    "write http://host:port/path, https://… or unix:///run/app.sock:/path");
}

Result<Url> parse_unix(std::string_view whole, std::string_view rest) {
  auto const colon = rest.find(":/");
  Url url;
  url.endpoint.scheme = Scheme::unix_socket;
  url.endpoint.host = "localhost";
  url.endpoint.socket_path.assign(rest.substr(0, colon));
  auto const& path = url.endpoint.socket_path;
  if (!path.starts_with('/') || path.size() > kMaxSocketPath || path.find('\0') != path.npos) {
    return malformed(whole, "the socket's path must be absolute and short");
  }
  if (colon != std::string_view::npos) url.target.assign(rest.substr(colon + 1));
  if (!is_origin_target(url.target)) return malformed(whole, "malformed path");
  return url;
}

// "host", "host:port", "[v6]:port", already checked to be an authority.
Result<void> take_authority(std::string_view whole, std::string_view authority, Endpoint& out) {
  std::string_view port;
  if (authority.starts_with('[')) {
    auto const close = authority.find(']');
    out.host.assign(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
    if (!port.empty()) port.remove_prefix(1);
  } else {
    auto const colon = authority.find(':');
    out.host = text::lower(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (port.empty()) return {};
  auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc{} || end != port.data() + port.size() || out.port == 0) {
    return malformed(whole, "malformed port");
  }
  return {};
}

}  // namespace

std::string Endpoint::authority() const {
  auto const shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  bool const usual = scheme == Scheme::unix_socket || (scheme == Scheme::http && port == 80) ||
                     (scheme == Scheme::https && port == 443);
  return usual ? shown : shown + ":" + std::to_string(port);
}

std::string Endpoint::text() const {
  if (scheme == Scheme::unix_socket) return "unix://" + socket_path;
  return (scheme == Scheme::https ? "https://" : "http://") + authority();
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrl) return malformed(text.substr(0, 64), "too long");
  auto const mark = text.find("://");
  if (mark == std::string_view::npos) return malformed(text, "no scheme");
  auto const scheme = text::lower(text.substr(0, mark));
  auto const rest = text.substr(mark + 3);
  if (scheme == "unix") return parse_unix(text, rest);
  Url url;
  if (scheme == "https") {
    url.endpoint.scheme = Scheme::https;
  } else if (scheme != "http") {
    return malformed(text, "unknown scheme");
  }
  url.endpoint.port = scheme == "https" ? 443 : 80;
  auto const slash = rest.find_first_of("/?#");
  auto const authority = rest.substr(0, slash);
  if (!is_authority(authority)) return malformed(text, "malformed host");
  AW_TRY(take_authority(text, authority, url.endpoint));
  if (slash != std::string_view::npos) {
    url.target = rest[slash] == '?' ? "/" + std::string(rest.substr(slash))
                                    : std::string(rest.substr(slash));
  }
  if (!is_origin_target(url.target)) return malformed(text, "malformed path");
  return url;
}

}  // namespace aw::http
