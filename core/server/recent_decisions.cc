// SPDX-License-Identifier: Apache-2.0
#include "core/server/recent_decisions.h"

#include <algorithm>

#include "core/base/json.h"
#include "core/server/decision_fields.h"

namespace aw::server {

void RecentDecisions::add(Entry const& entry) {
  std::lock_guard const lock(mutex_);
  if (items_.size() < most_ && next_ == items_.size()) items_.emplace_back();
  auto& item = items_[next_];
  next_ = (next_ + 1) % most_;
  item.texts.clear();
  item.ends.clear();
  for (auto const text : {entry.decision_id, entry.trace_id, entry.caller, entry.callee,
                          entry.action, entry.method, entry.remote_address, entry.gate}) {
    item.texts.append(text);
    item.ends.push_back(static_cast<std::uint32_t>(item.texts.size()));
  }
  item.time = entry.time;
  item.decision = entry.decision;
}

std::string_view RecentDecisions::text_of(Item const& item, std::size_t index) {
  auto const begin = index == 0 ? 0 : item.ends[index - 1];
  return std::string_view(item.texts).substr(begin, item.ends[index] - begin);
}

std::string RecentDecisions::json_of(Item const& item) {
  auto const text = [&item](std::size_t index) { return text_of(item, index); };
  auto const& decision = item.decision;
  std::string out;
  json::Writer w(out);
  w.begin_object()
      .member("decision_id", text(0))
      .member("timestamp", format_rfc3339(item.time))
      .member("trace_id", text(1));
  w.key("input").begin_object().member("caller_spiffe_id", text(2));
  w.member("callee_spiffe_id", text(3)).member("action", text(4));
  w.member("method", text(5)).end_object();
  w.key("result")
      .boolean(decision.allowed())
      .member("reason", decision.reason)
      .member("rule", decision.rule);
  if (!decision.allowed()) w.member("code", code_name(decision.code));
  w.member("policy_digest", decision.policy_digest).member("decided_by", decision.decided_by);
  w.key("cached").boolean(decision.cached).key("would_deny").boolean(decision.would_deny);
  w.member("policy_generation", static_cast<std::int64_t>(decision.generation));
  w.member("remote_address", text(6));
  w.member("duration_ns", decision.duration.count()).end_object();
  return out;
}

std::string RecentDecisions::document() const {
  std::lock_guard const lock(mutex_);
  std::string out = "{\"result\":[";
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (i > 0) out += ',';
    out += json_of(items_[(next_ + items_.size() - 1 - i) % items_.size()]);
  }
  return out + "]}";
}

std::optional<decisions::Entry> RecentDecisions::find(std::string_view decision_id) const {
  using decisions::Text;
  std::lock_guard const lock(mutex_);
  auto const found = std::ranges::find_if(
      items_, [&](Item const& item) { return text_of(item, 0) == decision_id; });
  if (found == items_.end()) return std::nullopt;
  decisions::Fields fields;
  std::size_t index = 0;
  for (auto const which : {Text::id, Text::trace_id, Text::caller, Text::callee, Text::action,
                           Text::method, Text::remote_address, Text::gate})
    fields.set(which, text_of(*found, index++));
  set_decision(fields, found->decision, found->time);
  decisions::Entry out;
  std::ranges::copy(fields.texts, out.texts.begin());
  out.numbers = fields.numbers;
  return out;
}

}  // namespace aw::server
