// SPDX-License-Identifier: Apache-2.0
// Units of size, semantic versions, UUIDs, and what asks about the engine itself.
#include <gmp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/rego/ascii.h"
#include "core/rego/builtin.h"
#include "core/rego/number.h"

namespace aw::rego {
namespace {

// A rational with an owner.
class Rational {
 public:
  Rational() { mpq_init(q_); }
  ~Rational() { mpq_clear(q_); }
  Rational(Rational const&) = delete;
  Rational& operator=(Rational const&) = delete;
  mpq_ptr get() { return q_; }
  mpz_ptr top() { return mpq_numref(q_); }
  mpz_ptr bottom() { return mpq_denref(q_); }

  // Decimal text with an optional fraction and exponent.
  bool parse(std::string_view text) {
    std::string digits;
    long scale = 0;
    std::size_t at = 0;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
      if (text[at] == '-') digits = "-";
      ++at;
    }
    bool any = false;
    bool point = false;
    for (; at < text.size() && (is_digit(text[at]) || text[at] == '.'); ++at) {
      if (text[at] == '.') {
        if (point) return false;
        point = true;
        continue;
      }
      any = true;
      digits += text[at];
      if (point) --scale;
    }
    if (!any) return false;
    if (at < text.size()) {
      if (text[at] != 'e' && text[at] != 'E') return false;
      std::string_view exponent = text.substr(at + 1);
      if (exponent.starts_with('+')) exponent.remove_prefix(1);
      long value = 0;
      auto const* end = std::to_address(exponent.end());
      auto parsed = std::from_chars(std::to_address(exponent.begin()), end, value);
      bool const whole = parsed.ec == std::errc{} && parsed.ptr == end;
      if (!whole || value > 100'000 || value < -100'000) return false;
      scale += value;
    }
    mpz_set_str(top(), digits.c_str(), 10);
    mpz_set_ui(bottom(), 1);
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, static_cast<unsigned long>(std::labs(scale)));
    if (scale >= 0) {
      mpz_mul(top(), top(), power);
    } else {
      mpz_set(bottom(), power);
    }
    mpz_clear(power);
    mpq_canonicalize(q_);
    return true;
  }

 private:
  mpq_t q_;
};

std::string integer_of(mpz_srcptr z) {
  std::string out(mpz_sizeinbase(z, 10) + 2, '\0');
  mpz_get_str(out.data(), 10, z);
  out.resize(out.find('\0'));
  return out;
}

enum class Split { ok, exponent };

// "10.5e3MiB" into number and unit.
Split split_amount(std::string_view text, std::string_view& number, std::string_view& unit) {
  std::size_t end = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool part = is_digit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
    if (!part) {
      end = i;
      break;
    }
    if (c != 'e' && c != 'E') continue;
    bool exponent =
        i + 1 < text.size() && (is_digit(text[i + 1]) || text[i + 1] == '+' || text[i + 1] == '-');
    if (!exponent) {
      end = i;
      break;
    }
    if (text[i + 1] == '+' || text[i + 1] == '-') ++i;
    std::size_t digits = 0;
    while (i + 1 + digits < text.size() && is_digit(text[i + 1 + digits])) ++digits;
    if (digits > 6) return Split::exponent;
  }
  number = text.substr(0, end);
  unit = text.substr(end);
  return Split::ok;
}

// 1000^n or 1024^n by the letter; 0 when there is no such unit.
std::uint64_t power_of(char letter, std::uint64_t base) {
  std::size_t place = std::string_view("kmgtpe").find(letter);
  if (place == std::string_view::npos) return 0;
  std::uint64_t out = base;
  for (std::size_t i = 0; i < place; ++i) out *= base;
  return out;
}

std::string without_quotes(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return c != '"'; });
  return out;
}

