#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <utility>

#include "nexus/base/rate_limit.h"

namespace nexus::engine {

// What an operator should know, to whoever embeds the engine; at most five in ten seconds. Any thread.
class Warnings {
 public:
  using Sink = std::function<void(std::string_view)>;

  explicit Warnings(Sink sink) : sink_(std::move(sink)) {}

  void add(std::string_view what) {
    if (!sink_) return;
    const auto held_back = limit_.admit(Clock::system().now());
    if (!held_back) return;
    sink_(*held_back == 0 ? std::string(what) : fmt::format("{} ({} warnings before it were left out)", what, *held_back));
  }

 private:
  const Sink sink_;
  RateLimit limit_{5, std::chrono::seconds(10)};
};

}  // namespace nexus::engine
