// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/registry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <thread>
#include <variant>

namespace aw::metrics {
namespace {

constexpr std::array kRequestBuckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                        0.5,   1.0,  2.5,   5.0,  10.0};
constexpr std::array kDecisionBuckets = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0};

std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    out += c;
  }
  return out;
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 40> digits{};
  auto const [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

using Values = std::vector<std::string>;

void append_labels(std::string& out, Values const& names, Values const& values,
                   std::string_view extra) {
  std::string inside;
  for (std::size_t i = 0; i < names.size(); ++i) {
    // To Prometheus an empty label is an absent one: left out, a family can hold its own sum.
    if (values[i].empty()) continue;
    if (!inside.empty()) inside += ',';
    inside.append(names[i]).append("=\"").append(escape(values[i])).append("\"");
  }
  if (!extra.empty()) {
    if (!inside.empty()) inside += ',';
    inside += extra;
  }
  if (!inside.empty()) out.append("{").append(inside).append("}");
}

void append_head(std::string& out, std::string_view name, std::string_view help,
                 std::string_view type) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

// To OpenMetrics a counter is a family whose one sample is called family_total.
void append_counter_head(std::string& out, FamilyInfo const& info, Format format) {
  constexpr std::string_view kTotal = "_total";
  std::string_view name = info.name;
  if (format == Format::prometheus) return append_head(out, name, info.help, "counter");
  if (!name.ends_with(kTotal)) return append_head(out, name, info.help, "unknown");
  name.remove_suffix(kTotal.size());
  append_head(out, name, info.help, "counter");
}

void append_family(std::string& out, Family<Counter> const& family, Format format) {
  append_counter_head(out, family.info(), format);
  family.each([&](Values const& values, Counter const& counter) {
    out += family.info().name;
    append_labels(out, family.info().labels, values, {});
    out.append(" ").append(std::to_string(counter.value())).append("\n");
  });
}

void append_family(std::string& out, Family<Gauge> const& family, Format /*format*/) {
  append_head(out, family.info().name, family.info().help, "gauge");
  family.each([&](Values const& values, Gauge const& gauge) {
    out += family.info().name;
    append_labels(out, family.info().labels, values, {});
    out += ' ';
    append_number(out, gauge.value());
    out += '\n';
  });
}

// OpenMetrics 1.0 §exemplars: ` # {trace_id="…"} VALUE TIME`.
void append_exemplar(std::string& out, Exemplar const& exemplar) {
  out.append(" # {trace_id=\"").append(exemplar.trace_id.data(), exemplar.trace_id.size());
  out += "\"} ";
  append_number(out, exemplar.value);
  out += ' ';
  append_number(out, std::round(exemplar.unix_time * 1000) / 1000);
}

void append_series(std::string& out, FamilyInfo const& info, Values const& values,
                   Histogram const& h, Format format) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= h.bounds().size(); ++i) {
    total += h.bucket(i);
    std::string le = "le=\"";
    append_number(le, i < h.bounds().size() ? h.bounds()[i] : HUGE_VAL);
    out.append(info.name).append("_bucket");
    append_labels(out, info.labels, values, le + "\"");
    out.append(" ").append(std::to_string(total));
    auto const exemplar = format == Format::openmetrics ? h.exemplar(i) : std::nullopt;
    if (exemplar) append_exemplar(out, *exemplar);
    out += '\n';
  }
  out.append(info.name).append("_sum");
  append_labels(out, info.labels, values, {});
  out += ' ';
  append_number(out, h.sum());
  out.append("\n").append(info.name).append("_count");
  append_labels(out, info.labels, values, {});
  out.append(" ").append(std::to_string(total)).append("\n");
}

// Bounds are written alike in both formats: `le="1"` here and `le="1.0"` there would be two series.
void append_family(std::string& out, Family<Histogram> const& family, Format format) {
  append_head(out, family.info().name, family.info().help, "histogram");
  family.each([&](Values const& values, Histogram const& histogram) {
    append_series(out, family.info(), values, histogram, format);
  });
}

}  // namespace

std::span<const double> request_buckets() { return kRequestBuckets; }
std::span<const double> decision_buckets() { return kDecisionBuckets; }

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      buckets_(bounds.size() + 1),
      kept_(bounds.size() + 1) {}

std::size_t Histogram::bucket_of(double value) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
}

