// SPDX-License-Identifier: Apache-2.0
// base64, hex, YAML, URL queries.
#include <algorithm>
#include <array>

#include "core/base/percent.h"
#include "core/base/text.h"
#include "core/rego/ascii.h"
#include "core/rego/base64.h"
#include "core/rego/builtin.h"
#include "core/rego/utf8.h"
#include "core/rego/yaml.h"

namespace aw::rego {
namespace {

Value base64_encode(BuiltinCall& call) {
  return call.want(0, Kind::string) ? Value::string(text::to_base64(call.text(0))) : Value{};
}

Value base64_decode(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  auto decoded = decode_base64(call.text(0), Base64::standard);
  return decoded.ok() ? Value::string(*decoded) : call.fail(decoded.error().message);
}

Value base64_is_valid(BuiltinCall& call) {
  return Value::boolean(call[0].is(Kind::string) &&
                        decode_base64(call.text(0), Base64::standard).ok());
}

Value base64url_encode(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string out = text::to_base64url(call.text(0));
  while (out.size() % 4 != 0) out += '=';
  return Value::string(out);
}

Value base64url_encode_no_pad(BuiltinCall& call) {
  return call.want(0, Kind::string) ? Value::string(text::to_base64url(call.text(0))) : Value{};
}

Value base64url_decode(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string text(call.text(0));
  if (text.size() % 4 == 2 || text.size() % 4 == 3) text.append(4 - text.size() % 4, '=');
  auto decoded = decode_base64(text, Base64::url);
  return decoded.ok() ? Value::string(*decoded) : call.fail(decoded.error().message);
}

Value hex_encode(BuiltinCall& call) {
  return call.want(0, Kind::string) ? Value::string(text::to_hex(call.text(0))) : Value{};
}

Value hex_decode(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string_view text = call.text(0);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (hex_digit(text[i]) < 0) {
      std::array<char, 16> code{};
      std::snprintf(code.data(), code.size(), "U+%04X", static_cast<unsigned char>(text[i]));
      return call.fail("encoding/hex: invalid byte: " + std::string(code.data()) + " '" + text[i] +
                       "'");
    }
    if (i % 2 == 1) out += static_cast<char>(hex_digit(text[i - 1]) * 16 + hex_digit(text[i]));
  }
  if (text.size() % 2 == 1) return call.fail("encoding/hex: odd length hex string");
  return Value::string(out);
}

Value yaml_marshal(BuiltinCall& call) { return Value::string(to_yaml(call[0])); }

Value yaml_unmarshal(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  if (!text::is_utf8(call.text(0))) return call.fail("yaml: invalid leading UTF-8 octet");
  auto parsed = parse_yaml(call.text(0));
  return parsed.ok() ? *parsed : call.fail(parsed.error().message);
}

Value yaml_is_valid(BuiltinCall& call) {
  return Value::boolean(call[0].is(Kind::string) && text::is_utf8(call.text(0)) &&
                        parse_yaml(call.text(0)).ok());
}

std::string query_escape(std::string_view text) {
  auto out = percent_encoded(text, " ");
  std::ranges::replace(out, ' ', '+');
  return out;
}

bool query_unescape(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
        return false;
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    }
  }
  return true;
}

Value urlquery_encode(BuiltinCall& call) {
  return call.want(0, Kind::string) ? Value::string(query_escape(call.text(0))) : Value{};
}

Value urlquery_decode(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string out;
  return query_unescape(call.text(0), out) ? Value::string(out) : call.fail("invalid URL escape");
}

Value urlquery_encode_object(BuiltinCall& call) {
  if (!call.want(0, Kind::object)) return {};
  std::string out;
  auto add = [&](std::string_view key, std::string_view value) {
    out += (out.empty() ? "" : "&") + query_escape(key) + "=" + query_escape(value);
  };
  for (Entry const& entry : call[0].entries()) {
    if (!entry.key.is(Kind::string)) {
      return call.type_error("operand 1 must be object with string keys but got object with " +
                             std::string(kind_name(entry.key.kind())) + " keys");
    }
    if (entry.value.is(Kind::string)) {
      add(entry.key.as_string(), entry.value.as_string());
      continue;
    }
    if (!entry.value.is(Kind::array) && !entry.value.is(Kind::set)) {
      return call.type_error("operand 1 values must be string, array or set but got " +
                             std::string(kind_name(entry.value.kind())));
    }
    for (Value const& item : entry.value.items()) {
      if (!item.is(Kind::string)) {
        return call.type_error("operand 1 values must be strings but got " +
                               std::string(kind_name(item.kind())));
      }
      add(entry.key.as_string(), item.as_string());
    }
  }
  return Value::string(out);
}

Value urlquery_decode_object(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::vector<std::pair<std::string, std::vector<Value>>> fields;
  for (std::string_view part : text::split(call.text(0), '&')) {
    if (part.empty()) continue;
    if (part.contains(';')) return call.fail("invalid semicolon separator in query");
    std::size_t equals = std::min(part.find('='), part.size());
    std::string key;
    std::string value;
    bool ok = query_unescape(part.substr(0, equals), key) &&
              (equals == part.size() || query_unescape(part.substr(equals + 1), value));
    if (!ok) return call.fail("invalid URL escape");
    auto found = std::ranges::find(fields, key, &std::pair<std::string, std::vector<Value>>::first);
    if (found == fields.end()) {
      fields.emplace_back(key, std::vector<Value>{});
      found = fields.end() - 1;
    }
    found->second.push_back(Value::string(value));
  }
  std::vector<Entry> entries;
  entries.reserve(fields.size());
  for (auto& [key, values] : fields) {
    entries.push_back({Value::string(key), Value::array(std::move(values))});
  }
  return Value::object(std::move(entries));
}

constexpr Builtin kEncoding[] = {
    {"base64.encode", 1, base64_encode},
    {"base64.decode", 1, base64_decode},
    {"base64.is_valid", 1, base64_is_valid},
    {"base64url.encode", 1, base64url_encode},
    {"base64url.encode_no_pad", 1, base64url_encode_no_pad},
    {"base64url.decode", 1, base64url_decode},
    {"hex.encode", 1, hex_encode},
    {"hex.decode", 1, hex_decode},
    {"yaml.marshal", 1, yaml_marshal},
    {"yaml.unmarshal", 1, yaml_unmarshal},
    {"yaml.is_valid", 1, yaml_is_valid},
    {"urlquery.encode", 1, urlquery_encode},
    {"urlquery.decode", 1, urlquery_decode},
    {"urlquery.encode_object", 1, urlquery_encode_object},
    {"urlquery.decode_object", 1, urlquery_decode_object},
};

}  // namespace

std::span<const Builtin> encoding_builtins() { return kEncoding; }

}  // namespace aw::rego
