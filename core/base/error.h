// SPDX-License-Identifier: Apache-2.0
// What went wrong, to what, and what the person can do about it.
//
// `message` is lower case, has no full stop and no secret. Callers over the network see at most the
// code's title; operators see all of it. A value; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/code.h"

namespace aw {

// Default-constructed it is an internal error without words; make it with `make_error`.
struct Error {
  Code code = Code::internal;
  std::string message;
  std::string hint;  // what to do, empty when nothing useful is known
  // Structured facts for logs and `-o json`: {"file","a.yaml:3:4"}. Never a secret.
  std::vector<std::pair<std::string, std::string>> context;

  // "doing: message"; add it once per layer that knows something new.
  [[nodiscard]] Error within(std::string_view doing) &&;
  // Later facts of one name do not replace earlier ones; both are written.
  [[nodiscard]] Error with(std::string key, std::string value) &&;

  // One line for people: `AW5003 connect unix:///x: refused (hint: is the SPIRE agent running?)`.
  [[nodiscard]] std::string text() const;
};

// `hint` is a sentence fragment for a person at a shell: what to check or run, never what failed.
[[nodiscard]] Error make_error(Code code, std::string message, std::string hint = {});

// `message: strerror(number)`.
[[nodiscard]] Error errno_error(Code code, std::string_view doing, int number);

}  // namespace aw