Value units_parse(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string text = without_quotes(call.text(0));
  if (text.find(' ') != std::string::npos)
    return call.fail("spaces not allowed in resource strings");
  std::string_view number;
  std::string_view unit;
  if (split_amount(text, number, unit) == Split::exponent) return call.fail("exponent too large");
  if (number.empty()) return call.fail("no amount provided");
  std::string name(unit);
  if (name.size() > 1) name = name.substr(0, 1) + text::lower(name.substr(1));
  std::uint64_t factor = 0;
  bool milli = name == "m";
  if (name.empty() || milli) factor = 1;
  if (name.size() == 1 && !milli) factor = power_of(text::lower(name)[0], 1000);
  if (name.size() == 2 && name[1] == 'i') factor = power_of(text::lower(name)[0], 1024);
  if (factor == 0) return call.fail("unit " + name + " not recognized");
  Rational amount;
  if (!amount.parse(number)) return call.fail("could not parse amount to a number");
  mpz_mul_ui(amount.top(), amount.top(), factor);
  if (milli) mpz_mul_ui(amount.bottom(), amount.bottom(), 1000);
  mpq_canonicalize(amount.get());
  if (mpz_cmp_ui(static_cast<mpz_srcptr>(amount.bottom()), 1) == 0) {
    return Value::number_text(integer_of(amount.top()));
  }
  // Ten decimals, rounded half away from zero.
  bool negative = mpz_sgn(static_cast<mpz_srcptr>(amount.top())) < 0;
  mpz_abs(amount.top(), amount.top());
  mpz_mul_ui(amount.top(), amount.top(), 20'000'000'000UL);
  mpz_add(amount.top(), amount.top(), amount.bottom());
  mpz_mul_ui(amount.bottom(), amount.bottom(), 2);
  mpz_fdiv_q(amount.top(), amount.top(), amount.bottom());
  std::string digits = integer_of(amount.top());
  if (digits.size() < 11) digits.insert(0, 11 - digits.size(), '0');
  return Value::number_text((negative ? "-" : "") + digits.substr(0, digits.size() - 10) + "." +
                            digits.substr(digits.size() - 10));
}

Value units_parse_bytes(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string text = text::lower(without_quotes(call.text(0)));
  if (text.find(' ') != std::string::npos)
    return call.fail("spaces not allowed in resource strings");
  std::string_view number;
  std::string_view unit;
  if (split_amount(text, number, unit) == Split::exponent) return call.fail("exponent too large");
  if (number.empty()) return call.fail("no byte amount provided");
  std::string name(unit);
  if (name.size() > 1 && name.ends_with('b')) name.pop_back();
  std::uint64_t factor = name.empty() ? 1 : 0;
  if (name.size() == 1) factor = power_of(name[0], 1000);
  if (name.size() == 2 && name[1] == 'i') factor = power_of(name[0], 1024);
  if (factor == 0) return call.fail("byte unit " + std::string(unit) + " not recognized");
  Rational amount;
  if (!amount.parse(number)) return call.fail("could not parse byte amount to a number");
  mpz_mul_ui(amount.top(), amount.top(), factor);
  mpz_tdiv_q(amount.top(), amount.top(), amount.bottom());
  return Value::number_text(integer_of(amount.top()));
}

struct Version {
  std::array<std::string, 3> numbers;
  std::vector<std::string> pre;
};

bool numeric(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

bool identifiers(std::string_view text, bool numbers_plain, std::vector<std::string>& out) {
  for (std::string_view part : text::split(text, '.')) {
    bool chars = std::ranges::all_of(part, [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    bool leading = numbers_plain && numeric(part) && part.size() > 1 && part[0] == '0';
    if (part.empty() || !chars || leading) return false;
    out.emplace_back(part);
  }
  return true;
}

bool parse_version(std::string_view text, Version& out) {
  if (text.size() > 1024) return false;
  if (text.starts_with('v')) text.remove_prefix(1);
  std::vector<std::string> build;
  if (std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (!identifiers(text.substr(plus + 1), false, build)) return false;
    text = text.substr(0, plus);
  }
  if (std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    if (!identifiers(text.substr(dash + 1), true, out.pre)) return false;
    text = text.substr(0, dash);
  }
  auto parts = text::split(text, '.');
  if (parts.size() != 3) return false;
  for (std::size_t i = 0; i < 3; ++i) {
    if (!numeric(parts[i]) || (parts[i].size() > 1 && parts[i][0] == '0')) return false;
    out.numbers[i] = parts[i];
  }
  return true;
}

int compare_numeric(std::string const& a, std::string const& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  int order = a.compare(b);
  return order < 0 ? -1 : static_cast<int>(order > 0);
}

int compare_versions(Version const& a, Version const& b) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (int order = compare_numeric(a.numbers[i], b.numbers[i]); order != 0) return order;
  }
  if (a.pre.empty() || b.pre.empty()) {
    return static_cast<int>(a.pre.empty()) - static_cast<int>(b.pre.empty());
  }
  for (std::size_t i = 0; i < std::min(a.pre.size(), b.pre.size()); ++i) {
    bool x = numeric(a.pre[i]);
    bool y = numeric(b.pre[i]);
    if (x != y) return x ? -1 : 1;
    int order = x ? compare_numeric(a.pre[i], b.pre[i]) : a.pre[i].compare(b.pre[i]);
    if (order != 0) return order < 0 ? -1 : 1;
  }
  if (a.pre.size() == b.pre.size()) return 0;
  return a.pre.size() < b.pre.size() ? -1 : 1;
}

Value semver_compare(BuiltinCall& call) {
  std::array<Version, 2> versions;
  for (std::size_t i = 0; i < 2; ++i) {
    if (!call.want(i, Kind::string)) return {};
    if (!parse_version(call.text(i), versions[i])) {
      return call.fail("operand " + std::to_string(i + 1) + ": string \"" +
                       std::string(call.text(i)) + "\" is not a valid SemVer");
    }
  }
  return Value::number(compare_versions(versions[0], versions[1]));
}

Value semver_is_valid(BuiltinCall& call) {
  Version version;
  return Value::boolean(call[0].is(Kind::string) && parse_version(call.text(0), version));
}

constexpr Builtin kUnits[] = {
    {"units.parse", 1, units_parse},
    {"units.parse_bytes", 1, units_parse_bytes},
};

constexpr Builtin kSemver[] = {
    {"semver.compare", 2, semver_compare},
    {"semver.is_valid", 1, semver_is_valid},
};

}  // namespace

std::span<const Builtin> units_builtins() { return kUnits; }
std::span<const Builtin> semver_builtins() { return kSemver; }

}  // namespace aw::rego
