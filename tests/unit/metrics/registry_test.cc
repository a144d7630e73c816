// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/registry.h"

#include <doctest/doctest.h>

#include <array>
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
