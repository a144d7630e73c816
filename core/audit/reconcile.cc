// SPDX-License-Identifier: Apache-2.0
#include "core/audit/reconcile.h"

#include <nlohmann/json.hpp>

#include "core/tls/digest.h"

namespace aw::audit {
namespace {

std::string word(json::Json const& record, char const* name) {
  auto const found = record.find(name);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string call_key(Reconciliation::Call const& call) {
  return call.trace_id + ' ' + call.caller + ' ' + call.callee;
}

}  // namespace

std::string receipt_of(std::string_view trace_id, std::string_view caller, std::string_view callee,
                       std::string_view body) {
  std::string text("agentweave-receipt-v1\n");
  for (auto const part : {trace_id, caller, callee}) text.append(part).append("\n");
  return "sha256:" + tls::sha256_hex(text + tls::sha256_hex(body));
}

void Reconciliation::add(Side side, json::Json const& record) {
  if (!record.is_object()) return;
  auto const receipt = word(record, "receipt");
  if (receipt.empty()) return;
  if (calls_.size() >= most_ && !calls_.contains(receipt)) {
    overflowed_ = true;
    return;
  }
  auto& seen = calls_[receipt];
  Call call{.trace_id = word(record, "trace_id"),
            .caller = word(record, "caller_spiffe_id"),
            .callee = word(record, "callee_spiffe_id"),
            .time = word(record, "timestamp"),
            .action = word(record, "action"),
            .decision = word(record, "decision")};
  // Whose log this is: the caller's has outbound records, the callee's inbound ones.
  bool const outbound = word(record, "direction") == "outbound";
  auto const& self = outbound ? call.caller : call.callee;
  logs_of_[side == Side::ours ? 0 : 1].insert(self);
  ++(side == Side::ours ? seen.ours : seen.theirs);
  if (!outbound) seen.denied = call.decision == "deny";
  if (seen.call.trace_id.empty() || !outbound) seen.call = std::move(call);
}

Reconciliation::Result Reconciliation::result() const {
  // A call counts when the other side's log is of its other end.
  auto const concerns = [this](Call const& call, Side lacking) {
    auto const& logs = logs_of_[lacking == Side::ours ? 0 : 1];
    return logs.contains(call.caller) || logs.contains(call.callee);
  };
  Result out;
  std::map<std::string, int> halves;
  for (auto const& [receipt, seen] : calls_) {
    if (seen.ours > 0 && seen.theirs > 0) continue;
    ++halves[call_key(seen.call)];
  }
  for (auto const& [receipt, seen] : calls_) {
    if (seen.ours > 0 && seen.theirs > 0) {
      ++out.agreed;
      if (seen.denied) ++out.agreed_denied;
      continue;
    }
    auto const has = seen.ours > 0 ? Side::ours : Side::theirs;
    if (halves[call_key(seen.call)] > 1) {
      out.disputed.push_back({.has = has, .call = seen.call});
    } else if (concerns(seen.call, has == Side::ours ? Side::theirs : Side::ours)) {
      out.missing.push_back({.has = has, .call = seen.call});
    }
  }
  return out;
}

}  // namespace aw::audit
