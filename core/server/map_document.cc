// SPDX-License-Identifier: Apache-2.0
#include "core/server/map_document.h"

#include "core/base/json.h"

namespace aw::server {
namespace {

std::int64_t milliseconds_of(auto time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

void write_agent(json::Writer& w, MapFacts const& facts) {
  w.key("agent").begin_object();
  w.member("name", facts.agent_name).member("version", facts.version);
  w.member("spiffe_id", facts.spiffe_id);
  w.key("life").begin_array().number(milliseconds_of(facts.life.not_before));
  w.number(milliseconds_of(facts.life.not_after)).end_array();
  w.member("policy_mode", facts.policy_mode).member("policy_digest", facts.policy_digest);
  w.member("policy_generation", static_cast<std::int64_t>(facts.policy_generation));
  w.key("ready").boolean(facts.readiness == MapFacts::Readiness::ready).end_object();
}

void write_edge(json::Writer& w, CallMap::Edge const& edge) {
  w.begin_object().member("id", static_cast<std::int64_t>(edge.id));
  w.member("from", edge.caller).member("to", edge.callee);
  w.member("outcome", call_outcome_name(edge.outcome)).key("counts").begin_array();
  for (auto const& [slot, count] : edge.tally.counts)
    w.begin_array().number(slot).number(count).end_array();
  w.end_array().key("decisions").begin_array();
  for (auto const& id : edge.tally.decisions) w.string(id);
  w.end_array().end_object();
}

void write_refusals(json::Writer& w, std::vector<CallMap::Refusal> const& refusals) {
  w.key("refusals").begin_array();
  for (auto const& one : refusals) {
    w.begin_object().member("time", milliseconds_of(one.time)).member("address", one.address);
    w.member("code", code_name(one.code)).member("title", code_info(one.code).title);
    w.member("reason", one.reason).end_object();
  }
  w.end_array();
}

}  // namespace

std::string MapFeed::next(MapFacts const& facts) {
  auto const picture = map_.picture(facts.steady, since_, &seen_);
  had_news_ = !begun_ || !picture.edges.empty();
  std::string out;
  json::Writer w(out);
  w.begin_object().key("whole").boolean(!begun_);
  w.member("now", milliseconds_of(facts.now)).member("slot", call_slot(facts.steady));
  w.member("slot_ms", std::chrono::milliseconds(kCallSlot).count()).member("slots", kCallSlots);
  // Slots are of steady time: where its zero is on the clock of the wall, as of now.
  w.member("slot_zero", milliseconds_of(facts.now) - milliseconds_of(facts.steady));
  write_agent(w, facts);
  w.key("lives").begin_object();
  for (auto const& [id, life] : picture.lives)
    w.key(id)
        .begin_array()
        .number(milliseconds_of(life.not_before))
        .number(milliseconds_of(life.not_after))
        .end_array();
  w.end_object().key("edges").begin_array();
  for (auto const& edge : picture.edges) write_edge(w, edge);
  w.end_array();
  if (had_news_) write_refusals(w, picture.refusals);
  w.member("others", static_cast<std::int64_t>(picture.others)).end_object();
  begun_ = true;
  since_ = call_slot(facts.steady);
  return out;
}

}  // namespace aw::server
