// SPDX-License-Identifier: Apache-2.0
// UUIDs, the engine's own facts, annotations.
#include <algorithm>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/rego/builtin.h"

namespace aw::rego {
namespace {

// The same for the same key all through one evaluation.
Value uuid_make(BuiltinCall& call) {
  std::string key = "uuid.rfc4122/" + call[0].to_text();
  for (auto const& [name, value] : *call.context.remembered) {
    if (name == key) return value;
  }
  Value value = Value::string(random_uuid());
  call.context.remembered->emplace_back(key, value);
  return value;
}

bool uuid_bytes(std::string_view text, std::string& out) {
  if (text.size() == 45 && text::equal_ignoring_case(text.substr(0, 9), "urn:uuid:")) {
    text.remove_prefix(9);
  }
  if (text.size() == 38) text = text.substr(1, 36);  // whatever the brackets are, as OPA's library
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = text.size() == 36 && (i == 8 || i == 13 || i == 18 || i == 23);
    if (dash != (text[i] == '-')) return false;
    if (!dash) digits += text[i];
  }
  if (digits.size() != 32) return false;
  for (std::size_t i = 0; i < 32; i += 2) {
    auto digit = [&](char c) {
      char l = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9') return c - '0';
      return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
    };
    if (digit(digits[i]) < 0 || digit(digits[i + 1]) < 0) return false;
    out += static_cast<char>(digit(digits[i]) * 16 + digit(digits[i + 1]));
  }
  return true;
}

std::uint64_t number_at(std::string const& bytes, std::size_t from, std::size_t count) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    out = out << 8U | static_cast<unsigned char>(bytes[from + i]);
  }
  return out;
}

void add_node(std::string const& bytes, std::vector<Entry>& entries) {
  std::string node;
  for (std::size_t i = 10; i < 16; ++i) {
    node += (node.empty() ? "" : "-") + text::to_hex(bytes.substr(i, 1));
  }
  entries.push_back({Value::string("nodeid"), Value::string(node)});
  auto first = static_cast<unsigned char>(bytes[10]);
  std::string kind = (first & 2U) != 0 ? "local" : "global";
  kind += (first & 1U) != 0 ? ":multicast" : ":unicast";
  entries.push_back({Value::string("macvariables"), Value::string(kind)});
}

Value uuid_parse(BuiltinCall& call) {
  std::string bytes;
  if (!call.want(0, Kind::string)) return {};
  if (!uuid_bytes(call.text(0), bytes)) return {};
  auto version = static_cast<std::int64_t>(number_at(bytes, 6, 1) >> 4U);
  std::uint64_t high = number_at(bytes, 8, 1);
  std::string variant = (high & 0xC0U) == 0x80   ? "RFC4122"
                        : (high & 0xE0U) == 0xC0 ? "Microsoft"
                        : (high & 0xE0U) == 0xE0 ? "Future"
                                                 : "Reserved";
  std::vector<Entry> entries = {{Value::string("version"), Value::number(version)},
                                {Value::string("variant"), Value::string(variant)}};
  if (version == 1 || version == 2) {
    add_node(bytes, entries);
    auto sequence = static_cast<std::int64_t>(number_at(bytes, 8, 2) & 0x3FFFU);
    std::uint64_t time = (number_at(bytes, 6, 2) & 0x0FFFU) << 48U | number_at(bytes, 4, 2) << 32U |
                         number_at(bytes, 0, 4);
    constexpr std::uint64_t kUnixEpoch = 122'192'928'000'000'000;  // in 100 ns since 1582
    auto nanos = static_cast<std::int64_t>((time - kUnixEpoch) * 100);
    entries.push_back({Value::string("time"), Value::number(nanos)});
    entries.push_back({Value::string("clocksequence"), Value::number(sequence)});
    if (version == 2) {
      std::uint64_t domain = number_at(bytes, 9, 1);
      std::string name = domain == 0   ? "Person"
                         : domain == 1 ? "Group"
                         : domain == 2 ? "Org"
                                       : "Domain" + std::to_string(domain);
      entries.push_back({Value::string("domain"), Value::string(name)});
      entries.push_back(
          {Value::string("id"), Value::number(static_cast<std::int64_t>(number_at(bytes, 0, 4)))});
    }
  }
  return Value::object(std::move(entries));
}

Value opa_runtime(BuiltinCall& call) {
  Value const& given = call.context.options->runtime;
  return given.defined() ? given : Value::object(std::vector<Entry>{});
}

Value metadata_rule(BuiltinCall& call) { return call.context.metadata_rule; }
Value metadata_chain(BuiltinCall& call) { return call.context.metadata_chain; }

constexpr Builtin kMisc[] = {
    {"uuid.rfc4122", 1, uuid_make},
    {"uuid.parse", 1, uuid_parse},
    {"opa.runtime", 0, opa_runtime},
    {"rego.metadata.rule", 0, metadata_rule},
    {"rego.metadata.chain", 0, metadata_chain},
};

}  // namespace

std::span<const Builtin> misc_builtins() { return kMisc; }

}  // namespace aw::rego
