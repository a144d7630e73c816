// SPDX-License-Identifier: Apache-2.0
// What the agent says of itself, which protocol versions it speaks, and how many tasks it keeps.
// Plain values; the rows of core/config/schema_*.cc fill them.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace aw::a2a {

// One skill of the card; its name is the policy's action.
struct Capability {
  std::string name;         // ^[a-z][a-z0-9_]*$, unique
  std::string description;  // required
  std::vector<std::string> input_modes = {"application/json"};
  std::vector<std::string> output_modes = {"application/json"};
  std::string
      parameters;  // JSON Schema (drafts 4 to 7) of the payload as JSON text; empty = anything
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

// The card's facts (section `agent`).
struct AgentInfo {
  std::string name;          // ^[a-z][a-z0-9-]*$
  std::string trust_domain;  // valid SPIFFE trust domain name
  std::string description;
  std::string version = "1.0.0";
  std::vector<Capability> capabilities;  // order of the file
};

struct PushConfig {
  bool allow_private = false;  // may webhooks go to loopback, link-local and private addresses?
};

struct CardConfig {
  // PEM files whose keys sign the card, the current one first; empty = the SVID's key signs.
  std::vector<std::string> signing_keys;
};

// Sizes count tasks; a limit's meaning is task_engine.h's.
struct Config {
  std::vector<std::string> versions = {"1.0", "0.3"};  // preferred first
  PushConfig push;
  CardConfig card;
  std::size_t max_tasks = 10'000;  // all callers together; finished ones go first
  std::size_t max_tasks_per_caller = 1'000;
  std::chrono::nanoseconds task_retention = std::chrono::hours(24);  // after the last change
};

// One row of `peers`: where a SPIFFE ID is found.
// Overrides the template for one agent.
struct PeerAddress {
  std::string spiffe_id;
  std::string address;  // https://host:port
};

// How a SPIFFE ID becomes an address: `peers` first, then the template.
struct DiscoveryConfig {
  std::vector<PeerAddress> peers;
  std::string address_template = "{name}:8443";  // {name} = last path segment, {trust_domain}
};

}  // namespace aw::a2a
