// SPDX-License-Identifier: Apache-2.0
// policy_bench [--format json] [--write DIR] [--only NAME]: what a decision costs, from the input's
// JSON bytes to allow or deny, one call at a time; and what large data costs to load and to hold.
//
// With --write, DIR gets the scenarios as files (NAME.rego, NAME.data.json, NAME.input.json), so
// that another engine can be asked the same.
#include "core/rego/policy.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "core/base/clock.h"

namespace {

using Steady = std::chrono::steady_clock;

struct Scenario {
  std::string name;
  std::string module;
  std::string data = "{}";
  std::string input;
};

struct Figure {
  std::string name;
  long p50 = 0;
  long p99 = 0;
  std::size_t count = 0;
};

std::string caller_of(int i) { return "spiffe://example.com/agent/caller-" + std::to_string(i); }
std::string callee_of(int i) { return "spiffe://example.com/agent/callee-" + std::to_string(i); }

std::string input_of(std::string const& caller, std::string const& callee,
                     std::string const& action) {
  return "{\"caller_spiffe_id\": \"" + caller + "\", \"callee_spiffe_id\": \"" + callee +
         "\", \"action\": \"" + action + "\"}";
}

Scenario tiny() {
  return {"tiny_allow_list",
          "package bench\n\ndefault allow := false\n\nallow if {\n"
          "\tinput.caller_spiffe_id in data.allowed\n\tinput.action == \"status\"\n}\n",
          "{\"allowed\": [\"" + caller_of(1) + "\", \"" + caller_of(2) + "\", \"" + caller_of(3) +
              "\"]}",
          input_of(caller_of(2), callee_of(1), "status")};
}

// 10,000 callees, each with its own 100 callers.
Scenario large(std::string name, bool objects) {
  std::string data = "{\"callers\": {";
  for (int callee = 0; callee < 10'000; ++callee) {
    data += (callee == 0 ? "\"" : ", \"") + callee_of(callee) + "\": " + (objects ? "{" : "[");
    for (int i = 0; i < 100; ++i) {
      data += (i == 0 ? "\"" : ", \"") + caller_of(callee * 100 + i) + "\"";
      if (objects) data += ": true";
    }
    data += objects ? "}" : "]";
  }
  data += "}}";
  std::string rule = objects ? "\tdata.callers[input.callee_spiffe_id][input.caller_spiffe_id]\n"
                             : "\tinput.caller_spiffe_id in data.callers[input.callee_spiffe_id]\n";
  return {std::move(name), "package bench\n\ndefault allow := false\n\nallow if {\n" + rule + "}\n",
          std::move(data), input_of(caller_of(765'487), callee_of(7'654), "status")};
}

Scenario patterns() {
  std::string module = "package bench\n\ndefault allow := false\n";
  for (int i = 0; i < 100; ++i) {
    std::string n = std::to_string(i);
    module += "\nallow if {\n\tglob.match(\"spiffe://example.com/team-" + n +
              "/*\", [\"/\"], input.caller_spiffe_id)\n\tinput.action == \"read\"\n}\n";
    module += "\nallow if {\n\tregex.match(`^spiffe://example\\.com/unit-" + n +
              "/[a-z]+-[0-9]+$`, input.caller_spiffe_id)\n\tinput.action == \"write\"\n}\n";
  }
  return {"glob_regex_200", std::move(module), "{}",
          input_of("spiffe://example.com/unit-77/worker-12", callee_of(1), "write")};
}

Scenario equalities() {
  std::string module = "package bench\n\ndefault allow := false\n";
  for (int i = 0; i < 1'000; ++i) {
    module += "\nallow if {\n\tinput.caller_spiffe_id == \"" + caller_of(i) +
              "\"\n\tinput.action == \"act-" + std::to_string(i % 10) + "\"\n}\n";
  }
  return {"equality_1000", std::move(module), "{}",
          input_of(caller_of(765), callee_of(1), "act-5")};
}

std::size_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  in >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// What this process has used so far: says more than the wall clock on a machine that others use.
long cpu_nanoseconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec * 1'000'000'000 + used.tv_nsec;
}

Figure figure_of(std::string name, std::vector<long>& times) {
  std::ranges::sort(times);
  return {std::move(name), times[times.size() / 2], times[times.size() * 99 / 100], times.size()};
}

