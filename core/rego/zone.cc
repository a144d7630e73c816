// SPDX-License-Identifier: Apache-2.0
// Zones out of the system's database (RFC 8536, version 2 and above).
#include <algorithm>

#include "core/base/fs.h"
#include "core/rego/go_time.h"

namespace aw::rego {

class ZoneReader {
 public:
  explicit ZoneReader(std::string_view bytes) : bytes_(bytes) {}

  std::shared_ptr<const Zone> read() {
    auto zone = std::make_shared<Zone>();
    if (!header() || version_ < '2') return nullptr;
    // The first block is the old form with 32 bits: passed over.
    at_ += changes_ * 5 + kinds_ * 6 + names_ + leaps_ * 8 + standard_ + universal_;
    if (!header() || !block(*zone)) return nullptr;
    std::string_view rest = at_ < bytes_.size() ? bytes_.substr(at_) : std::string_view{};
    footer(*zone, rest);
    return zone;
  }

 private:
  std::uint64_t number(std::size_t width) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < width; ++i) {
      unsigned char byte = at_ < bytes_.size() ? static_cast<unsigned char>(bytes_[at_]) : 0;
      out = out << 8U | byte;
      ++at_;
    }
    return out;
  }

  bool header() {
    if (bytes_.size() < at_ + 44 || bytes_.substr(at_, 4) != "TZif") return false;
    version_ = bytes_[at_ + 4];
    at_ += 20;
    universal_ = number(4);
    standard_ = number(4);
    leaps_ = number(4);
    changes_ = number(4);
    kinds_ = number(4);
    names_ = number(4);
    return changes_ < 10'000 && kinds_ < 256 && names_ < 4096 && kinds_ > 0 && leaps_ < 10'000 &&
           standard_ < 256 && universal_ < 256;
  }

  bool block(Zone& zone) {
    std::size_t need = changes_ * 9 + kinds_ * 6 + names_ + leaps_ * 12 + standard_ + universal_;
    if (bytes_.size() < at_ + need) return false;
    std::vector<std::int64_t> times;
    times.reserve(changes_);
    for (std::size_t i = 0; i < changes_; ++i)
      times.push_back(static_cast<std::int64_t>(number(8)));
    for (std::size_t i = 0; i < changes_; ++i) zone.changes_.emplace_back(times[i], number(1));
    zone.kinds_.clear();
    std::vector<std::size_t> names;
    for (std::size_t i = 0; i < kinds_; ++i) {
      zone.kinds_.push_back({static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))), ""});
      at_ += 1;
      names.push_back(number(1));
    }
    std::string_view text = bytes_.substr(at_, names_);
    for (std::size_t i = 0; i < kinds_; ++i) {
      std::string_view name = names[i] < text.size() ? text.substr(names[i]) : "";
      zone.kinds_[i].name = name.substr(0, name.find('\0'));
    }
    at_ += names_ + leaps_ * 12 + standard_ + universal_;
    return std::ranges::all_of(zone.changes_, [&](auto const& c) { return c.second < kinds_; });
  }

  struct Rule {
    int month = 0;
    int week = 0;
    int day = 0;
    std::int64_t time = 7200;
  };

  static std::int64_t instant(Rule const& rule, std::int64_t year, std::int32_t before) {
    std::int64_t first = days_of(year, rule.month, 1);
    std::int64_t weekday = ((first + 4) % 7 + 7) % 7;
    std::int64_t day = first + (rule.day - weekday + 7) % 7 + (rule.week - 1) * std::int64_t{7};
    while (day >= days_of(year, rule.month + 1, 1)) day -= 7;
    return day * 86'400 + rule.time - before;
  }

  // The rule for later years, `CET-1CEST,M3.5.0,M10.5.0/3`, laid out until 2300.
  void footer(Zone& zone, std::string_view text) {
    if (!text.starts_with('\n')) return;
    text = text.substr(1, text.find('\n', 1) - 1);
    std::string standard;
    std::string summer;
    std::int64_t offset = 0;
    if (!name(text, standard) || !offset_of(text, offset)) return;
    auto standard_offset = static_cast<std::int32_t>(-offset);
    if (!name(text, summer)) return;
    std::int64_t summer_offset = standard_offset + 3600;
    if (!text.empty() && text[0] != ',') {
      if (!offset_of(text, offset)) return;
      summer_offset = -offset;
    }
    Rule start;
    Rule end;
    if (!rule(text, start) || !rule(text, end)) return;
    std::size_t first = zone.kinds_.size();
    zone.kinds_.push_back({standard_offset, standard});
    zone.kinds_.push_back({static_cast<std::int32_t>(summer_offset), summer});
    std::int64_t last = zone.changes_.empty() ? INT64_MIN : zone.changes_.back().first;
    std::vector<std::pair<std::int64_t, std::size_t>> more;
    for (std::int64_t year = 1970; year < 2300; ++year) {
      more.emplace_back(instant(start, year, standard_offset), first + 1);
      more.emplace_back(instant(end, year, static_cast<std::int32_t>(summer_offset)), first);
    }
    std::ranges::sort(more);
    for (auto const& change : more) {
      if (change.first > last) zone.changes_.push_back(change);
    }
  }

  static bool name(std::string_view& text, std::string& out) {
    std::size_t end = 0;
    if (text.starts_with('<')) {
      end = text.find('>');
      if (end == std::string_view::npos) return false;
      out = text.substr(1, end - 1);
      text.remove_prefix(end + 1);
      return true;
    }
    while (end < text.size() && ((text[end] | 0x20) >= 'a' && (text[end] | 0x20) <= 'z')) ++end;
    out = text.substr(0, end);
    text.remove_prefix(end);
    return end >= 3;
  }

  static bool digits(std::string_view& text, std::int64_t& out) {
    std::size_t end = 0;
    out = 0;
    while (end < text.size() && end < 4 && text[end] >= '0' && text[end] <= '9') {
      out = out * 10 + (text[end++] - '0');
    }
    text.remove_prefix(end);
    return end > 0;
  }

  static bool offset_of(std::string_view& text, std::int64_t& out) {
    std::int64_t sign = text.starts_with('-') ? -1 : 1;
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    std::int64_t total = 0;
    std::int64_t unit = 3600;
    for (int i = 0; i < 3; ++i, unit /= 60) {
      if (i > 0) {
        if (!text.starts_with(':')) break;
        text.remove_prefix(1);
      }
      std::int64_t part = 0;
      if (!digits(text, part)) return false;
      total += part * unit;
    }
    out = sign * total;
    return true;
  }

  static bool rule(std::string_view& text, Rule& out) {
    if (!text.starts_with(",M")) return false;
    text.remove_prefix(2);
    std::int64_t month = 0;
    std::int64_t week = 0;
    std::int64_t day = 0;
    if (!digits(text, month) || !text.starts_with('.')) return false;
    text.remove_prefix(1);
    if (!digits(text, week) || !text.starts_with('.')) return false;
    text.remove_prefix(1);
    if (!digits(text, day)) return false;
    out = {static_cast<int>(month), static_cast<int>(week), static_cast<int>(day)};
    if (text.starts_with('/')) {
      text.remove_prefix(1);
      return offset_of(text, out.time);
    }
    return true;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  char version_ = 0;
  std::size_t universal_ = 0;
  std::size_t standard_ = 0;
  std::size_t leaps_ = 0;
  std::size_t changes_ = 0;
  std::size_t kinds_ = 0;
  std::size_t names_ = 0;
};

std::shared_ptr<const Zone> Zone::utc() { return std::make_shared<Zone>(); }

Result<std::shared_ptr<const Zone>> Zone::load(std::string const& name) {
  auto unknown = [&] { return make_error(Code::policy_builtin, "unknown time zone " + name); };
  bool plain = !name.empty() && name.size() < 100 && name[0] != '/' &&
               name.find("..") == std::string::npos &&
               std::ranges::all_of(
                   name,
                   [](char c) {
                     return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' || c == '+';
                   });
  if (!plain) return unknown();
  auto bytes = fs::read_file("/usr/share/zoneinfo/" + name, 1U << 20);
  if (!bytes.ok()) return unknown();
  auto zone = ZoneReader(*bytes).read();
  if (!zone) return unknown();
  return zone;
}

Zone::Offset const& Zone::at(std::int64_t seconds) const {
  auto later =
      std::ranges::upper_bound(changes_, seconds, {}, [](auto const& c) { return c.first; });
  if (later == changes_.begin()) return kinds_[0];
  return kinds_[std::prev(later)->second];
}

}  // namespace aw::rego
