// SPDX-License-Identifier: Apache-2.0
#include "core/server/past_decision.h"

#include <nlohmann/json.hpp>

#include "core/authz/past.h"
#include "core/base/code.h"
#include "core/server/decision_fields.h"

namespace aw::server {

using decisions::Number;
using decisions::Text;

Result<PastDecision> explain_past(decisions::Entry entry, decisions::Reader& reader,
                                  Clock const& clock) {
  PastDecision out{.entry = std::move(entry), .explanation = {}, .unexplained = {}};
  auto const& digest = out.entry.text(Text::policy_digest);
  if (!out.entry.flag(decisions::kAsked)) {
    out.unexplained = "policy was not asked";
    return out;
  }
  if (digest.empty()) {
    out.unexplained = "a remote decision point answered: " + out.entry.text(Text::decided_by);
    return out;
  }
  AW_TRY(auto const kept, reader.policy(digest));
  if (!kept) {
    out.unexplained = "the policy of that time is no longer kept: " + digest;
    return out;
  }
  AW_TRY(auto const policy, authz::read_policy_document(kept->document, digest));
  AW_TRY(auto input, rego::parse_json(input_of(out.entry)));
  out.explanation = authz::explain_again(policy, std::move(input), out.entry.time(), clock);
  out.explanation->policy_path = out.entry.text(Text::policy_path);
  return out;
}

json::Json entry_json(decisions::Entry const& entry) {
  auto const code = entry.number(Number::code);
  json::Json out = {{"decision_id", entry.text(Text::id)},
                    {"timestamp", format_rfc3339(entry.time())},
                    {"caller", entry.text(Text::caller)},
                    {"callee", entry.text(Text::callee)},
                    {"action", entry.text(Text::action)},
                    {"method", entry.text(Text::method)},
                    {"direction", entry.text(Text::direction)},
                    {"allowed", entry.allowed()},
                    {"would_deny", entry.flag(decisions::kWouldDeny)},
                    {"cached", entry.flag(decisions::kCached)},
                    {"gate", entry.text(Text::gate)},
                    {"reason", entry.text(Text::reason)},
                    {"rule", entry.text(Text::rule)},
                    {"decided_by", entry.text(Text::decided_by)},
                    {"policy_path", entry.text(Text::policy_path)},
                    {"policy_digest", entry.text(Text::policy_digest)},
                    {"policy_generation", entry.number(Number::generation)},
                    {"remote_address", entry.text(Text::remote_address)},
                    {"trace_id", entry.text(Text::trace_id)},
                    {"task_id", entry.text(Text::task_id)},
                    {"duration_ns", entry.number(Number::duration)}};
  if (code != 0) {
    out["code"] = code_name(static_cast<Code>(code));
    out["title"] = code_info(static_cast<Code>(code)).title;
  }
  return out;
}

json::Json past_decision_json(PastDecision const& past) {
  auto out = entry_json(past.entry);
  auto const add = [&out](char const* name, std::string const& text) {
    if (auto parsed = json::parse(text); parsed.ok()) out[name] = std::move(*parsed);
  };
  if (past.entry.flag(decisions::kAsked)) add("input", input_of(past.entry));
  add("shadow", past.entry.text(Text::shadow));
  add("erased", past.entry.text(Text::erased));
  add("masked", past.entry.text(Text::masked));
  if (past.explanation) out["then"] = authz::explanation_json(*past.explanation);
  if (!past.unexplained.empty()) out["unexplained"] = past.unexplained;
  return out;
}

}  // namespace aw::server
