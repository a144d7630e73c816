// SPDX-License-Identifier: Apache-2.0
#include "core/audit/graph.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/audit/reconcile.h"

using namespace aw;
using namespace aw::audit;

namespace {

json::Json call(std::string const& caller, std::string const& decision,
                std::string const& receipt = {}) {
  json::Json out = {{"caller_spiffe_id", "spiffe://corp.example/agent/" + caller},
                    {"callee_spiffe_id", "spiffe://corp.example/agent/billing"},
                    {"direction", "inbound"},
                    {"trace_id", "t-" + receipt},
                    {"action", "refund"},
                    {"decision", decision}};
  if (!receipt.empty()) out["receipt"] = receipt;
  return out;
}

json::Json sent(json::Json record) {
  record["direction"] = "outbound";
  record["decision"] = "allow";
  return record;
}

}  // namespace

TEST_CASE("the call graph counts what was allowed and denied between two agents") {
  CallGraph graph;
  graph.add(call("planner", "allow"));
  graph.add(call("planner", "deny"));
  graph.add(call("mallory", "deny"));
  graph.add({{"event_type", "STARTUP"}});
  auto const data = graph.json();
  CHECK(data.at("nodes").size() == 3);
  REQUIRE(data.at("edges").size() == 2);
  CHECK(data.at("edges")[1].at("caller") == "spiffe://corp.example/agent/planner");
  CHECK(data.at("edges")[1].at("allowed") == 1);
  CHECK(data.at("edges")[1].at("denied") == 1);
  CHECK(graph.dot().find("\"spiffe://corp.example/agent/mallory\" -> "
                         "\"spiffe://corp.example/agent/billing\" [label=\"1 denied\", "
                         "color=firebrick, style=dashed];") != std::string::npos);
  CHECK(graph.mermaid().find("n1 -. \"1 denied\" .-> n0") != std::string::npos);
  auto const svg = graph.svg();
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.find("agent/planner") != std::string::npos);
}

TEST_CASE("a record whose members are of other kinds is counted as far as it says something") {
  CallGraph graph;
  for (
      auto const* text :
      {R"({"decision": "allow", "caller_spiffe_id": "a", "callee_spiffe_id": "b", "would_deny": "x"})",
       R"({"decision": "allow", "caller_spiffe_id": "a", "callee_spiffe_id": "b", "would_deny": 1,
            "action": ["x"], "code": {}})",
       R"({"decision": true, "caller_spiffe_id": "a", "callee_spiffe_id": "b"})",
       R"({"decision": "deny", "caller_spiffe_id": 7, "callee_spiffe_id": null})", "[]", "null"})
    CHECK_NOTHROW(graph.add(json::Json::parse(text)));
  auto const edges = graph.json().at("edges");
  REQUIRE(edges.size() == 1);
  CHECK(edges[0].at("allowed") == 2);
}

TEST_CASE("names of peers cannot break out of a picture") {
  CallGraph graph;
  auto record = call("x", "allow");
  record["caller_spiffe_id"] = "\"];evil<script>\n";
  graph.add(record);
  CHECK(graph.svg().find("<script>") == std::string::npos);
  CHECK(graph.dot().find("\"];evil") == std::string::npos);
  CHECK(graph.mermaid().find("\"];evil") == std::string::npos);
}

TEST_CASE("a graph of more agents than fit stays bounded") {
  CallGraph graph;
  for (int i = 0; i < 2000; ++i) graph.add(call("a" + std::to_string(i), "allow"));
  CHECK(graph.json().at("nodes").size() == CallGraph::kMostNodes + 1);
}

TEST_CASE("a receipt is the same at both ends and differs with each part of the call") {
  auto const one = receipt_of("t", "a", "b", "body");
  CHECK(one == receipt_of("t", "a", "b", "body"));
  for (auto const& other : {receipt_of("u", "a", "b", "body"), receipt_of("t", "ab", "", "body"),
                            receipt_of("t", "a", "c", "body"), receipt_of("t", "a", "b", "bodY")}) {
    CHECK(one != other);
  }
}

TEST_CASE("agreed, disputed and missing calls are told apart") {
  Reconciliation both;
  using Side = Reconciliation::Side;
  for (auto const* receipt : {"1", "2"}) {
    both.add(Side::ours, sent(call("planner", "allow", receipt)));
    both.add(Side::theirs, call("planner", "deny", receipt));
  }
  CHECK(both.result().same());
  CHECK(both.result().agreed == 2);
  CHECK(both.result().agreed_denied == 2);
  both.add(Side::ours, sent(call("planner", "allow", "3")));
  both.add(Side::theirs, call("planner", "allow", "4"));
  CHECK(both.result().missing.size() == 2);
  // The same call, but not the same bytes.
  auto mine = sent(call("planner", "allow", "5"));
  auto yours = call("planner", "allow", "6");
  yours["trace_id"] = mine["trace_id"];
  both.add(Side::ours, mine);
  both.add(Side::theirs, yours);
  CHECK(both.result().disputed.size() == 2);
  // Calls of agents that the other log does not speak of are nobody's difference.
  auto elsewhere = sent(call("planner", "allow", "7"));
  elsewhere["callee_spiffe_id"] = "spiffe://corp.example/agent/search";
  Reconciliation apart;
  apart.add(Side::ours, call("planner", "allow", "8"));
  apart.add(Side::theirs, elsewhere);
  CHECK(apart.result().agreed == 0);
}

TEST_CASE("logs of more calls than fit are not said to agree") {
  Reconciliation both(2);
  for (auto const* const receipt : {"a", "b"}) {
    both.add(Reconciliation::Side::ours, sent(call("planner", "allow", receipt)));
    both.add(Reconciliation::Side::theirs, call("planner", "allow", receipt));
  }
  CHECK_FALSE(both.overflowed());
  both.add(Reconciliation::Side::ours, sent(call("planner", "allow", "only ours")));
  CHECK(both.overflowed());
}
