// SPDX-License-Identifier: Apache-2.0
// Counters, gauges and histograms, and their text for Prometheus.
//
// A family is made once, by name; a series of it by its label values. References stay valid as long
// as the Registry: take them when you are built, touch them on the hot path (one relaxed atomic
// each). Any thread. A family keeps at most kMaxSeries series; what would be more is counted in one
// series whose label values are all "other".
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/format.h"

namespace aw::metrics {

inline constexpr std::size_t kMaxSeries = 512;

// Only grows.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Goes up and down.
class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double delta) { value_.fetch_add(delta, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// An observation that can be looked up: OpenMetrics 1.0 §exemplars.
struct Exemplar {
  std::array<char, 32> trace_id{};  // hexadecimal; of a trace that a collector gets
  double value = 0;
  double unix_time = 0;
};

// Counts of values by size. A scrape in the middle of an observe may see the count without the sum.
class Histogram {
 public:
  // `bounds`: upper bounds, ascending, without +Inf.
  explicit Histogram(std::span<const double> bounds);
  void observe(double value);
  // The same, and its bucket remembers the trace, unless another thread is at that right now.
  // `trace_id`: 32 digits; any other is not remembered.
  void observe(double value, std::string_view trace_id, double unix_time);
  // The last that the bucket remembers.
  [[nodiscard]] std::optional<Exemplar> exemplar(std::size_t index) const;
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
  [[nodiscard]] std::uint64_t bucket(
      std::size_t index) const;  // not cumulative; bounds().size() is +Inf

 private:
  struct Kept {
    mutable std::atomic_flag busy;
    std::optional<Exemplar> last;  // guarded by busy
  };
  [[nodiscard]] std::size_t bucket_of(double value) const;

  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::vector<Kept> kept_;
  std::atomic<double> sum_{0};
};

// Durations of requests, in seconds: 5 ms … 10 s.
[[nodiscard]] std::span<const double> request_buckets();
// Durations of decisions, in seconds: 1 ms … 1 s.
[[nodiscard]] std::span<const double> decision_buckets();

// Names as Prometheus wants them, [a-zA-Z_:][a-zA-Z0-9_:]*; `help` is one line.
struct FamilyInfo {
  std::string name;
  std::string help;
  std::vector<std::string> labels;
};

template <class Instrument>
class Family {
 public:
  using Make = std::function<std::unique_ptr<Instrument>()>;
  Family(FamilyInfo info, Make make) : info_(std::move(info)), make_(std::move(make)) {}

  // As many values as labels. Takes a lock: not for the hot path.
  Instrument& at(std::vector<std::string> const& values);
  [[nodiscard]] FamilyInfo const& info() const { return info_; }
  // In the order of the label values, under the family's lock: `visit` makes no series.
  void each(
      std::function<void(std::vector<std::string> const&, Instrument const&)> const& visit) const;

 private:
  FamilyInfo const info_;
  Make const make_;
  mutable std::mutex mutex_;
  std::map<std::vector<std::string>, std::unique_ptr<Instrument>> series_;
};

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(Registry const&) = delete;
  Registry& operator=(Registry const&) = delete;

  // The same name again gives the same family; with other labels or another kind it ends the
  // process (a defect of ours).
  Family<Counter>& counter_family(std::string name, std::string help,
                                  std::vector<std::string> labels);
  Family<Gauge>& gauge_family(std::string name, std::string help, std::vector<std::string> labels);
  Family<Histogram>& histogram_family(std::string name, std::string help,
                                      std::span<const double> bounds,
                                      std::vector<std::string> labels);
  Counter& counter(std::string name, std::string help) {
    return counter_family(std::move(name), std::move(help), {}).at({});
  }
  Gauge& gauge(std::string name, std::string help) {
    return gauge_family(std::move(name), std::move(help), {}).at({});
  }

  // Called before each text(): for values that are looked up, not kept (an expiry, a queue's
  // depth).
  void before_scrape(std::function<void()> refresh);

  // Prometheus text format 0.0.4, or OpenMetrics 1.0.
  [[nodiscard]] std::string text(Format format = Format::prometheus) const;

 private:
  struct Entry;
  template <class Instrument>
  Family<Instrument>& find_or_make(FamilyInfo info, typename Family<Instrument>::Make make);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
  std::vector<std::function<void()>> refreshers_;
};

}  // namespace aw::metrics
