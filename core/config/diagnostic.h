// SPDX-License-Identifier: Apache-2.0
// One finding about a configuration, at the place that caused it.
//
// Values; any thread. Nothing in them is a secret: a secret's value and its line are left out.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/code.h"

namespace aw::config {

// Longer lines are not shown.
inline constexpr std::size_t kMaxShownLine = 200;

// A warning lets the configuration be used; one error and it is not.
enum class Severity { warning, error };

// Lines and columns count from 1; columns count bytes, as YAML parsers do. A line of 0 means the
// file as a whole. For an environment variable or a flag `file` is empty and `name` says which.
struct Place {
  std::string file;
  std::string name;  // "AGENTWEAVE_SERVER_PORT" or "--set server.port"
  int line = 0;
  int column = 0;
  int length = 1;         // of the value, for the caret
  std::string line_text;  // empty when unknown, secret or very long

  [[nodiscard]] std::string text() const;  // "a.yaml:3:4", "a.yaml", "AGENTWEAVE_SERVER_PORT"
  // "a.yaml:3:4: what is wrong"; the message alone where there is no place.
  [[nodiscard]] std::string before(std::string_view message) const;
};

// Made by problem() and caution() (document.h), which bound the message.
struct Diagnostic {
  Severity severity = Severity::error;
  Code code = Code::config_syntax;
  std::string message;
  std::string hint;   // stands beside the caret: `use "deny"`
  std::string key;    // "authorization.default_action"; empty when about the file
  std::string value;  // as given, [redacted] for a secret
  Place place;
};

// How many of them are of that severity.
[[nodiscard]] std::size_t count(std::span<const Diagnostic> diagnostics, Severity severity);

// As a compiler shows it, one blank-free block a finding:
//   error[AW1002]: Security violation: …
//     --> deploy/agent.yaml:18:19
//      |
//   18 |   default_action: log-only
//      |                   ^^^^^^^^ use "deny"
[[nodiscard]] std::string render_text(Diagnostic const& diagnostic);
[[nodiscard]] std::string render_text(std::span<const Diagnostic> diagnostics);

}  // namespace aw::config
