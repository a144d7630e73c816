// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/registry.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>
#include <thread>
#include <vector>

using namespace aw::metrics;

TEST_CASE("a series stands at zero as soon as it is named") {
  Registry registry;
  registry.counter("agentweave_authz_allowed_total", "Allowed.");
  CHECK(registry.text() ==
        "# HELP agentweave_authz_allowed_total Allowed.\n# TYPE agentweave_authz_allowed_total "
        "counter\n"
        "agentweave_authz_allowed_total 0\n");
}

TEST_CASE("label values are escaped") {
  Registry registry;
  registry.counter_family("c", "h", {"a"}).at({"x\"y\\z\n"}).add(3);
  CHECK(registry.text().find("c{a=\"x\\\"y\\\\z\\n\"} 3\n") != std::string::npos);
}

TEST_CASE("a histogram's buckets are cumulative and its bounds inclusive") {
  Registry registry;
  std::array const bounds = {0.1, 1.0};
  auto& h = registry.histogram_family("h", "help", bounds, {}).at({});
  h.observe(0.1);
  h.observe(0.5);
  h.observe(7);
  auto const text = registry.text();
  CHECK(text.find("h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\n") !=
        std::string::npos);
  CHECK(text.find("h_sum 7.6\nh_count 3\n") != std::string::npos);
}

TEST_CASE("a caller cannot make the number of series grow without end") {
  Registry registry;
  auto& family = registry.counter_family("c", "h", {"peer"});
  for (std::size_t i = 0; i < kMaxSeries + 100; ++i) family.at({std::to_string(i)}).add();
  CHECK(family.at({"other"}).value() == 100);
}

TEST_CASE("a value that is looked up is fresh in each text") {
  Registry registry;
  auto& gauge = registry.gauge("g", "h");
  double next = 1;
  registry.before_scrape([&] { gauge.set(next++); });
  CHECK(registry.text().ends_with("g 1\n"));
  CHECK(registry.text().ends_with("g 2\n"));
}

TEST_CASE("counting from several threads loses nothing") {
  Registry registry;
  auto& counter = registry.counter("c", "h");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&counter] {
      for (int i = 0; i < 10000; ++i) counter.add();
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(counter.value() == 40000);
}

TEST_CASE("the text is what a scraper reads: help and type first, then the series") {
  Registry registry;
  registry.counter_family("b_total", "second", {"k"}).at({"x"}).add(2);
  registry.gauge("a_now", "first").set(1.5);
  CHECK(registry.text() ==
        "# HELP a_now first\n# TYPE a_now gauge\na_now 1.5\n"
        "# HELP b_total second\n# TYPE b_total counter\nb_total{k=\"x\"} 2\n");
}

TEST_CASE("numbers are written as scrapers know them") {
  struct Row {
    double value;
    std::string text;
  };
  for (Row const& row : {
           Row{0, "0"},
           Row{-0.5, "-0.5"},
           Row{1e21, "1e+21"},
           Row{0.1, "0.1"},
           Row{std::numeric_limits<double>::infinity(), "+Inf"},
           Row{-std::numeric_limits<double>::infinity(), "-Inf"},
           Row{std::numeric_limits<double>::quiet_NaN(), "NaN"},
           Row{1795811811.9683206, "1795811811.9683206"},
       }) {
    CAPTURE(row.text);
    Registry registry;
    registry.gauge("x", "h").set(row.value);
    CHECK(registry.text().ends_with("x " + row.text + "\n"));
  }
}

TEST_CASE("an empty label is left out, so that a family can hold its own sum") {
  Registry registry;
  auto& family = registry.gauge_family("state", "h", {"endpoint", "state"});
  family.at({"", "open"}).set(1);
  family.at({"a", "open"}).set(1);
  auto const text = registry.text();
  CHECK(text.find("state{state=\"open\"} 1\n") != std::string::npos);
  CHECK(text.find("state{endpoint=\"a\",state=\"open\"} 1\n") != std::string::npos);
}

