// SPDX-License-Identifier: Apache-2.0
#include "core/audit/destination.h"

#include <charconv>

#include "core/base/text.h"

namespace aw::audit {
namespace {

Error unsupported(std::string_view text, std::string_view why) {
  return make_error(Code::config_unsupported,
                    "audit destination \"" + text::printable(text) + "\": " + std::string(why),
                    "use stdout:, stderr:, file:///path, syslog://host:514, syslog+tcp://host:601, "
                    "syslog+tls://host:6514 or https://…; a collector takes it from there");
}

// "host", "host:port", "[v6]:port"
Result<void> parse_authority(std::string_view authority, std::string_view text, Destination& out) {
  auto host = authority;
  auto const colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    auto const digits = authority.substr(colon + 1);
    auto const* const end = digits.end();
    auto const [rest, error] = std::from_chars(digits.begin(), end, out.port);
    if (error != std::errc{} || rest != end || out.port == 0) return unsupported(text, "bad port");
    host = authority.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return unsupported(text, "no host");
  out.host = std::string(host);
  return {};
}

Result<Destination> parse_syslog(std::string_view text, std::string_view scheme,
                                 std::string_view rest) {
  Destination out{.kind = Destination::Kind::syslog, .name = std::string(text)};
  if (scheme == "syslog" && (rest.empty() || rest.starts_with('/'))) {
    out.transport = Destination::Transport::local;
    out.path = rest.size() > 1 ? std::string(rest) : "/dev/log";
    return out;
  }
  if (scheme == "syslog" || scheme == "syslog+udp") {
    out.port = 514;
  } else if (scheme == "syslog+tcp") {
    out.transport = Destination::Transport::tcp;
    out.port = 601;
  } else {
    out.transport = Destination::Transport::tls;
    out.port = 6514;
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  AW_TRY(parse_authority(rest, text, out));
  return out;
}

std::string without_credentials(std::string_view url) {
  auto const start = url.find("://") + 3;
  auto const end = url.find_first_of("/?#", start);
  auto const authority = url.substr(start, end == std::string_view::npos ? end : end - start);
  auto const at = authority.rfind('@');
  std::string out(url.substr(0, start));
  if (at != std::string_view::npos) out += "[redacted]@";
  out += authority.substr(at == std::string_view::npos ? 0 : at + 1);
  // A query often carries a token.
  auto const tail = end == std::string_view::npos ? std::string_view{} : url.substr(end);
  out += tail.substr(0, tail.find_first_of("?#"));
  return out;
}

}  // namespace

Result<Destination> parse_destination(std::string_view text) {
  auto const colon = text.find(':');
  auto const scheme = text::lower(text.substr(0, colon));
  auto rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  bool const slashes = rest.starts_with("//");
  if (slashes) rest.remove_prefix(2);

  if (scheme == "stdout" && rest.empty()) {
    return Destination{.kind = Destination::Kind::standard_output, .name = "stdout:"};
  }
  if (scheme == "stderr" && rest.empty()) {
    return Destination{.kind = Destination::Kind::standard_error, .name = "stderr:"};
  }
  if (!slashes) return unsupported(text, "no such destination");
  if (scheme == "file") {
    if (rest.empty()) return unsupported(text, "no path");
    return Destination{
        .kind = Destination::Kind::file, .path = std::string(rest), .name = std::string(text)};
  }
  if (scheme == "syslog" || scheme == "syslog+udp" || scheme == "syslog+tcp" ||
      scheme == "syslog+tls") {
    return parse_syslog(text, scheme, rest);
  }
  if (scheme == "http" || scheme == "https") {
    if (rest.empty() || rest.starts_with('/')) return unsupported(text, "no host");
    return Destination{.kind = Destination::Kind::http,
                       .url = std::string(text),
                       .name = without_credentials(text)};
  }
  return unsupported(text, "no such destination");
}

}  // namespace aw::audit
