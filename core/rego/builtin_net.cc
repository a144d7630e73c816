// SPDX-License-Identifier: Apache-2.0
// Networks by address and prefix. Nothing here talks to one.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "core/rego/builtin.h"

namespace aw::rego {
namespace {

using Bytes = std::array<std::uint8_t, 16>;
constexpr std::size_t kMaxExpanded = 1U << 20;

// Addresses of either family; IPv4 fills the first four bytes.
struct Network {
  Bytes first{};
  int prefix = 0;
  bool v6 = false;

  [[nodiscard]] int bits() const { return v6 ? 128 : 32; }
  [[nodiscard]] Bytes last() const {
    Bytes out = first;
    for (int i = prefix; i < bits(); ++i) set(out, i, true);
    return out;
  }
  static bool get(Bytes const& b, int i) {
    return (b[static_cast<std::size_t>(i / 8)] >> (7 - i % 8) & 1) != 0;
  }
  static void set(Bytes& b, int i, bool on) {
    auto mask = static_cast<std::uint8_t>(1U << (7 - i % 8));
    auto& byte = b[static_cast<std::size_t>(i / 8)];
    byte = on ? static_cast<std::uint8_t>(byte | mask) : static_cast<std::uint8_t>(byte & ~mask);
  }
  [[nodiscard]] std::string address() const {
    std::array<char, 64> out{};
    inet_ntop(v6 ? AF_INET6 : AF_INET, first.data(), out.data(), out.size());
    return out.data();
  }
  [[nodiscard]] std::string text() const { return address() + "/" + std::to_string(prefix); }
};

void mask(Network& network) {
  for (int i = network.prefix; i < network.bits(); ++i) Network::set(network.first, i, false);
}

// ::ffff:10.0.0.1 is 10.0.0.1, with or without a prefix, as Go has it.
void unmap(Network& network) {
  constexpr std::size_t kAhead = 12;
  Bytes ahead{};
  ahead[10] = ahead[11] = 0xFF;
  if (!network.v6 || network.prefix < 96 ||
      !std::equal(ahead.begin(), ahead.begin() + kAhead, network.first.begin()))
    return;
  Bytes first{};
  std::copy(network.first.begin() + kAhead, network.first.end(), first.begin());
  network = {.first = first, .prefix = network.prefix - 96, .v6 = false};
}

bool parse_plain(std::string const& text, Network& out) {
  Network made;
  made.v6 = text.find(':') != std::string::npos;
  if (inet_pton(made.v6 ? AF_INET6 : AF_INET, text.c_str(), made.first.data()) != 1) return false;
  made.prefix = made.bits();
  out = made;
  return true;
}

bool parse_address(std::string const& text, Network& out) {
  if (!parse_plain(text, out)) return false;
  unmap(out);
  return true;
}

bool parse_cidr(std::string_view text, Network& out) {
  std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  if (!parse_plain(std::string(text.substr(0, slash)), out)) return false;
  std::string_view digits = text.substr(slash + 1);
  int prefix = 0;
  auto const* end = std::to_address(digits.end());
  auto parsed = std::from_chars(std::to_address(digits.begin()), end, prefix);
  bool ok = parsed.ec == std::errc{} && parsed.ptr == end && prefix >= 0 && prefix <= out.bits() &&
            !digits.starts_with('-');
  if (!ok) return false;
  out.prefix = prefix;
  unmap(out);
  mask(out);
  return true;
}

bool parse_either(std::string_view text, Network& out) {
  return parse_cidr(text, out) || parse_address(std::string(text), out);
}

Value not_a_cidr(BuiltinCall& call, std::string_view text) {
  return call.fail("invalid CIDR address: " + std::string(text));
}

bool contains(Network const& outer, Network const& inner) {
  if (outer.v6 != inner.v6 || outer.prefix > inner.prefix) return false;
  Network cut = inner;
  cut.prefix = outer.prefix;
  mask(cut);
  return cut.first == outer.first;
}

Value cidr_contains(BuiltinCall& call) {
  Network outer;
  Network inner;
  if (!call.want(0, Kind::string) || !call.want(1, Kind::string)) return {};
  if (!parse_cidr(call.text(0), outer)) return not_a_cidr(call, call.text(0));
  if (!parse_either(call.text(1), inner)) return not_a_cidr(call, call.text(1));
  return Value::boolean(contains(outer, inner));
}

Value cidr_intersects(BuiltinCall& call) {
  Network a;
  Network b;
  if (!call.want(0, Kind::string) || !call.want(1, Kind::string)) return {};
  if (!parse_cidr(call.text(0), a)) return not_a_cidr(call, call.text(0));
  if (!parse_cidr(call.text(1), b)) return not_a_cidr(call, call.text(1));
  return Value::boolean(contains(a, b) || contains(b, a));
}

Value cidr_is_valid(BuiltinCall& call) {
  Network network;
  return Value::boolean(call[0].is(Kind::string) && parse_cidr(call.text(0), network));
}

bool advance(Network& at) {
  for (std::size_t i = at.v6 ? 16 : 4; i-- > 0;) {
    if (++at.first[i] != 0) return true;
  }
  return false;
}

Value cidr_expand(BuiltinCall& call) {
  Network network;
  if (!call.want(0, Kind::string)) return {};
  if (!parse_cidr(call.text(0), network)) return not_a_cidr(call, call.text(0));
  int free_bits = network.bits() - network.prefix;
  if (free_bits > 20 || (1U << static_cast<unsigned>(free_bits)) > kMaxExpanded) {
    return call.fatal("the network is too large");
  }
  std::vector<Value> out;
  Network at = network;
  for (std::size_t left = std::size_t{1} << static_cast<unsigned>(free_bits); left > 0; --left) {
    out.push_back(Value::string(at.address()));
    if (!advance(at)) break;
  }
  return Value::set(std::move(out));
}

// The address of one element: text, or the first of an array.
bool element_text(BuiltinCall& call, std::size_t operand, Value const& item,
                  std::string_view& out) {
  Value const* text = &item;
  if (item.is(Kind::array) && item.size() > 0) text = &item.items()[0];
  if (text->is(Kind::string)) {
    out = text->as_string();
    return true;
  }
  call.fail("operand " + std::to_string(operand) + ": element must be string or non-empty array");
  return false;
}

struct Element {
  Value key;
  Network network;
};

bool elements_of(BuiltinCall& call, std::size_t i, std::vector<Element>& out) {
  Value const& given = call[i];
  auto add = [&](Value key, Value const& item) {
    std::string_view text;
    if (!element_text(call, i + 1, item, text)) return false;
    Element element{std::move(key), {}};
    bool ok = i == 0 ? parse_cidr(text, element.network) : parse_either(text, element.network);
    if (!ok) not_a_cidr(call, text);
    out.push_back(std::move(element));
    return ok;
  };
  if (given.is(Kind::string)) return add(given, given);
  if (!call.want(i, {Kind::string, Kind::array, Kind::set, Kind::object})) return false;
  auto items = given.items();
  for (std::size_t at = 0; at < items.size(); ++at) {
    bool array = given.is(Kind::array);
    Value key = array ? Value::number(static_cast<std::int64_t>(at)) : items[at];
    if (!add(key, items[at])) return false;
  }
  return std::ranges::all_of(given.entries(), [&](Entry const& e) { return add(e.key, e.value); });
}

Value cidr_contains_matches(BuiltinCall& call) {
  std::vector<Element> outer;
  std::vector<Element> inner;
  if (!elements_of(call, 0, outer) || !elements_of(call, 1, inner)) return {};
  std::vector<Value> found;
  for (Element const& a : outer) {
    for (Element const& b : inner) {
      if (contains(a.network, b.network)) found.push_back(Value::array({a.key, b.key}));
    }
  }
  return Value::set(std::move(found));
}

// A network on its way to be merged, and how it is written when nothing joins it.
struct Mergeable {
  Network network;
  std::string text;
};

// Without a prefix an IPv4 address stands for its class's network, as Go has it; alone it keeps the
// bits of the host.
bool parse_merged(BuiltinCall& call, std::string_view text, Mergeable& out) {
  Network& network = out.network;
  bool const cidr = parse_cidr(text, network);
  if (!cidr && !parse_address(std::string(text), network)) {
    not_a_cidr(call, text);
    return false;
  }
  if (!cidr && network.v6) {
    call.fail("IPv6 invalid: needs prefix length");
    return false;
  }
  if (!cidr) network.prefix = network.first[0] < 128 ? 8 : network.first[0] < 192 ? 16 : 24;
  out.text = network.text();
  mask(network);
  return true;
}

// The fewest networks that cover exactly the same addresses.
std::vector<Mergeable> merged(std::vector<Mergeable> all) {
  auto before = [](Network const& a, Network const& b) {
    if (a.v6 != b.v6) return !a.v6;
    if (a.first != b.first) return a.first < b.first;
    return a.prefix < b.prefix;
  };
  std::ranges::sort(all, before, &Mergeable::network);
  std::vector<Mergeable> out;
  for (Mergeable const& next : all) {
    if (!out.empty() && contains(out.back().network, next.network)) {
      out.back().text = out.back().network.text();
      continue;
    }
    out.push_back(next);
    while (out.size() > 1) {
      Network& a = out[out.size() - 2].network;
      Network const& b = out.back().network;
      if (a.v6 != b.v6 || a.prefix != b.prefix || a.prefix == 0) break;
      Network parent = a;
      --parent.prefix;
      mask(parent);
      if (parent.first != a.first || !contains(parent, b)) break;
      a = parent;
      out[out.size() - 2].text = parent.text();
      out.pop_back();
    }
  }
  return out;
}

Value cidr_merge(BuiltinCall& call) {
  if (!call.want(0, {Kind::set, Kind::array})) return {};
  std::vector<Mergeable> all;
  for (Value const& item : call[0].items()) {
    if (!item.is(Kind::string)) {
      return call.type_error("operand 1 must be " + std::string(kind_name(call[0].kind())) +
                             " of strings but got " + std::string(kind_name(call[0].kind())) +
                             " containing " + std::string(kind_name(item.kind())));
    }
    Mergeable one;
    if (!parse_merged(call, item.as_string(), one)) return {};
    all.push_back(std::move(one));
  }
  std::vector<Value> out;
  for (Mergeable const& one : merged(std::move(all))) out.push_back(Value::string(one.text));
  return Value::set(std::move(out));
}

constexpr Builtin kNet[] = {
    {"net.cidr_contains", 2, cidr_contains},
    {"net.cidr_overlap", 2, cidr_contains},
    {"net.cidr_intersects", 2, cidr_intersects},
    {"net.cidr_is_valid", 1, cidr_is_valid},
    {"net.cidr_expand", 1, cidr_expand},
    {"net.cidr_contains_matches", 2, cidr_contains_matches},
    {"net.cidr_merge", 1, cidr_merge},
};

}  // namespace

std::span<const Builtin> net_builtins() { return kNet; }

}  // namespace aw::rego
