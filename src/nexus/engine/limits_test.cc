#include "nexus/engine/engine_fixture_internal.h"

namespace nexus::engine {
namespace {

TEST_F(EngineTest, EachLimitEndsTheRunWithItsOwnCodeAndTheNextRunIsRight) {
  const std::pair<const char*, ErrorCode> cases[] = {
      {"while (true) {}", ErrorCode::kTimeout},
      {"await (async () => { while (true); })().catch(() => 1); return 2", ErrorCode::kTimeout},
      {"new Array(2 ** 31).join('x')", ErrorCode::kTimeout},
      {"const a = []; for (;;) try { a.push(new Array(1e5).fill(0)) } catch {}", ErrorCode::kMemoryLimit},
      {"(function f() { f() })()", ErrorCode::kExecutionError},
      {"for (let i = 0; i < 2000; i++) $log(i)", ErrorCode::kResourceLimit},
  };
  for (const auto& [code, expected] : cases) {
    RunRequest r = request(code);
    if (expected == ErrorCode::kTimeout) r.limits.timeout = std::chrono::milliseconds(100);
    const Outcome outcome = run(std::move(r));
    ASSERT_TRUE(outcome.error.has_value()) << code;
    EXPECT_EQ(outcome.error->code, expected) << code << ": " << outcome.error->message;
    EXPECT_EQ(result(run("return [$state.count, typeof [].leak]")), R"([5,"undefined"])") << code;
  }
}

TEST_F(EngineTest, CountedLimitsHoldAtTheirValueAndNotOneBeyond) {
  const auto at = [&](const char* body, std::uint32_t times, void (*set)(Limits&)) {
    RunRequest r = request("for (let i = 0; i < " + std::to_string(times) + "; i++) { " + body + " }");
    set(r.limits);
    const Outcome outcome = run(std::move(r));
    return outcome.error ? outcome.error->code == ErrorCode::kResourceLimit ? "limit" : "other" : "ok";
  };
  const auto host_calls = [](Limits& l) { l.host_calls = 10; };
  const auto mutations = [](Limits& l) { l.state_mutations = 10; };
  const auto events = [](Limits& l) { l.events = 10; };
  const auto views = [](Limits& l) { l.view_commands = 10; };
  for (const auto& [times, expected] : {std::pair{9u, "ok"}, {10u, "ok"}, {11u, "limit"}}) {
    EXPECT_STREQ(at("$time.now()", times, host_calls), expected) << times;
    EXPECT_STREQ(at("$state.count = i", times, mutations), expected) << times;
    EXPECT_STREQ(at("$emit('x', i)", times, events), expected) << times;
    EXPECT_STREQ(at("$view.focus('x')", times, views), expected) << times;
  }
}

TEST_F(EngineTest, WhatARunHandsOverIsBoundedInAll) {
  EXPECT_EQ(run("for (let i = 0; i < 90; i++) $emit('x', new Array(5e4).fill(null))").error->code,
            ErrorCode::kResourceLimit);
  EXPECT_EQ(run("for (let i = 0; i < 5; i++) $emit('x', new Array(5e4).fill(null)); return 1").status,
            Status::kSuccess);
}

TEST_F(EngineTest, ALimitCannotBeCaught) {
  RunRequest r = request("try { for (;;) $emit('x') } catch {} return 'went on'");
  EXPECT_EQ(run(std::move(r)).error->code, ErrorCode::kResourceLimit);
}

TEST_F(EngineTest, RunningTimeAddsUpOverSegments) {
  RunRequest r = request(
      "const busy = () => { const end = Date.now() + 60; while (Date.now() < end); };"
      "busy(); await $ext.api.get(); busy(); await $ext.api.get(); busy(); return 1");
  r.limits.timeout = std::chrono::milliseconds(150);
  Outcome outcome = run(std::move(r));
  ASSERT_EQ(outcome.status, Status::kSuspended);
  outcome = answer(outcome, 0, nullptr);
  ASSERT_EQ(outcome.status, Status::kSuspended);
  outcome = answer(outcome, 0, nullptr);
  EXPECT_EQ(result(outcome).substr(0, 7), "TIMEOUT");
}

TEST_F(EngineTest, ARunCannotRaiseTheEnginesLimits) {
  RunRequest r = request("for (let i = 0; i < 1001; i++) $time.now()");
  r.limits.host_calls = 1'000'000;
  EXPECT_EQ(run(std::move(r)).error->code, ErrorCode::kResourceLimit);
}

}  // namespace
}  // namespace nexus::engine
