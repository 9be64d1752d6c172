#pragma once

#include <chrono>

#include "nexus/base/clock.h"
#include "nexus/loop/manual_loop.h"

// Time that passes when the test says so, for the tests of this folder.
namespace nexus::extension {

using loop::ManualLoop;

class FixedClock : public Clock {
 public:
  Steady now() const override { return {}; }
  Wall wall() const override { return time; }
  Wall time{std::chrono::milliseconds{1'700'000'000'123}};
};

}  // namespace nexus::extension
