#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "nexus/base/check.h"
#include "nexus/base/error.h"

namespace nexus {

// A value of type T, or the Error that says why there is none. Move-only, so that a failure is handled or
// passed on once; reading the wrong half aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}
  template <typename U>
    requires(!std::is_same_v<std::remove_cvref_t<U>, Result> && std::is_convertible_v<U &&, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : held_(std::in_place_index<0>, std::forward<U>(value)) {}

  Result(Result&&) noexcept = default;
  Result& operator=(Result&&) noexcept = default;
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    NX_CHECK(ok());
    return *std::get_if<0>(&held_);
  }
  const T& value() const& {
    NX_CHECK(ok());
    return *std::get_if<0>(&held_);
  }
  T&& take() && {
    NX_CHECK(ok());
    return std::move(*std::get_if<0>(&held_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    NX_CHECK(!ok());
    return *std::get_if<1>(&held_);
  }
  Error&& take_error() && {
    NX_CHECK(!ok());
    return std::move(*std::get_if<1>(&held_));
  }

 private:
  std::variant<T, Error> held_;
};

// Success without a value, or an Error. A default-constructed one is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  Result(Result&&) noexcept = default;
  Result& operator=(Result&&) noexcept = default;
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    NX_CHECK(!ok());
    return *error_;
  }
  Error&& take_error() && {
    NX_CHECK(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace nexus

#define NX_CONCAT_INNER(a, b) a##b
#define NX_CONCAT(a, b) NX_CONCAT_INNER(a, b)

// NX_TRY(auto x, f()) binds the value of a Result, or returns its error from the enclosing function.
#define NX_TRY(declaration, expression)                                      \
  auto NX_CONCAT(nx_result_, __LINE__) = (expression);                       \
  if (!NX_CONCAT(nx_result_, __LINE__).ok())                                 \
    return std::move(NX_CONCAT(nx_result_, __LINE__)).take_error();          \
  declaration = std::move(NX_CONCAT(nx_result_, __LINE__)).take()

// NX_TRY_VOID(f()) returns the error of a Result<void> from the enclosing function.
#define NX_TRY_VOID(expression)                                                   \
  do {                                                                            \
    if (auto nx_result_void = (expression); !nx_result_void.ok())                 \
      return std::move(nx_result_void).take_error();                              \
  } while (false)
