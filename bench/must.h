#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "nexus/base/result.h"

namespace nexus::bench {

// The value of `result`; ends the program with its error when there is none.
template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    fmt::print(stderr, "{}\n", result.error().message);
    std::abort();
  }
  return std::move(result).take();
}

}  // namespace nexus::bench
