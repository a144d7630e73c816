// SPDX-License-Identifier: Apache-2.0
// Story S2 to the letter: what a person sees who asks why.
#include "core/authz/explain.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "fixture.h"
#include "real_opa.h"

using namespace aw;
using namespace aw::authz;

namespace {

constexpr auto kStory = R"(package agentweave.authz

# Who may ask what of whom: the lists say.
# What is on none of them waits for the morning.

default allow := false

policy_id := "story-s2"


allow if {
	input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
	input.action in data.actions[input.caller_spiffe_id]
}

# At daytime anybody may ask.
allow if { business_hours; input.action != "delete" }
business_hours if { hour := time.clock(time.parse_rfc3339_ns(input.timestamp))[0]; hour < 18 }
)";

constexpr auto kLists = R"({
  "allowed_callers": {"spiffe://corp.example/agent/billing": ["spiffe://corp.example/agent/planner"]},
  "actions": {"spiffe://corp.example/agent/planner": ["invoice", "status"]}
})";

struct Story {
  testing::TempDir directory;
  Bench bench;
  std::unique_ptr<Authorizer> authorizer;

  Story() {
    std::filesystem::create_directories(directory / "policy");
    std::ofstream(directory / "policy/authz.rego") << kStory;
    std::ofstream(directory / "data.json") << kLists;
    Config config;
    config.policy_dir = (directory / "policy").string();
    config.data_files = {(directory / "data.json").string()};
    auto opened = Authorizer::open(
        config, {.clock = bench.clock, .log = *bench.quiet, .metrics = bench.registry}, nullptr);
    REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().text()));
    authorizer = std::move(*opened);
  }
  [[nodiscard]] Explanation explain(std::optional<rego::EventDetail> detail = std::nullopt) const {
    auto context = question("refund");
    context.time = *parse_rfc3339("2026-11-23T22:15:00Z");
    return io::run_blocking(
        authorizer->explain(context, {.events = detail, .flips = ExplainOptions::Flips::find}));
  }
};

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("S2: the rule's lines with their marks and values, and what would flip it") {
  Story const story;
  auto const text = explanation_text(story.explain());
  CAPTURE(text);
  auto const lines = text::split(text, '\n');
  REQUIRE(lines.size() > 10);
  CHECK(
      lines[0].starts_with("DENIED   reason no_matching_rule   policy agentweave/authz @ sha256:"));
  CHECK(has(std::string(lines[0]), "embedded  rule authz.rego:11  "));
  CHECK(lines[1] == "  authz.rego");
  CHECK(lines[2] == "    11 │ allow if {");
  CHECK(lines[3].starts_with("    12 │   input.caller_spiffe_id in data.allowed_callers"));
  CHECK(lines[3].ends_with("✓ planner is listed"));
  CHECK(lines[4].starts_with("    13 │   input.action in data.actions["));
  CHECK(lines[4].ends_with("✗ \"refund\" is not in [\"invoice\", \"status\"]"));
  CHECK(lines[5] == "    14 │ }");
  CHECK(lines[6].starts_with("    17 │ allow if { business_hours; input.action != \"delete\" }"));
  CHECK(lines[6].ends_with("✗ line 18: hour = 22  · not reached"));
  CHECK(has(text,
            "\nwhat would flip it (smallest first):\n"
            "  1. data.actions[\"…/planner\"] += \"refund\"\n"
            "  2. action \"invoice\" instead of \"refund\"\n"));
}

TEST_CASE("S2 for programs: rules, expressions, values and changes, nothing shortened") {
  Story const story;
  auto const machine = explanation_json(story.explain());
  CHECK(machine["decision"]["allow"] == false);
  CHECK(machine["decision"]["rule"] == "authz.rego:11");
  CHECK(machine["decision"]["policy_generation"] == 1);
  auto const& rule = machine["trace"]["rules_evaluated"][0];
  CHECK(rule["rule"] == "authz.rego:11");
  CHECK(rule["expressions"][0]["state"] == "held");
  auto const& failed = rule["expressions"][1];
  CHECK(failed["state"] == "failed");
  CHECK(failed["line"] == 13);
  CHECK(failed["values"]["input.action"] == "refund");
  auto const& flip = machine["trace"]["what_would_flip_it"][0];
  CHECK(flip["in"] == "data");
  CHECK(flip["path"] == "data.actions[\"spiffe://corp.example/agent/planner\"]");
  CHECK(flip["adds"] == true);
  CHECK(flip["value"] == "refund");
  CHECK(has(machine["trace"]["closest_rule"], "matches all but action"));
}

