// SPDX-License-Identifier: Apache-2.0
#include "commands/authz_replay.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "commands/support/command.h"
#include "commands/support/table.h"
#include "core/authz/data_files.h"
#include "core/authz/past.h"
#include "core/base/fs.h"
#include "core/base/markup.h"
#include "core/base/text.h"
#include "core/server/decision_fields.h"

namespace aw::commands {
namespace {

using decisions::Text;

struct Flip {
  decisions::Entry entry;
  authz::AuthzDecision now;
  bool accepted = false;

  [[nodiscard]] bool opens() const { return now.allowed(); }
};

struct Replayed {
  std::uint64_t decisions = 0;
  std::uint64_t same = 0;
  std::uint64_t closing = 0;   // ALLOW -> DENY
  std::uint64_t opening = 0;   // DENY -> ALLOW
  std::uint64_t accepted = 0;  // of those
  std::uint64_t masked = 0;    // their input is not what policy saw
  std::vector<Flip> flips;     // at most kMostFlips

  [[nodiscard]] bool passed() const { return opening == accepted; }
};

constexpr std::size_t kMostFlips = 1000;

// The data that --data gives; without any, that of the policy which decided then.
Result<rego::Value> data_for(AuthzReplayOptions const& options, std::string const& digest,
                             decisions::Reader& reader) {
  if (options.data_files.empty()) {
    AW_TRY(auto const kept, reader.policy(digest));
    if (!kept) return rego::Value::object(std::vector<rego::Entry>{});
    AW_TRY(auto const document, rego::parse_json(kept->document));
    return document.get("data");
  }
  auto out = rego::Value::object(std::vector<rego::Entry>{});
  for (auto const& file : options.data_files) {
    AW_TRY(auto const text, fs::read_file(file));
    AW_TRY(auto const data, authz::parse_data_file(file, text));
    AW_TRY(out, authz::join_data(out, data, file));
  }
  return out;
}

// A directory as `policy_dir` is one, or a file.
Result<authz::LoadedPolicy> candidate(AuthzReplayOptions const& options, std::string const& path,
                                      std::string const& digest, decisions::Reader& reader,
                                      Context const& context) {
  std::error_code ignored;
  if (std::filesystem::is_directory(options.against, ignored)) {
    return authz::load_policy({.policy_dir = options.against, .data_files = options.data_files},
                              path, context.clock);
  }
  AW_TRY(auto text, fs::read_file(options.against));
  AW_TRY(auto data, data_for(options, digest, reader));
  authz::LoadedPolicy out;
  out.sources = {{std::filesystem::path(options.against).filename().string(), std::move(text)}};
  AW_TRY(out.policy, rego::compile(out.sources, std::move(data)));
  AW_TRY(out.query, out.policy->prepare(path));
  out.digest = "sha256:" + out.policy->digest();
  return out;
}

// One for each path that was asked, and for each data it was asked with.
class Candidates {
 public:
  Candidates(AuthzReplayOptions const& options, decisions::Reader& reader, Context const& context)
      : options_(options), reader_(reader), context_(context) {}

  Result<authz::LoadedPolicy const*> at(decisions::Entry const& entry) {
    auto const& asked = entry.text(Text::policy_path);
    auto const& path = options_.policy_path.empty() ? asked : options_.policy_path;
    auto const& digest = entry.text(Text::policy_digest);
    auto found = policies_.find({path, digest});
    if (found == policies_.end()) {
      AW_TRY(auto loaded, candidate(options_, path, digest, reader_, context_));
      found = policies_.emplace(std::pair(path, digest), std::move(loaded)).first;
    }
    return &found->second;
  }

