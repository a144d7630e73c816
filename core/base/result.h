// SPDX-License-Identifier: Apache-2.0
// A value or the error that stood in its way.
//
// Every function of this program that can fail returns one; nothing throws across a room's border.
// Values: a Result owns its value or its Error. Any thread may use its own Result.
#pragma once

#include <expected>
#include <type_traits>
#include <utility>

#include "core/base/error.h"

namespace aw {

// T may be a value that moves only. Moved-from it still says ok() or not, but what it holds is
// spent.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  // Implicit on purpose: `return value;` and `return Error{...};` both read as what they are.
  // NOLINTBEGIN(google-explicit-constructor)
  template <class U = T>
    requires(std::is_constructible_v<T, U &&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : held_(std::in_place, std::forward<U>(value)) {}
  Result(Error error) : held_(std::unexpect, std::move(error)) {}

  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return held_.has_value(); }
  explicit operator bool() const { return ok(); }

  // Precondition of the next four: ok(). Checked; a violation ends the process rather than read
  // garbage.
  T& value() & { return held_.value(); }
  T const& value() const& { return held_.value(); }
  T&& value() && { return std::move(held_).value(); }
  T& operator*() & { return held_.value(); }
  T const& operator*() const& { return held_.value(); }
  T&& operator*() && { return std::move(held_).value(); }
  T* operator->() { return &held_.value(); }
  T const* operator->() const { return &held_.value(); }

  // Precondition: !ok().
  [[nodiscard]] Error const& error() const& { return held_.error(); }
  [[nodiscard]] Error&& error() && { return std::move(held_).error(); }

  // The error is thrown away: for where its absence and its failure mean the same.
  template <class U>
  T value_or(U&& other) && {
    return ok() ? std::move(held_).value() : static_cast<T>(std::forward<U>(other));
  }

 private:
  std::expected<T, Error> held_;
};

// That it worked, or why not. Default-constructed: it worked.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : held_(std::unexpect, std::move(error)) {}

  [[nodiscard]] bool ok() const { return held_.has_value(); }
  explicit operator bool() const { return ok(); }
  // Checks like the others, for code that is written over all T.
  void value() const { held_.value(); }
  [[nodiscard]] Error const& error() const& { return held_.error(); }
  [[nodiscard]] Error&& error() && { return std::move(held_).error(); }

 private:
  std::expected<void, Error> held_;
};

// Adds what this layer knows to an error on its way up: `connect unix:///run/x.sock: no such file`.
template <class T>
Result<T> with_context(Result<T> result, std::string_view doing) {
  if (!result.ok()) return std::move(result).error().within(doing);
  return result;
}

}  // namespace aw

// AW_TRY's machinery: a name a line, so that several may stand in one function.
#define AW_CONCAT_(a, b) a##b
#define AW_CONCAT(a, b) AW_CONCAT_(a, b)

// AW_TRY(auto x, parse(text));  AW_TRY(parse(text));  Leaves the function with the error, or goes
// on with the value.
#define AW_TRY_PICK_(_1, _2, name, ...) name
#define AW_TRY(...) AW_TRY_PICK_(__VA_ARGS__, AW_TRY_VALUE_, AW_TRY_VOID_)(return, __VA_ARGS__)
// The same inside a coroutine.
// Its expression may hold a co_await; the Result's lifetime is the rest of the block, as with
// AW_TRY.
#define AW_CO_TRY(...) \
  AW_TRY_PICK_(__VA_ARGS__, AW_TRY_VALUE_, AW_TRY_VOID_)(co_return, __VA_ARGS__)
#define AW_TRY_VOID_(leave, expression)                                                    \
  do {                                                                                     \
    if (auto&& aw_tried = (expression); !aw_tried.ok()) leave std::move(aw_tried).error(); \
  } while (false)
#define AW_TRY_VALUE_(leave, target, expression) \
  AW_TRY_VALUE_AS_(leave, target, expression, AW_CONCAT(aw_tried_, __LINE__))
#define AW_TRY_VALUE_AS_(leave, target, expression, name) \
  auto name = (expression);                               \
  if (!name.ok()) leave std::move(name).error();          \
  target = std::move(name).value()
