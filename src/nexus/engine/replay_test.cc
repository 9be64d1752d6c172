// A run that is given the seed and the clock of another does the same again.

#include "nexus/engine/engine_fixture_internal.h"
#include "nexus/engine/run_clock.h"

namespace nexus::engine {
namespace {

// Everything a handler can learn or show of time and chance, across two suspensions.
constexpr const char* kMixed = R"(
  const seen = [Date.now(), Math.random(), $time.now(), new Date().toISOString()];
  $emit('start', Math.random());
  seen.push(await $ext.api.get(Math.random()));
  const spin = Date.now() + 3;
  let turns = 0;
  while (Date.now() < spin) turns++;
  $log('turns', turns, Math.random());
  seen.push(turns, Date.now(), await $ext.api.get(), Math.random(), $time.now());
  $emit('end', seen.length);
  $state.count = Math.random();
  return seen;
)";

class ReplayTest : public EngineTest {
 protected:
  // Runs to the end, answering every call with 'x', and writes down all that an outcome shows.
  std::string transcript(RunRequest r, Outcome& last) {
    std::string text;
    last = run(std::move(r));
    for (;;) {
      text += show(last);
      if (last.status != Status::kSuspended) return text;
      last = answer(last, 0, "x");
    }
  }
  static std::string show(const Outcome& outcome) {
    std::string text = result(outcome) + "\n" + json(outcome.mutations) + "\n";
    for (const Event& event : outcome.events)
      text += event.name + value::to_json(event.payload) + std::to_string(event.timestamp_ms) + "\n";
    for (const LogLine& line : outcome.logs) text += line.message + std::to_string(line.timestamp_ms) + "\n";
    for (const Suspension& call : outcome.suspensions) text += value::to_json(call.args) + "\n";
    return text;
  }
};

TEST_F(ReplayTest, TheSameInputsGiveTheSameRun) {
  RunRequest first = request(kMixed);
  first.record_inputs = true;
  Outcome last;
  const std::string recorded = transcript(std::move(first), last);
  ASSERT_EQ(last.status, Status::kSuccess) << recorded;
  ASSERT_TRUE(last.inputs.has_value());

  RunRequest again = request(kMixed);
  again.replay = last.inputs;
  again.record_inputs = true;
  Outcome repeated;
  EXPECT_EQ(transcript(std::move(again), repeated), recorded);
  EXPECT_EQ(repeated.inputs, last.inputs);

  Outcome other;
  EXPECT_NE(transcript(request(kMixed), other), recorded);
  EXPECT_FALSE(other.inputs.has_value()) << "nobody asked";
}

TEST_F(ReplayTest, AFailedRunIsRecordedToo) {
  RunRequest r = request("const a = Math.random(); throw new Error(String(a))");
  r.record_inputs = true;
  const Outcome failed = run(std::move(r));
  RunRequest again = request("const a = Math.random(); throw new Error(String(a))");
  again.replay = failed.inputs;
  EXPECT_EQ(run(std::move(again)).error->message, failed.error->message);
}

TEST_F(ReplayTest, InputsCanBeMadeUp) {
  RunRequest r = request("return [Date.now(), $time.now(), new Date().getUTCFullYear()]");
  r.replay = RunInputs{.seed = {1, 2, 3, 4}, .clock = {{0, 1}, {1'600'000'000'000, 1}}};
  EXPECT_EQ(result(run(std::move(r))), "[0,1600000000000,2020]") << "the last reading goes on";
  RunRequest zeros = request("return Math.random() !== Math.random()");
  zeros.replay = RunInputs{};
  EXPECT_EQ(result(run(std::move(zeros))), "true") << "any seed will do";
}

class StepClock final : public Clock {
 public:
  Steady now() const override { return {}; }
  Wall wall() const override { return Wall(std::chrono::milliseconds(now_)); }
  std::int64_t now_ = 0;
};

TEST(RunClock, WritesEqualReadingsDownOnce) {
  StepClock clock;
  RunClock run(clock, nullptr, true);
  for (clock.now_ = 5; clock.now_ < 7; ++clock.now_)
    for (int i = 0; i < 3; ++i) run.read();
  EXPECT_EQ(run.recorded(), (std::vector<ClockReading>{{5, 3}, {6, 3}}));
}

TEST(RunClock, RecordsUpToItsBoundAndNotBeyond) {
  StepClock clock;
  RunClock run(clock, nullptr, true);
  for (std::size_t i = 0; i < RunClock::kMaxRecorded; ++i, ++clock.now_) run.read();
  EXPECT_EQ(run.recorded()->size(), RunClock::kMaxRecorded);
  EXPECT_EQ(run.read(), static_cast<std::int64_t>(RunClock::kMaxRecorded));
  EXPECT_FALSE(run.recorded().has_value());
}

}  // namespace
}  // namespace nexus::engine
