// SPDX-License-Identifier: Apache-2.0
// uri.parse and uri.is_valid, with the rules of Go's net/url.
#include <algorithm>

#include "core/base/percent.h"
#include "core/rego/ascii.h"
#include "core/rego/builtin.h"
#include "core/rego/uri.h"

namespace aw::rego {
namespace {

bool unescape(std::string_view text, std::string& out, std::string& problem) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
      problem = "invalid URL escape \"" + std::string(text.substr(i, 3)) + "\"";
      return false;
    }
    out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return true;
}

// How the path would be written by default; when that differs, the raw spelling counts.
std::string escaped_path(std::string_view path) { return percent_encoded(path, "$&+,/:;=@"); }

class UriParser {
 public:
  explicit UriParser(std::string_view text) : text_(text) {}
  std::string problem;

  bool parse(Uri& out) {
    std::string_view rest = text_;
    bool control = std::ranges::any_of(
        rest, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    if (control) return fail("net/url: invalid control character in URL");
    if (std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
      if (!unescape(rest.substr(hash + 1), out.fragment, problem)) return false;
      rest = rest.substr(0, hash);
    }
    if (rest == "*") {
      out.path = "*";
      return true;
    }
    if (!scheme(rest, out.scheme)) return false;
    if (std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
      out.query = rest.substr(mark + 1);
      rest = rest.substr(0, mark);
    }
    if (!rest.starts_with('/')) {
      if (!out.scheme.empty()) {
        out.opaque = rest;
        return true;
      }
      std::string_view first = rest.substr(0, rest.find('/'));
      if (first.contains(':')) return fail("first path segment in URL cannot contain colon");
    }
    bool authority = rest.starts_with("//") && (!out.scheme.empty() || !rest.starts_with("///"));
    if (authority) {
      std::string_view host = rest.substr(2);
      std::size_t slash = std::min(host.find('/'), host.size());
      rest = host.substr(slash);
      if (!this->authority(host.substr(0, slash), out)) return false;
    }
    return path(rest, out);
  }

 private:
  bool fail(std::string what) {
    problem = std::move(what);
    return false;
  }

  bool scheme(std::string_view& rest, std::string& out) {
    for (std::size_t i = 0; i < rest.size(); ++i) {
      char c = rest[i];
      if (is_alpha(c)) continue;
      if (is_digit(c) || c == '+' || c == '-' || c == '.') {
        if (i == 0) return true;
        continue;
      }
      if (c != ':') return true;
      if (i == 0) return fail("missing protocol scheme");
      out = rest.substr(0, i);
      std::ranges::transform(out, out.begin(), [](char l) {
        return l >= 'A' && l <= 'Z' ? static_cast<char>(l + 32) : l;
      });
      rest.remove_prefix(i + 1);
      return true;
    }
    return true;
  }

  bool authority(std::string_view text, Uri& out) {
    if (std::size_t at = text.rfind('@'); at != std::string_view::npos) {
      std::string_view user = text.substr(0, at);
      bool valid = std::ranges::all_of(user, [](char c) {
        return is_alpha(c) || is_digit(c) || std::string_view("-._:~!$&'()*+,;=%@").contains(c);
      });
      if (!valid) return fail("net/url: invalid userinfo");
      std::string ignored;
      if (!unescape(user, ignored, problem)) return false;
      out.has_user = true;
      text.remove_prefix(at + 1);
    }
    out.authority = text;
    return host(text, out);
  }

  bool port(std::string_view text, Uri& out) {
    if (text.empty()) return true;
    bool valid = text[0] == ':' && std::all_of(text.begin() + 1, text.end(), is_digit);
    if (!valid) return fail("invalid port \"" + std::string(text) + "\" after host");
    out.port = text.substr(1);
    return true;
  }

  bool host(std::string_view text, Uri& out) {
    if (text.starts_with('[')) {
      std::size_t close = text.rfind(']');
      if (close == std::string_view::npos) return fail("missing ']' in host");
      if (!port(text.substr(close + 1), out)) return false;
      out.host = text.substr(1, close - 1);
      bool address = std::ranges::all_of(out.host, [](char c) {
        return hex_digit(c) >= 0 || c == ':' || c == '.' || c == '%' || is_alpha(c) || c == '-' ||
               c == '_' || is_digit(c);
      });
      return address || fail("invalid host");
    }
    std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos && !port(text.substr(colon), out)) return false;
    std::string_view name = text.substr(0, colon);
    for (std::size_t i = 0; i < name.size(); ++i) {
      char c = name[i];
      if (c == '%') {
        bool high =
            i + 2 < name.size() && hex_digit(name[i + 1]) >= 8 && hex_digit(name[i + 2]) >= 0;
        if (!high) return fail("invalid URL escape \"" + std::string(name.substr(i, 3)) + "\"");
      }
      bool bad = static_cast<unsigned char>(c) < 0x80 && !is_alpha(c) && !is_digit(c) &&
                 !std::string_view("-._~!$&'()*+,;=:[]<>\"%").contains(c);
      if (bad) return fail("invalid character \"" + std::string(1, c) + "\" in host name");
    }
    return unescape(name, out.host, problem);
  }

  bool path(std::string_view text, Uri& out) {
    if (!unescape(text, out.path, problem)) return false;
    out.raw_path = escaped_path(out.path) == text ? out.path : std::string(text);
    return true;
  }

  std::string_view text_;
};

Value uri_builtin_parse(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  auto parsed = parse_uri(call.text(0));
  if (!parsed.ok()) return call.fail(parsed.error().message);
  Uri const& uri = *parsed;
  std::vector<Entry> entries;
  auto add = [&](std::string_view name, std::string const& text) {
    if (!text.empty()) entries.push_back({Value::string(name), Value::string(text)});
  };
  add("scheme", uri.scheme);
  add("hostname", uri.host);
  add("port", uri.port);
  add("path", uri.path);
  add("raw_path", uri.raw_path);
  add("raw_query", uri.query);
  add("fragment", uri.fragment);
  return Value::object(std::move(entries));
}

Value uri_is_valid(BuiltinCall& call) {
  if (!call[0].is(Kind::string) || call.text(0).empty()) return Value::boolean(false);
  return Value::boolean(parse_uri(call.text(0)).ok());
}

constexpr Builtin kUri[] = {
    {"uri.parse", 1, uri_builtin_parse},
    {"uri.is_valid", 1, uri_is_valid},
};

}  // namespace

Result<Uri> parse_uri(std::string_view text) {
  Uri uri;
  UriParser parser(text);
  if (!parser.parse(uri)) {
    return make_error(Code::policy_builtin,
                      "parse " + Value::string(text).to_json() + ": " + parser.problem);
  }
  return uri;
}

std::span<const Builtin> uri_builtins() { return kUri; }

}  // namespace aw::rego
