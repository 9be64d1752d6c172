#pragma once

#include <gtest/gtest.h>

#include "nexus/engine/engine.h"
#include "nexus/sandbox/entry.h"

// For the tests of this folder that show what expressions mean in the sandbox.
namespace nexus::panel {

// One real engine for all tests of a suite.
class RealEngineTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scope_ = new sandbox::ThreadScope;
    engine::Options options;
    options.limits = limits();
    engine_ = engine::Engine::create(options).take().release();
  }
  static void TearDownTestSuite() {
    delete engine_;
    delete scope_;
  }

  // With time for the busiest machine.
  static engine::Limits limits() {
    engine::Limits limits;
    limits.timeout = std::chrono::minutes{2};
    return limits;
  }

  static inline sandbox::ThreadScope* scope_ = nullptr;
  static inline engine::Engine* engine_ = nullptr;
};

}  // namespace nexus::panel
