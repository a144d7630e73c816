// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.h"

#include <system_error>
#include <utility>

namespace aw {

Error Error::within(std::string_view doing) && {
  message.insert(0, std::string(doing) + ": ");
  return std::move(*this);
}

Error Error::with(std::string key, std::string value) && {
  context.emplace_back(std::move(key), std::move(value));
  return std::move(*this);
}

std::string Error::text() const {
  std::string out = code_name(code) + " " + message;
  if (!hint.empty()) out += " (hint: " + hint + ")";
  return out;
}

Error make_error(Code code, std::string message, std::string hint) {
  return Error{.code = code, .message = std::move(message), .hint = std::move(hint), .context = {}};
}

Error errno_error(Code code, std::string_view doing, int number) {
  return make_error(code, std::string(doing) + ": " + std::generic_category().message(number));
}

}  // namespace aw
