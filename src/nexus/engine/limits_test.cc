#include "nexus/engine/engine_fixture_internal.h"

namespace nexus::engine {
namespace {

using std::chrono::milliseconds;

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

// "ok", or the code of the error that `code` ends with when `set` has changed the limits.
class BoundaryTest : public EngineTest {
 protected:
  template <typename Set>
  std::string ending(std::string code, Set set) {
    RunRequest r = request(std::move(code));
    set(r.limits);
    const Outcome outcome = run(std::move(r));
    return outcome.error ? std::string(to_string(outcome.error->code)) : "ok";
  }
  static std::string repeat(const std::string& body, int times) {
    return "for (let i = 0; i < " + std::to_string(times) + "; i++) { " + body + " }";
  }
  static constexpr const char* kLimit = "RESOURCE_LIMIT";
};

TEST_F(BoundaryTest, BytesOfOneValue) {
  const auto limit = [](Limits& l) { l.payload.bytes = 100; };
  // A text of 32 to 255 bytes takes two bytes more as MessagePack; one in a list of arguments three.
  for (const auto& [bytes, expected] : {std::pair{99, "ok"}, {100, "ok"}, {101, kLimit}}) {
    const std::string text = "'x'.repeat(" + std::to_string(bytes - 2) + ")";
    EXPECT_EQ(ending("$emit('e', " + text + ")", limit), expected) << bytes;
    EXPECT_EQ(ending("$state.name = " + text, limit), expected) << bytes;
    EXPECT_EQ(ending("return " + text, limit), expected) << bytes;
    EXPECT_EQ(ending("$ext.api.get('x'.repeat(" + std::to_string(bytes - 3) + "))", limit), expected) << bytes;
  }
}

TEST_F(BoundaryTest, DepthOfOneValue) {
  const auto limit = [](Limits& l) { l.payload.depth = 5; };
  for (const auto& [depth, expected] : {std::pair{4, "ok"}, {5, "ok"}, {6, "SERIALIZATION_ERROR"}}) {
    const std::string list = std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
    EXPECT_EQ(ending("$emit('e', " + list + ")", limit), expected) << depth;
    EXPECT_EQ(ending("return " + list, limit), expected) << depth;
  }
}

TEST_F(BoundaryTest, BytesInAll) {
  const auto limit = [](Limits& l) { l.total_bytes = 10 * (sizeof(Value) + 20); };
  for (const auto& [times, expected] : {std::pair{9, "ok"}, {10, "ok"}, {11, kLimit}})
    EXPECT_EQ(ending(repeat("$emit('e', 'x'.repeat(20))", times), limit), expected) << times;
}

TEST_F(BoundaryTest, CallsInFlight) {
  const auto limit = [](Limits& l) { l.suspensions_in_flight = 5; };
  for (const auto& [times, expected] : {std::pair{4, "ok"}, {5, "ok"}, {6, kLimit}})
    EXPECT_EQ(ending("const all = []; " + repeat("all.push($ext.api.get(i))", times) + " await Promise.all(all)", limit),
              expected)
        << times;
}

TEST_F(BoundaryTest, LogLinesAreCutNotAnError) {
  const auto lines = [this](int times) {
    RunRequest r = request(repeat("$log(i)", times));
    r.limits.log_lines = 10;
    return run(std::move(r)).logs;
  };
  EXPECT_EQ(lines(9).size(), 9u);
  EXPECT_EQ(lines(10).back().message, "9");
  for (const int more : {11, 50}) {
    const auto cut = lines(more);
    ASSERT_EQ(cut.size(), 11u);
    EXPECT_EQ(cut[9].message, "9");
    EXPECT_THAT(cut[10].message, HasSubstr("limit 10"));
  }
}

// Each await of a value that is there is one job, and the end of the handler is none.
TEST_F(BoundaryTest, PromiseJobs) {
  const auto limit = [](Limits& l) { l.promise_jobs = 100; };
  for (const auto& [jobs, expected] : {std::pair{99, "ok"}, {100, "ok"}, {101, kLimit}})
    EXPECT_EQ(ending(repeat("await 0", jobs), limit), expected) << jobs;
  EXPECT_EQ(ending("const again = () => Promise.resolve().then(again); again(); return 1", limit), kLimit)
      << "also after the handler has returned";
  EXPECT_EQ(ending("return 1", [](Limits& l) { l.promise_jobs = 0; }), "ok") << "nothing was asked of it";
}

TEST_F(BoundaryTest, PromiseJobsAddUpOverSegments) {
  RunRequest r = request(repeat("await 0", 60) + "await $ext.api.get(); " + repeat("await 0", 60));
  r.limits.promise_jobs = 100;
  const Outcome first = run(std::move(r));
  ASSERT_EQ(first.status, Status::kSuspended);
  const Outcome last = answer(first, 0, nullptr);
  ASSERT_TRUE(last.error.has_value());
  EXPECT_EQ(last.error->code, ErrorCode::kResourceLimit);
  EXPECT_THAT(last.error->message, HasSubstr("promise jobs: limit 100"));
}

// Runs start from the same memory, so that one needs the same each time.
TEST_F(BoundaryTest, Memory) {
  const char* const hungry = "const a = []; for (let i = 0; i < 40; i++) a.push(new Uint8Array(65536)); return a.length";
  constexpr std::size_t kPage = 65536;
  const std::size_t need = run(hungry).metrics.memory_peak_bytes;
  const auto with = [](std::size_t bytes) { return [bytes](Limits& l) { l.memory_bytes = bytes; }; };
  EXPECT_EQ(ending(hungry, with(need + kPage)), "ok");
  EXPECT_EQ(ending(hungry, with(need)), "ok");
  EXPECT_EQ(ending(hungry, with(need - kPage)), "MEMORY_LIMIT");
}

TEST_F(BoundaryTest, Stack) {
  const auto deep = [this](int depth) {
    return ending("const f = n => n === 0 ? 0 : 1 + f(n - 1); return f(" + std::to_string(depth) + ")", [](Limits&) {});
  };
  int fits = 1;
  int too_deep = 1 << 20;
  ASSERT_EQ(deep(fits), "ok");
  ASSERT_EQ(deep(too_deep), "EXECUTION_ERROR");
  while (too_deep - fits > 1) (deep((fits + too_deep) / 2) == "ok" ? fits : too_deep) = (fits + too_deep) / 2;
  EXPECT_EQ(deep(fits - 1), "ok");
  EXPECT_EQ(deep(fits), "ok");
  EXPECT_EQ(deep(fits + 1), "EXECUTION_ERROR");
  EXPECT_GT(fits, 500) << "an honest recursion fits";
}

TEST(Limits, ARunMayLowerEachAndRaiseNone) {
  Limits small;
  small.timeout = std::chrono::milliseconds(1);
  small.memory_bytes = 1;
  small.host_calls = small.state_mutations = small.events = small.view_commands = small.log_lines = 1;
  small.suspensions_in_flight = small.promise_jobs = 1;
  small.payload = {.depth = 1, .bytes = 1};
  small.total_bytes = 1;
  for (const Limits& limits : {lower_of(small, Limits()), lower_of(Limits(), small)}) {
    EXPECT_EQ(limits.timeout, small.timeout);
    EXPECT_EQ(limits.memory_bytes, 1u);
    for (const std::uint32_t each : {limits.host_calls, limits.state_mutations, limits.events, limits.view_commands,
                                     limits.log_lines, limits.suspensions_in_flight, limits.promise_jobs})
      EXPECT_EQ(each, 1u);
    EXPECT_EQ(limits.payload.depth, 1u);
    EXPECT_EQ(limits.payload.bytes, 1u);
    EXPECT_EQ(limits.total_bytes, 1u);
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

// The machine may stall anywhere: a run below its limit has an hour, one above it would never end.
TEST_F(EngineTest, ARunBelowItsTimeSucceedsAndOneAboveItIsStopped) {
  engine_ = make_engine({.limits = {.timeout = std::chrono::hours(1)}});
  RunRequest below = request("const end = Date.now() + 20; while (Date.now() < end); return 1");
  below.limits.timeout = std::chrono::hours(1);
  EXPECT_EQ(result(run(std::move(below))), "1");
  RunRequest above = request("while (true);");
  above.limits.timeout = milliseconds(20);
  const Outcome outcome = run(std::move(above));
  EXPECT_EQ(result(outcome), "TIMEOUT: the handler ran longer than its limit of 20 ms");
  EXPECT_GE(outcome.metrics.total_us + outcome.metrics.compile_us, 19'990) << "not before its time";
}

TEST_F(EngineTest, RunningTimeAddsUpOverSegments) {
  RunRequest r = request("for (;;) { const end = Date.now() + 10; while (Date.now() < end); await $ext.api.get() }");
  r.limits.timeout = milliseconds(200);
  Outcome outcome = run(std::move(r));
  const auto compile_us = outcome.metrics.compile_us;
  for (int segments = 1; segments < 200 && outcome.status == Status::kSuspended; ++segments)
    outcome = answer(outcome, 0, nullptr);
  EXPECT_EQ(result(outcome), "TIMEOUT: the handler ran longer than its limit of 200 ms");
  EXPECT_GE(outcome.metrics.total_us + compile_us, 199'990) << "not before its time";
}

TEST_F(EngineTest, ARunCannotRaiseTheEnginesLimits) {
  RunRequest r = request("for (let i = 0; i < 1001; i++) $time.now()");
  r.limits.host_calls = 1'000'000;
  EXPECT_EQ(run(std::move(r)).error->code, ErrorCode::kResourceLimit);
}

}  // namespace
}  // namespace nexus::engine