bool fail(std::string const& name, std::string const& why) {
  std::cerr << name << ": " << why << "\n";
  return false;
}

bool decide(aw::rego::Policy const& policy, aw::rego::Query const& query, std::string const& input,
            aw::Clock const& clock) {
  auto parsed = aw::rego::parse_json(input);
  aw::rego::EvalOptions options;
  options.now = clock.now();
  options.clock = &clock;
  return parsed.ok() && policy.evaluate(query, *parsed, options).value.is_true();
}

bool run(Scenario& scenario, std::vector<Figure>& figures) {
  bool heavy = scenario.data.size() > 1'000'000;
  std::size_t before = resident_bytes();
  auto start = Steady::now();
  long const cpu_before = cpu_nanoseconds();
  auto data = aw::rego::parse_json(scenario.data);
  if (!data.ok()) return fail(scenario.name, data.error().message);
  std::vector<aw::rego::Source> sources = {{scenario.name + ".rego", scenario.module}};
  auto policy = aw::rego::compile(sources, std::move(*data));
  if (!policy.ok()) return fail(scenario.name, policy.error().message);
  auto loaded = std::chrono::duration_cast<std::chrono::nanoseconds>(Steady::now() - start).count();
  long const cpu = cpu_nanoseconds() - cpu_before;
  auto query = (*policy)->prepare("bench/allow");
  if (!query.ok()) return fail(scenario.name, query.error().message);
  aw::SystemClock clock;
  if (!decide(**policy, *query, scenario.input, clock)) {
    return fail(scenario.name, "does not allow");
  }
  if (heavy) {
    auto bytes = static_cast<long>(resident_bytes() - before);
    figures.push_back({scenario.name + "_load", loaded, loaded, 1});
    figures.push_back({scenario.name + "_load_cpu", cpu, cpu, 1});
    figures.push_back({scenario.name + "_memory_bytes", bytes, bytes, 1});
  }
  std::vector<long> times;
  for (int i = 0; i < 220'000; ++i) {
    auto from = Steady::now();
    bool allowed = decide(**policy, *query, scenario.input, clock);
    auto to = Steady::now();
    if (!allowed) return fail(scenario.name, "changed its mind");
    if (i >= 20'000) times.push_back(static_cast<long>((to - from).count()));
  }
  figures.push_back(figure_of(scenario.name, times));
  return true;
}

void write_files(Scenario const& scenario, std::filesystem::path const& folder) {
  std::ofstream(folder / (scenario.name + ".rego")) << scenario.module;
  std::ofstream(folder / (scenario.name + ".data.json")) << scenario.data;
  std::ofstream(folder / (scenario.name + ".input.json")) << scenario.input;
}

void print(std::vector<Figure> const& figures, bool json) {
  std::string out = json ? "[\n" : "";
  for (Figure const& f : figures) {
    bool last = &f == &figures.back();
    std::array<char, 256> line{};
    std::snprintf(line.data(), line.size(),
                  json ? "  {\"name\": \"%s\", \"p50_ns\": %ld, \"p99_ns\": %ld, \"n\": %zu}%s\n"
                       : "%-36s p50 %12ld   p99 %12ld   n %zu%s\n",
                  f.name.c_str(), f.p50, f.p99, f.count, json && !last ? "," : "");
    out += line.data();
  }
  std::cout << out << (json ? "]\n" : "");
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::string folder;
  std::string only;  // a scenario's name
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--format" && i + 1 < argc) json = std::string(argv[++i]) == "json";
    if (argument == "--write" && i + 1 < argc) folder = argv[++i];
    if (argument == "--only" && i + 1 < argc) only = argv[++i];
  }
  std::vector<Figure> figures;
  struct Named {
    std::string_view name;
    Scenario (*make)();
  };
  constexpr Named kScenarios[] = {
      {"tiny_allow_list", tiny},
      {"lists_10000x100", [] { return large("lists_10000x100", false); }},
      {"objects_10000x100", [] { return large("objects_10000x100", true); }},
      {"glob_regex_200", patterns},
      {"equality_1000", equalities}};
  for (Named const& named : kScenarios) {
    if (!only.empty() && named.name != only) continue;
    Scenario scenario = named.make();
    if (!folder.empty()) {
      write_files(scenario, folder);
    } else if (!run(scenario, figures)) {
      return 1;
    }
  }
  if (folder.empty()) print(figures, json);
  return 0;
}