TEST_CASE("events are told as OPA tells them: all, what failed, what trace() said") {
  Story const story;
  auto const full = story.explain(rego::EventDetail::full);
  auto const lines = rego::event_lines(full.events);
  REQUIRE(lines.size() > 10);
  CHECK(lines.front() == "query:1           Enter data.agentweave.authz = _");
  auto any = [&lines](std::string const& part) {
    return std::ranges::any_of(lines, [&](auto const& line) { return has(line, part); });
  };
  CHECK(any("| Enter data.agentweave.authz.allow"));
  CHECK(any("| | Eval input.action in data.actions[input.caller_spiffe_id]"));
  CHECK(any("| | Fail input.action in data.actions[input.caller_spiffe_id]"));
  auto const fails = story.explain(rego::EventDetail::fails);
  CHECK(fails.events.size() < full.events.size());
  CHECK(std::ranges::all_of(
      fails.events, [](auto const& event) { return event.op == "Fail" || event.op == "Enter"; }));
  CHECK(story.explain(rego::EventDetail::notes).events.empty());
}

TEST_CASE("a note of the policy is told with where it was made") {
  Story story;
  std::ofstream(story.directory / "policy/authz.rego")
      << "package agentweave.authz\ndefault allow := false\n"
         "allow if {\n\ttrace(\"seen\")\n\tinput.action == \"x\"\n}\n";
  REQUIRE(story.authorizer->reload().ok());
  auto const lines = rego::event_lines(story.explain(rego::EventDetail::notes).events);
  REQUIRE_FALSE(lines.empty());
  CHECK(lines.back().ends_with("| | Note \"seen\""));
}

TEST_CASE("colour is where it is asked for, and nowhere else") {
  Story const story;
  auto const explanation = story.explain();
  auto const painted = explanation_text(explanation, [](Tone tone, std::string const& text) {
    return tone == Tone::bad ? "<" + text + ">" : text;
  });
  CHECK(has(painted, "<DENIED>"));
  CHECK(has(painted, "<✗ \"refund\" is not in [\"invoice\", \"status\"]>"));
}

TEST_CASE("with a remote OPA the trace is OPA's own, with its metrics") {
  Story const story;
  RealOpa const opa(
      {(story.directory / "policy/authz.rego").string(), (story.directory / "data.json").string()});
  if (!opa.running()) {
    MESSAGE("skipped: no opa binary on this machine");
    return;
  }
  Remote remote({opa.url()});
  remote.config.timeout = std::chrono::seconds(5);
  remote.open();
  auto context = question("refund");
  context.time = *parse_rfc3339("2026-11-23T22:15:00Z");
  auto const explanation = io::run_blocking(remote.authorizer->explain(context));
  CHECK_FALSE(explanation.decision.allowed());
  auto const text = explanation_text(explanation);
  CAPTURE(text);
  CHECK(has(text, "OPA unix://"));
  CHECK(has(text, "Enter data.agentweave.authz"));
  CHECK(has(text, "Fail internal.member_2"));
  // The policies' own lines, marked by what OPA's events say of them.
  CHECK(has(text, "    11 │ allow if {\n"));
  CHECK(has(text, "data.allowed_callers[input.callee_spiffe_id]   ✓\n"));
  CHECK(has(text, "✗\n    14 │ }\n"));
  CHECK(has(text, "✗ line 18:"));
  auto const machine = explanation_json(explanation);
  CHECK(machine["trace"]["opa_metrics"].contains("timer_rego_query_eval_ns"));
  CHECK(machine["trace"]["events"].is_array());
  auto const fails =
      io::run_blocking(remote.authorizer->explain(context, {.events = rego::EventDetail::fails}));
  CHECK(has(explanation_text(fails), "Fail internal.member_2"));
  CHECK_FALSE(has(explanation_text(fails), "Redo"));
}
