// SPDX-License-Identifier: Apache-2.0
// What somebody else's card says, read into values: 1.0 documents, 0.3 documents, and both in one.
//
// Pure; any thread. The card comes from another machine: whatever is not exactly understood is left
// out, never guessed. A2A §agent card (1.0.1 and 0.3.0).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/operation.h"
#include "core/base/result.h"

namespace aw::a2a {

enum class Transport : std::uint8_t { json_rpc, http_json, grpc };
[[nodiscard]] std::string_view transport_name(Transport transport);  // "JSONRPC", as cards say it
// "JSONRPC", "jsonrpc"; "HTTP+JSON", "rest"; "GRPC", "grpc".
[[nodiscard]] std::optional<Transport> parse_transport(std::string_view name);

// One way to talk to an agent.
struct Interface {
  Transport transport = Transport::json_rpc;
  Dialect dialect = Dialect::v1_0;  // v1_0 or v0_3
  std::string url;
  std::string tenant;  // 1.0; empty = none
  bool operator==(Interface const&) const = default;
};
[[nodiscard]] std::string interface_text(
    Interface const& one);  // "JSONRPC 1.0 https://agent:8443/rpc"

// Foreign text: printable before it is shown.
struct RemoteSkill {
  std::string id;
  std::string name;
  std::string description;
  std::vector<std::string> input_modes;
  std::vector<std::string> output_modes;
};

enum class Streams : std::uint8_t { no, yes };

// A card as far as it was understood.
struct RemoteCard {
  std::string name;
  std::string description;
  std::string version;
  std::string spiffe_id;  // as the card claims; empty when it does not say
  Streams streams = Streams::no;
  std::vector<RemoteSkill> skills;
  std::vector<Interface> interfaces;  // those of versions and bindings known here, in its order
};

// Code::protocol when it is no agent card at all.
[[nodiscard]] Result<RemoteCard> read_remote_card(std::string_view json);

// What the caller insists on; absent = whatever the card puts first.
struct Wish {
  std::optional<Transport> transport;
  std::optional<Dialect> dialect;
};
// 1.0 before 0.3, else in the card's own order. Code::unsupported_operation when the card has none
// that fits.
[[nodiscard]] Result<Interface> choose_interface(RemoteCard const& card, Wish wish = {});

}  // namespace aw::a2a
