// SPDX-License-Identifier: Apache-2.0
// rego_conformance FILE.jsonl…: runs OPA's own evaluation cases (a case a line) and counts per
// topic.
//
// A case passes when all its expectations hold. Skipped are only cases that the skip list below
// names with its reason. Exit 1 when one fails. `-v` tells why each failed, `-t TOPIC` runs one
// topic. `--default FOLDER` runs every .jsonl of AGENTWEAVE_REGO_CASES or else of the folder, and
// ends with 77 when there is none.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/rego/parser.h"
#include "core/rego/policy.h"

namespace {

using aw::rego::Entry;
using aw::rego::Kind;
using aw::rego::Value;

struct Options {
  bool verbose = false;
  std::string topic;
  std::vector<std::string> files;
};

struct Count {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

std::map<std::string, int>& skips() {
  static std::map<std::string, int> all;
  return all;
}

// The reason to skip a case, or empty. A refused builtin names itself.
std::string skip_reason(Value const& test) {
  for (Value const& name : test.get("builtins").items()) {
    std::string_view refused = aw::rego::refused_builtin(name.as_string());
    if (!refused.empty())
      return "calls " + std::string(name.as_string()) + ": " + std::string(refused);
  }
  for (Value const& module : test.get("modules").items()) {
    if (module.as_string().find("test.sleep") != std::string_view::npos) {
      return "calls test.sleep, a function of OPA's own test build";
    }
  }
  return {};
}

// A value as the expectations have it: sets are arrays, keys text.
Value plain(Value const& value, bool sort) {
  std::vector<Value> items;
  for (Value const& item : value.items()) items.push_back(plain(item, sort));
  if (value.is(Kind::array) || value.is(Kind::set)) {
    return Value::array(std::move(items));
  }
  if (!value.is(Kind::object)) return value;
  std::vector<Entry> entries;
  for (Entry const& entry : value.entries()) {
    Value key =
        entry.key.is(Kind::string) ? entry.key : Value::string(plain(entry.key, sort).to_json());
    entries.push_back({key, plain(entry.value, sort)});
  }
  return Value::object(std::move(entries));
}

Value sorted(Value const& value) {
  if (!value.is(Kind::array)) return value;
  std::vector<Value> items(value.items().begin(), value.items().end());
  std::ranges::sort(items, [](Value const& a, Value const& b) { return compare(a, b) < 0; });
  return Value::array(std::move(items));
}

Value solutions(aw::rego::Outcome const& outcome, Value const& test) {
  bool sort = test.get("sort_bindings").is_true();
  std::vector<Value> all;
  for (auto const& bindings : outcome.bindings) {
    std::vector<Entry> entries;
    for (auto const& [name, value] : bindings) {
      Value made = plain(value, sort);
      entries.push_back({Value::string(name), sort ? sorted(made) : made});
    }
    all.push_back(Value::object(std::move(entries)));
  }
  return Value::set(std::move(all));
}

Value wanted(Value const& test) {
  bool sort = test.get("sort_bindings").is_true();
  std::vector<Value> all;
  for (Value const& one : test.get("want_result").items()) {
    std::vector<Entry> entries;
    for (Entry const& entry : one.entries()) {
      if (entry.key.as_string().starts_with("__localq")) continue;
      entries.push_back({entry.key, sort ? sorted(entry.value) : entry.value});
    }
    all.push_back(Value::object(std::move(entries)));
  }
  return Value::set(std::move(all));
}

std::string judge(aw::rego::Outcome const& outcome, Value const& test) {
  Value code = test.get("want_error_code");
  Value text = test.get("want_error");
  if (code.defined() || text.defined()) {
    if (outcome.ok()) return "no error; got " + solutions(outcome, test).to_text();
    if (code.defined() && outcome.error->code != code.as_string()) {
      return "error " + outcome.error->text() + "; wanted " + std::string(code.as_string());
    }
    std::string shown = outcome.error->text();
    bool holds = shown.find(text.as_string()) != std::string::npos;
    return holds ? "" : "error " + shown + "; wanted " + std::string(text.as_string());
  }
  if (!outcome.ok()) return "error " + outcome.error->text();
  if (!test.get("want_result").defined()) return {};
  Value got = solutions(outcome, test);
  Value want = wanted(test);
  return got == want ? "" : "got " + got.to_text() + "\n    wanted " + want.to_text();
}

// Empty when the case passes.
std::string run_case(Value const& test, aw::Clock const& clock) {
  std::vector<aw::rego::Source> sources;
  for (Value const& module : test.get("modules").items()) {
    sources.push_back(
        {"test-" + std::to_string(sources.size()) + ".rego", std::string(module.as_string())});
  }
  std::vector<aw::rego::Diagnostic> faults;
  auto policy = aw::rego::compile(sources, test.get("data"), {}, &faults);
  if (!policy.ok()) {
    std::string all = "does not compile";
    for (auto const& fault : faults) all += "\n    " + fault.text();
    return all;
  }
  auto query = (*policy)->prepare(test.get("query").as_string(), &faults);
  if (!query.ok()) return "query: " + query.error().text();
  Value input = test.get("input");
  if (Value term = test.get("input_term"); term.defined()) {
    auto parsed = aw::rego::parse_value(term.as_string());
    if (!parsed.ok()) return "input term: " + parsed.error().message;
    input = *parsed;
  }
  aw::rego::EvalOptions options;
  options.now = clock.now();
  options.clock = &clock;
  options.limits.time = std::chrono::seconds(20);
  options.builtin_errors = test.get("strict_error").is_true() ? aw::rego::BuiltinErrors::strict
                                                              : aw::rego::BuiltinErrors::undefined;
  return judge((*policy)->evaluate(*query, input, options), test);
}

void run_file(std::string const& name, Options const& options,
              std::map<std::string, Count>& counts) {
  aw::SystemClock clock;
  std::ifstream in(name);
  std::string line;
  int number = 0;
  while (std::getline(in, line)) {
    ++number;
    auto test = aw::rego::parse_json(line);
    std::string topic = test.ok() ? std::string(test->get("topic").as_string()) : "unreadable";
    if (!options.topic.empty() && topic != options.topic) continue;
    Count& count = counts[topic];
    std::string reason = test.ok() ? skip_reason(*test) : "";
    if (!reason.empty()) {
      ++count.skipped;
      ++skips()[reason];
      if (options.verbose) {
        std::cout << "skip " << name << ":" << number << " " << test->get("note").as_string()
                  << ": " << reason << "\n";
      }
      continue;
    }
    std::string problem = test.ok() ? run_case(*test, clock) : test.error().message;
    ++(problem.empty() ? count.passed : count.failed);
    if (!problem.empty() && options.verbose) {
      std::cout << "FAIL " << number << " " << topic << " " << test->get("note").as_string()
                << "\n    " << problem << "\n";
    }
  }
  if (number == 0) {
    std::cerr << name << ": no cases\n";
    ++counts["unreadable"].failed;
  }
}

// Every .jsonl file of the folder, in order of their names.
void add_folder(std::string const& folder, std::vector<std::string>& files) {
  std::error_code none;
  for (auto const& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
}

constexpr int kSkipped = 77;  // ctest's word for it

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "-v") {
      options.verbose = true;
    } else if (argument == "-t" && i + 1 < argc) {
      options.topic = argv[++i];
    } else if (argument == "--default" && i + 1 < argc) {
      char const* named = std::getenv("AGENTWEAVE_REGO_CASES");
      add_folder(named != nullptr ? named : argv[i + 1], options.files);
      ++i;
      if (options.files.empty()) {
        std::cout << "no cases here; set AGENTWEAVE_REGO_CASES to a folder of them\n";
        return kSkipped;
      }
    } else {
      options.files.push_back(argument);
    }
  }
  std::map<std::string, Count> counts;
  for (std::string const& file : options.files) run_file(file, options, counts);
  Count total;
  for (auto const& [reason, count] : skips())
    std::cout << "skipped " << count << ": " << reason << "\n";
  for (auto const& [topic, count] : counts) {
    std::cout << topic << ": " << count.passed << " passed, " << count.failed << " failed, "
              << count.skipped << " skipped\n";
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
  }
  std::cout << total.passed << " passed, " << total.failed << " failed, " << total.skipped
            << " skipped\n";
  return total.failed > 0 || options.files.empty() ? 1 : 0;
}
