// SPDX-License-Identifier: Apache-2.0
#include "commands/config_policy.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/authz/policy_files.h"
#include "core/base/text.h"
#include "core/rego/tester.h"

namespace aw::commands {
namespace {

using config::Diagnostic;

// As `opa test DIR` would find it; other data is named in authorization.data_files.
std::vector<std::string> data_files_in(std::filesystem::path const& directory) {
  std::vector<std::string> out;
  for (char const* name : {"data.json", "data.yaml", "data.yml"}) {
    std::error_code error;
    if (std::filesystem::is_regular_file(directory / name, error)) {
      out.push_back((directory / name).string());
    }
  }
  return out;
}

std::string line_of(std::vector<rego::Source> const& sources, std::string const& name, int line) {
  auto const source = std::ranges::find(sources, name, &rego::Source::name);
  if (source == sources.end() || line < 1) return {};
  auto const lines = text::split(source->text, '\n');
  auto const index = static_cast<std::size_t>(line) - 1;
  return index < lines.size() ? std::string(lines[index]) : std::string();
}

class PolicyCheck {
 public:
  PolicyCheck(std::string const& directory, ConfigReport& report)
      : directory_(directory), report_(report) {}

  void run(Clock const& clock) {
    auto files = authz::read_policy_files(
        {.policy_dir = directory_, .data_files = data_files_in(directory_), .bundle = {}});
    if (!files.ok()) {
      config::Place place;
      place.file = directory_;
      add(files.error().code, std::move(place), files.error().message, files.error().hint);
      return;
    }
    for (rego::Source const& test : files->tests) test_files_.insert(test.name);
    sources_ = std::move(files->modules);
    std::ranges::move(files->tests, std::back_inserter(sources_));
    std::vector<rego::Diagnostic> faults;
    auto const policy = rego::compile(sources_, files->data, {}, &faults);
    for (rego::Diagnostic const& fault : faults) {
      add(fault.error, place(fault.file, fault.line, fault.column),
          fault.code.empty() ? fault.message : fault.code + ": " + fault.message, fault.hint);
    }
    if (!policy.ok()) {
      if (faults.empty()) add(policy.error().code, place({}, 0, 0), policy.error().message, {});
      return;
    }
    test(**policy, clock);
  }

 private:
  void test(rego::Policy const& policy, Clock const& clock) {
    rego::TestOptions options;
    options.coverage = rego::CoverageMode::on;
    options.eval.now = clock.now();
    options.clock = &clock;
    rego::TestReport const tests = rego::run_tests(policy, options);
    for (rego::TestResult const& one : tests.results) {
      bool const failed =
          one.state == rego::TestState::failed || one.state == rego::TestState::error;
      if (!failed) continue;
      std::string message = "policy test failed: " + one.name;
      if (!one.message.empty()) message += ": " + one.message;
      add(Code::policy_test_failed,
          place(one.location.file, one.location.line, one.location.column), std::move(message),
          one.why == nullptr ? std::string() : one.why->summary);
    }
    ConfigReport::Policy numbers;
    // What tests bring for themselves decides nothing: `dev` and `doctor` do not count it either.
    for (rego::ModuleInfo const& module : policy.modules())
      if (!test_files_.contains(module.file)) numbers.rules += module.rules.size();
    numbers.tests = tests.passed + tests.failed + tests.errors;
    numbers.passed = tests.passed;
    numbers.coverage = tests.coverage.percent;
    report_.policy = numbers;
  }

  [[nodiscard]] config::Place place(std::string const& file, int line, int column) const {
    config::Place out;
    out.file = file.empty() ? directory_ : (std::filesystem::path(directory_) / file).string();
    out.line = line;
    out.column = column;
    out.line_text = line_of(sources_, file, line);
    return out;
  }

  void add(Code code, config::Place place, std::string message, std::string hint) {
    Diagnostic one;
    one.code = code;
    one.message = std::move(message);
    one.hint = std::move(hint);
    one.place = std::move(place);
    report_.diagnostics.push_back(std::move(one));
  }

  std::string const& directory_;
  ConfigReport& report_;
  std::vector<rego::Source> sources_;
  std::set<std::string> test_files_;
};

}  // namespace

void check_policies(std::string const& directory, Clock const& clock, ConfigReport& report) {
  PolicyCheck(directory, report).run(clock);
}

}  // namespace aw::commands