 private:
  AuthzReplayOptions const& options_;
  decisions::Reader& reader_;
  Context const& context_;
  std::map<std::pair<std::string, std::string>, authz::LoadedPolicy> policies_;
};

bool is_accepted(AuthzReplayOptions const& options, decisions::Entry const& entry) {
  return std::ranges::any_of(options.accept, [&entry](std::string const& given) {
    return given == entry.text(Text::action) || given == entry.text(Text::id);
  });
}

Result<void> judge(AuthzReplayOptions const& options, decisions::Entry const& entry,
                   Candidates& candidates, Context const& context, Replayed& out) {
  AW_TRY(auto const* const policy, candidates.at(entry));
  auto const input = rego::parse_json(server::input_of(entry));
  // Passed over, it might be the one that opens.
  if (!input.ok()) {
    return make_error(Code::state_unusable, "the input of decision " + entry.text(Text::id) +
                                                " cannot be read: " + input.error().message);
  }
  ++out.decisions;
  if (!entry.text(Text::erased).empty()) ++out.masked;
  auto now = authz::decide_again(*policy, *input, entry.time(), context.clock);
  // What policy said, whatever log-only made of it.
  bool const then = entry.allowed() && !entry.flag(decisions::kWouldDeny);
  if (now.allowed() == then) {
    ++out.same;
    return {};
  }
  Flip flip{.entry = entry, .now = std::move(now)};
  ++(flip.opens() ? out.opening : out.closing);
  if (flip.opens() && is_accepted(options, entry)) {
    flip.accepted = true;
    ++out.accepted;
  }
  if (out.flips.size() < kMostFlips) out.flips.push_back(std::move(flip));
  return {};
}

std::string flip_name(Flip const& flip) { return flip.opens() ? "DENY→ALLOW" : "ALLOW→DENY"; }

std::string flip_text(Flip const& flip) {
  auto const& entry = flip.entry;
  return entry.text(Text::caller) + " → " + entry.text(Text::callee) + " " +
         entry.text(Text::action) + ": was " + entry.text(Text::reason) + ", now " +
         flip.now.reason + (flip.now.rule.empty() ? "" : " (" + flip.now.rule + ")");
}

json::Json replay_json(Replayed const& replayed) {
  json::Json flips = json::Json::array();
  for (auto const& flip : replayed.flips) {
    flips.push_back({{"decision_id", flip.entry.text(Text::id)},
                     {"timestamp", format_rfc3339(flip.entry.time())},
                     {"caller", flip.entry.text(Text::caller)},
                     {"callee", flip.entry.text(Text::callee)},
                     {"action", flip.entry.text(Text::action)},
                     {"was", flip.opens() ? "deny" : "allow"},
                     {"now", flip.opens() ? "allow" : "deny"},
                     {"rule", flip.now.rule},
                     {"reason", flip.now.reason},
                     {"accepted", flip.accepted}});
  }
  return {{"decisions", replayed.decisions},   {"same", replayed.same},
          {"allow_to_deny", replayed.closing}, {"deny_to_allow", replayed.opening},
          {"accepted", replayed.accepted},     {"masked", replayed.masked},
          {"flips", std::move(flips)}};
}

// SARIF 2.1.0, as code scanning takes it.
json::Json replay_sarif(Replayed const& replayed, AuthzReplayOptions const& options) {
  json::Json results = json::Json::array();
  for (auto const& flip : replayed.flips) {
    bool const bad = flip.opens() && !flip.accepted;
    auto const colon = flip.now.rule.rfind(':');
    int const line =
        colon == std::string::npos ? 1 : std::max(1, std::atoi(flip.now.rule.c_str() + colon + 1));
    json::Json place = {
        {"physicalLocation",
         {{"artifactLocation", {{"uri", options.against}}}, {"region", {{"startLine", line}}}}}};
    results.push_back({{"ruleId", flip.opens() ? "deny-to-allow" : "allow-to-deny"},
                       {"level", bad ? "error" : "note"},
                       {"message", {{"text", flip.entry.text(Text::id) + " " + flip_text(flip)}}},
                       {"locations", json::Json::array({std::move(place)})}});
  }
  json::Json rules = json::Json::array({{{"id", "deny-to-allow"}}, {{"id", "allow-to-deny"}}});
  json::Json driver = {{"name", "agentweave authz replay"}, {"rules", std::move(rules)}};
  json::Json run = {{"tool", {{"driver", std::move(driver)}}}, {"results", std::move(results)}};
  return {{"version", "2.1.0"},
          {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"runs", json::Json::array({std::move(run)})}};
}

void write_junit(std::ostream& out, Replayed const& replayed) {
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"authz replay\" tests=\""
      << replayed.decisions << "\" failures=\"" << replayed.opening - replayed.accepted << "\">\n";
  for (auto const& flip : replayed.flips) {
    out << "  <testcase classname=\"" << flip_name(flip) << "\" name=\""
        << text::escape_xml(flip.entry.text(Text::id)) << "\">";
    if (flip.opens() && !flip.accepted) {
      out << "<failure>" << text::escape_xml(flip_text(flip)) << "</failure>";
    }
    out << "</testcase>\n";
  }
  out << "</testsuite>\n";
}

void write_text(std::ostream& out, Replayed const& replayed) {
  out << replayed.decisions << (replayed.decisions == 1 ? " decision" : " decisions") << "   same "
      << replayed.same << "   ALLOW→DENY " << replayed.closing << "   DENY→ALLOW "
      << replayed.opening;
  if (replayed.accepted > 0) out << " (" << replayed.accepted << " accepted)";
  out << '\n';
  for (auto const& flip : replayed.flips) {
    out << "  " << flip_name(flip) << (flip.accepted ? " accepted  " : "  ")
        << text::printable(flip.entry.text(Text::id) + "  " + flip_text(flip)) << '\n';
  }
}

}  // namespace

Result<Exit> run_authz_replay(AuthzReplayOptions const& options, Context& context) {
  AW_TRY(auto const since, parse_since(options.since, context.clock.now()));
  AW_TRY(auto reader, open_kept(options.kept, context));
  // A look of its own: the other one is in the middle of reading decisions.
  AW_TRY(auto policies, open_kept(options.kept, context));
  Candidates candidates(options, policies, context);
  Replayed replayed;
  Result<void> failed;
  AW_TRY(reader.newest_first(since, [&](decisions::Entry const& entry) {
    if (!entry.flag(decisions::kAsked)) return decisions::Database::More::yes;
    failed = judge(options, entry, candidates, context, replayed);
    return failed.ok() ? decisions::Database::More::yes : decisions::Database::More::stop;
  }));
  AW_TRY(std::move(failed));
  if (options.format == "sarif") {
    context.out << replay_sarif(replayed, options).dump(2) << '\n';
  } else if (options.format == "junit") {
    write_junit(context.out, replayed);
  } else {
    context.print("Replay", replay_json(replayed),
                  [&](std::ostream& out) { write_text(out, replayed); });
  }
  if (replayed.masked > 0) {
    context.say(std::to_string(replayed.masked) +
                " inputs are masked: policy saw more then than it does now");
  }
  return replayed.passed() ? Exit::ok : Exit::threshold;
}

void register_authz_replay(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuthzReplayOptions>();
  auto& group = add_group(parent, "authz", "Authorization: what policy decides, and why");
  auto& command = add_command(
      group,
      {.name = "replay",
       .purpose = "Ask another policy the questions of the past",
       .examples = {"agentweave authz replay --since 8h --against policy/next.rego",
                    "agentweave authz replay --since 7d --against policy --accept refund"},
       .details =
           "Takes the decisions that the agent kept (state.directory), each with its exact "
           "input and time,\nand lists those the candidate decides otherwise. Exit 6 when it "
           "allows what was denied,\nunless --accept names the action or the decision.\n"});
  add_kept_options(command, options->kept);
  add_since(command, options->since);
  command.add_option("--against", options->against, "The candidate: a .rego file or a directory")
      ->required()
      ->type_name("POLICY");
  command.add_option("--data", options->data_files, "Data files of the candidate")
      ->type_name("FILE");
  command
      .add_option("--policy-path", options->policy_path,
                  "The package or rule to ask; without it the one that was asked")
      ->type_name("PATH");
  command.add_option("--accept", options->accept, "An action or decision that may be allowed now")
      ->type_name("WHAT");
  command.add_option("--format", options->format, "text, sarif or junit")
      ->check(CLI::IsMember({"text", "sarif", "junit"}))
      ->capture_default_str();
  on_answer(command, context, [options, &context] { return run_authz_replay(*options, context); });
}

}  // namespace aw::commands
