// SPDX-License-Identifier: Apache-2.0
// Where a capability runs. Plain values; the rows of core/config/schema_*.cc fill them.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace aw::backend {

// The names `builtin` knows (builtin.h says what they do).
inline constexpr std::array<std::string_view, 3> kBuiltins = {"echo", "greet", "status"};

enum class Kind { none, http, a2a, exec, builtin };  // none: not given, the upstream's business

// a2a: the binding it is called in; `card`: the one its card puts first.
enum class Wire { card, jsonrpc, rest, grpc };

// Members that another kind would use are refused by the rules, not ignored.
struct Config {
  Kind kind = Kind::none;
  // http, a2a: http://loopback…, https://… or unix:///path.sock[:/target].
  std::string url;
  Wire binding = Wire::card;             // a2a
  std::string name;                      // builtin: one of kBuiltins
  std::vector<std::string> command;      // exec: program and arguments, no shell
  std::string working_directory;         // exec; empty = ours
  std::vector<std::string> environment;  // exec: NAME=value, or NAME to pass ours on; else empty
  std::vector<std::string> headers;      // http: name=value, beside ours
  std::size_t max_output_bytes = 4U << 20;
};

// When the command of `agentweave run` is started again after it ended.
enum class Restart { never, on_failure, always };

// How `agentweave run` treats its command.
struct ChildConfig {
  std::vector<std::string> environment;  // NAME=value, over what it gets anyway
  Restart restart = Restart::never;
  std::chrono::nanoseconds start_timeout = std::chrono::seconds(30);  // until it listens
  std::chrono::nanoseconds stop_timeout = std::chrono::seconds(10);   // from SIGTERM to SIGKILL
};

// The backend of one capability, as runtime hands them over.
struct Binding {
  std::string capability;
  Config backend;
};

}  // namespace aw::backend