void Histogram::observe(double value) {
  buckets_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

void Histogram::observe(double value, std::string_view trace_id, double unix_time) {
  observe(value);
  Exemplar one{.value = value, .unix_time = unix_time};
  if (trace_id.size() != one.trace_id.size()) return;
  std::ranges::copy(trace_id, one.trace_id.begin());
  auto& kept = kept_[bucket_of(value)];
  // An exemplar is any one of many: nobody waits to be it.
  if (kept.busy.test_and_set(std::memory_order_acquire)) return;
  kept.last = one;
  kept.busy.clear(std::memory_order_release);
}

std::optional<Exemplar> Histogram::exemplar(std::size_t index) const {
  auto const& kept = kept_[index];
  while (kept.busy.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  auto out = kept.last;
  kept.busy.clear(std::memory_order_release);
  return out;
}

std::uint64_t Histogram::bucket(std::size_t index) const {
  return buckets_[index].load(std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (auto const& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  return total;
}

template <class Instrument>
Instrument& Family<Instrument>::at(std::vector<std::string> const& values) {
  if (values.size() != info_.labels.size()) std::abort();
  std::lock_guard const lock(mutex_);
  auto found = series_.find(values);
  if (found == series_.end()) {
    bool const full = series_.size() >= kMaxSeries;
    auto const& key = full ? std::vector<std::string>(values.size(), "other") : values;
    found = series_.try_emplace(key, nullptr).first;
    if (!found->second) found->second = make_();
  }
  return *found->second;
}

template <class Instrument>
void Family<Instrument>::each(
    std::function<void(std::vector<std::string> const&, Instrument const&)> const& visit) const {
  std::lock_guard const lock(mutex_);
  for (auto const& [values, instrument] : series_) visit(values, *instrument);
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

struct Registry::Entry {
  std::variant<std::unique_ptr<Family<Counter>>, std::unique_ptr<Family<Gauge>>,
               std::unique_ptr<Family<Histogram>>>
      family;
};

Registry::Registry() = default;
Registry::~Registry() = default;

template <class Instrument>
Family<Instrument>& Registry::find_or_make(FamilyInfo info,
                                           typename Family<Instrument>::Make make) {
  std::lock_guard const lock(mutex_);
  auto& entry = entries_[info.name];
  if (!entry) {
    entry = std::make_unique<Entry>(
        std::make_unique<Family<Instrument>>(std::move(info), std::move(make)));
    return *std::get<std::unique_ptr<Family<Instrument>>>(entry->family);
  }
  auto* same = std::get_if<std::unique_ptr<Family<Instrument>>>(&entry->family);
  if (same == nullptr || (*same)->info().labels != info.labels) std::abort();
  return **same;
}

Family<Counter>& Registry::counter_family(std::string name, std::string help,
                                          std::vector<std::string> labels) {
  return find_or_make<Counter>({std::move(name), std::move(help), std::move(labels)},
                               [] { return std::make_unique<Counter>(); });
}

Family<Gauge>& Registry::gauge_family(std::string name, std::string help,
                                      std::vector<std::string> labels) {
  return find_or_make<Gauge>({std::move(name), std::move(help), std::move(labels)},
                             [] { return std::make_unique<Gauge>(); });
}

Family<Histogram>& Registry::histogram_family(std::string name, std::string help,
                                              std::span<const double> bounds,
                                              std::vector<std::string> labels) {
  std::vector<double> const copy(bounds.begin(), bounds.end());
  return find_or_make<Histogram>({std::move(name), std::move(help), std::move(labels)},
                                 [copy] { return std::make_unique<Histogram>(copy); });
}

void Registry::before_scrape(std::function<void()> refresh) {
  std::lock_guard const lock(mutex_);
  refreshers_.push_back(std::move(refresh));
}

std::string Registry::text(Format format) const {
  std::vector<std::function<void()>> refreshers;
  {
    std::lock_guard const lock(mutex_);
    refreshers = refreshers_;
  }
  for (auto const& refresh : refreshers) refresh();
  std::lock_guard const lock(mutex_);
  std::string out;
  for (auto const& [name, entry] : entries_) {
    std::visit([&](auto const& family) { append_family(out, *family, format); }, entry->family);
  }
  if (format == Format::openmetrics) out += "# EOF\n";
  return out;
}

}  // namespace aw::metrics
