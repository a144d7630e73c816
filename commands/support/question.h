// SPDX-License-Identifier: Apache-2.0
// From flags and an input document to the question that policy is asked. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/authz/authz.h"
#include "core/identity/spiffe_id.h"

namespace aw::commands {

struct QuestionText {
  std::string caller;
  std::string target;
  std::string action;
  // A JSON object: an OPA input document, or {"input": {…}} as OPA's REST API takes it. Its
  // caller_spiffe_id, callee_spiffe_id (or resource_spiffe_id), action, method, skill, timestamp, …
  // count where the flags above are empty; its `context` object goes to the policy as it is.
  std::string input;
};

struct Question {
  authz::AuthzContext context;
  enum class Wanted {
    verdict,
    trace
  } wanted = Wanted::verdict;  // trace: "explain" in the document
};

// `self` completes short names and stands in for a missing target. Code::usage.
[[nodiscard]] Result<Question> make_question(QuestionText const& text,
                                             std::optional<identity::SpiffeId> const& self,
                                             WallTime now);

}  // namespace aw::commands
