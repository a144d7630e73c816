// SPDX-License-Identifier: Apache-2.0
// Times in nanoseconds since 1970. The present is given, never read.
#include <cmath>

#include "core/rego/builtin.h"
#include "core/rego/go_time.h"
#include "core/rego/number.h"

namespace aw::rego {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Moment {
  Civil civil;
  std::int64_t nanos = 0;
  std::shared_ptr<const Zone> zone = Zone::utc();
  std::string layout;
};

Moment moment_of(std::int64_t nanos, std::shared_ptr<const Zone> zone) {
  Moment out;
  // Rounded down; not by way of seconds * kSecond, which has no room in the year 1677.
  std::int64_t seconds = nanos / kSecond;
  std::int64_t rest = nanos % kSecond;
  if (rest < 0) {
    --seconds;
    rest += kSecond;
  }
  out.civil = civil_of(seconds, static_cast<int>(rest), *zone);
  out.nanos = nanos;
  out.zone = std::move(zone);
  return out;
}

// `ns`, `[ns]`, `[ns, zone]`, `[ns, zone, layout]`.
bool want_moment(BuiltinCall& call, std::size_t i, Moment& out) {
  Value const& given = call[i];
  Value number = given;
  auto zone = Zone::utc();
  std::string layout;
  if (given.is(Kind::array) && given.size() > 0) {
    auto items = given.items();
    number = items[0];
    for (std::size_t at = 1; at < items.size() && at < 3; ++at) {
      if (items[at].is(Kind::string)) continue;
      call.type_error("operand 1 must be string but got " +
                      std::string(kind_name(items[at].kind())));
      return false;
    }
    std::string name(items.size() > 1 ? items[1].as_string() : "");
    if (!name.empty() && name != "UTC" && name != "Local") {
      auto loaded = Zone::load(name);
      if (!loaded.ok()) {
        call.fail(loaded.error().message);
        return false;
      }
      zone = *loaded;
    }
    if (items.size() > 2) layout = items[2].as_string();
  } else if (!given.is(Kind::number)) {
    call.type_error("operand 1 must be either number (ns) or [number (ns), string (tz)] but got " +
                    std::string(kind_name(given.kind())));
    return false;
  }
  if (!number.is(Kind::number)) {
    call.type_error("operand 1 must be number but got " + std::string(kind_name(number.kind())));
    return false;
  }
  auto nanos = number.as_int();
  if (!nanos) {
    call.fail("timestamp too big");
    return false;
  }
  out = moment_of(*nanos, std::move(zone));
  out.layout = layout;
  return true;
}

Value nanos_of(BuiltinCall& call, Civil const& civil) {
  auto nanos = civil.nanos();
  return nanos ? Value::number(*nanos) : call.fail("time outside of valid range");
}

Value now_ns(BuiltinCall& call) {
  return Value::number(call.context.options->now.time_since_epoch().count());
}

Value parse_ns(BuiltinCall& call) {
  if (!call.want(0, Kind::string) || !call.want(1, Kind::string)) return {};
  auto parsed = parse_time(named_layout(call.text(0)), call.text(1));
  return parsed.ok() ? nanos_of(call, *parsed) : call.fail(parsed.error().message);
}

Value parse_rfc3339_ns(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  auto parsed = parse_time(named_layout("RFC3339"), call.text(0));
  return parsed.ok() ? nanos_of(call, *parsed) : call.fail(parsed.error().message);
}

Value parse_duration(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  auto parsed = parse_go_duration(call.text(0));
  return parsed.ok() ? Value::number(*parsed) : call.fail(parsed.error().message);
}

Value numbers(std::initializer_list<std::int64_t> all) {
  std::vector<Value> items;
  for (std::int64_t one : all) items.push_back(Value::number(one));
  return Value::array(std::move(items));
}

Value date(BuiltinCall& call) {
  Moment at;
  if (!want_moment(call, 0, at)) return {};
  return numbers({at.civil.year, at.civil.month, at.civil.day});
}

Value clock(BuiltinCall& call) {
  Moment at;
  if (!want_moment(call, 0, at)) return {};
  return numbers({at.civil.hour, at.civil.minute, at.civil.second});
}

Value weekday(BuiltinCall& call) {
  Moment at;
  if (!want_moment(call, 0, at)) return {};
  return Value::string(format_time(at.civil, "Monday"));
}

Value format(BuiltinCall& call) {
  Moment at;
  if (!want_moment(call, 0, at)) return {};
  std::string_view layout = at.layout.empty() ? "RFC3339Nano" : std::string_view(at.layout);
  return Value::string(format_time(at.civil, named_layout(layout)));
}

// Finds the instant whose local time in the zone is this.
std::int64_t local_seconds(Civil const& civil, Zone const& zone) {
  Civil utc = civil;
  utc.offset = 0;
  std::int64_t guess = utc.seconds();
  std::int64_t first = guess - zone.at(guess).seconds;
  std::int64_t second = guess - zone.at(first).seconds;
  return second;
}

Value add_date(BuiltinCall& call) {
  Moment at;
  std::int64_t years = 0;
  std::int64_t months = 0;
  std::int64_t days = 0;
  if (!want_moment(call, 0, at)) return {};
  if (!call.want_int(1, years) || !call.want_int(2, months) || !call.want_int(3, days)) return {};
  constexpr std::int64_t kMost = 1'000'000;
  bool far = std::abs(years) > kMost || std::abs(months) > kMost || std::abs(days) > kMost * 400;
  if (far) return call.fail("time outside of valid range");
  std::int64_t day = days_of(at.civil.year + years, at.civil.month + months, at.civil.day + days);
  Civil made = civil_of(day * 86'400, at.civil.nanosecond, *Zone::utc());
  made.hour = at.civil.hour;
  made.minute = at.civil.minute;
  made.second = at.civil.second;
  std::int64_t seconds = local_seconds(made, *at.zone);
  return nanos_of(call, civil_of(seconds, at.civil.nanosecond, *Zone::utc()));
}

Value difference(BuiltinCall& call) {
  Moment a;
  Moment b;
  if (!want_moment(call, 0, a) || !want_moment(call, 1, b)) return {};
  b = moment_of(b.nanos, a.zone);
  if (a.nanos > b.nanos) std::swap(a, b);
  std::int64_t year = b.civil.year - a.civil.year;
  std::int64_t month = b.civil.month - a.civil.month;
  std::int64_t day = b.civil.day - a.civil.day;
  std::int64_t hour = b.civil.hour - a.civil.hour;
  std::int64_t minute = b.civil.minute - a.civil.minute;
  std::int64_t second = b.civil.second - a.civil.second;
  auto borrow = [](std::int64_t& from, std::int64_t& to, std::int64_t size) {
    if (to >= 0) return;
    to += size;
    --from;
  };
  borrow(minute, second, 60);
  borrow(hour, minute, 60);
  borrow(day, hour, 24);
  std::int64_t length =
      days_of(a.civil.year, a.civil.month + 1, 1) - days_of(a.civil.year, a.civil.month, 1);
  borrow(month, day, length);
  borrow(year, month, 12);
  return numbers({year, month, day, hour, minute, second});
}

constexpr Builtin kTime[] = {
    {"time.now_ns", 0, now_ns},
    {"time.parse_ns", 2, parse_ns},
    {"time.parse_rfc3339_ns", 1, parse_rfc3339_ns},
    {"time.parse_duration_ns", 1, parse_duration},
    {"time.date", 1, date},
    {"time.clock", 1, clock},
    {"time.weekday", 1, weekday},
    {"time.format", 1, format},
    {"time.add_date", 4, add_date},
    {"time.diff", 2, difference},
};

}  // namespace

std::span<const Builtin> time_builtins() { return kTime; }

}  // namespace aw::rego