TEST_CASE("asking again for a family gives the same one") {
  Registry registry;
  registry.counter("x_total", "h").add();
  registry.counter("x_total", "another help").add();
  CHECK(registry.text().find("x_total 2\n") != std::string::npos);
  CHECK(registry.text().find("another") == std::string::npos);
}

TEST_CASE("a histogram of several threads loses no observation, and its last bucket is its count") {
  Registry registry;
  std::array const bounds = {1.0, 2.0};
  auto& histogram = registry.histogram_family("h", "h", bounds, {}).at({});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&histogram] {
      for (int i = 0; i < 1000; ++i) histogram.observe(i % 4);
    });
  }
  for (auto& thread : threads) thread.join();
  auto const text = registry.text();
  CHECK(text.find("h_bucket{le=\"1\"} 2000\n") != std::string::npos);
  CHECK(text.find("h_bucket{le=\"2\"} 3000\n") != std::string::npos);
  CHECK(text.find("h_bucket{le=\"+Inf\"} 4000\n") != std::string::npos);
  CHECK(text.find("h_sum 6000\n") != std::string::npos);
  CHECK(text.find("h_count 4000\n") != std::string::npos);
}

TEST_CASE("in OpenMetrics a counter's family loses its _total, and the text says where it ends") {
  Registry registry;
  registry.counter("agentweave_x_total", "X.").add(2);
  registry.gauge("agentweave_y", "Y.").set(1);
  CHECK(registry.text(Format::openmetrics) ==
        "# HELP agentweave_x X.\n# TYPE agentweave_x counter\nagentweave_x_total 2\n"
        "# HELP agentweave_y Y.\n# TYPE agentweave_y gauge\nagentweave_y 1\n# EOF\n");
}

TEST_CASE("a bound is the same series in both formats") {
  Registry registry;
  std::array const bounds = {1.0};
  registry.histogram_family("h", "help", bounds, {}).at({}).observe(0.5);
  for (auto const format : {Format::prometheus, Format::openmetrics})
    CHECK(registry.text(format).find("h_bucket{le=\"1\"} 1\n") != std::string::npos);
}

TEST_CASE("a bucket's last trace is told in OpenMetrics, and in Prometheus text none is") {
  Registry registry;
  std::array const bounds = {0.1, 1.0};
  auto& h = registry.histogram_family("h", "help", bounds, {"a"}).at({"x"});
  std::string const first(32, 'a');
  std::string const second(32, 'b');
  h.observe(0.5, first, 1'800'000'000.1);
  h.observe(0.25, second, 1'800'000'001.5);
  h.observe(7, "no trace", 1'800'000'002);
  h.observe(0.05);
  auto const text = registry.text(Format::openmetrics);
  CAPTURE(text);
  CHECK(text.find("h_bucket{a=\"x\",le=\"0.1\"} 1\n") != std::string::npos);
  CHECK(text.find("h_bucket{a=\"x\",le=\"1\"} 3 # {trace_id=\"" + second +
                  "\"} 0.25 1800000001.5\n") != std::string::npos);
  CHECK(text.find("h_bucket{a=\"x\",le=\"+Inf\"} 4\n") != std::string::npos);
  CHECK(registry.text().find('{' + std::string("trace_id")) == std::string::npos);
}

TEST_CASE("exemplars are whole whoever writes them at once") {
  Registry registry;
  auto& h = registry.histogram_family("h", "help", {}, {}).at({});
  std::vector<std::jthread> writers;
  for (char const letter : {'a', 'b', 'c', 'd'})
    writers.emplace_back([&h, letter](std::stop_token const& stop) {
      std::string const trace(32, letter);
      while (!stop.stop_requested()) h.observe(letter, trace, letter);
    });
  for (int i = 0; i < 2000; ++i) {
    auto const seen = h.exemplar(0);
    if (!seen) continue;
    std::string const trace(seen->trace_id.begin(), seen->trace_id.end());
    CHECK(trace == std::string(32, static_cast<char>(seen->value)));
    CHECK(seen->unix_time == seen->value);
  }
}
