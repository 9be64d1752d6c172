#include "nexus/replay/player.h"

#include <gmock/gmock.h>

#include "nexus/replay/replay_fixture_internal.h"
#include "nexus/value/json.h"

namespace nexus::replay {
namespace {

using testing::Contains;
using testing::HasSubstr;
using value::Value;

// Everything a run can learn from outside, over two waits.
constexpr const char* kMixed = R"(
  const seen = [Date.now(), Math.random(), $args.n, $state.count, 1 / $state.whole];
  $state.whole = 2.5;
  $state.items.push(Math.random());
  $log('before', seen.length);
  $emit('start', { zero: -0 });
  const answer = await $ext.api.get('https://a.test', Math.random());
  $state.count = answer.n + Date.now() % 7;
  try { await $ext.api.get('again'); } catch (error) { $log.warn(error.code); }
  $view.focus('field');
  return [seen, Object.keys($state), Math.random()];
)";

class PlayerTest : public ReplayTest {
 protected:
  // Plays with an engine of its own, as `nexus replay` does.
  bool play_again(const Recording& recording) {
    engine::Options options;
    options.limits = playing_limits(recording);
    const auto engine = engine::Engine::create(options).take();
    told_.clear();
    auto same = play(*engine, recording, [&](const std::string& line) { told_.push_back(line); });
    EXPECT_TRUE(same.ok()) << same.error().message;
    return same.ok() && *same;
  }
  std::string told() const {
    std::string all;
    for (const auto& line : told_) all += line + "\n";
    return all;
  }
  std::vector<engine::AsyncResult> answers() const {
    return {{.success = true, .value = value::Object{{"n", 40}}, .error = {}},
            {.success = false, .value = {}, .error = "down", .code = "TIMEOUT"}};
  }

  std::vector<std::string> told_;
};

TEST_F(PlayerTest, ASuspendedRunDoesTheSameAgain) {
  const auto outcome = record(request(kMixed), answers());
  ASSERT_EQ(outcome.status, engine::Status::kSuccess);
  const Recording recording = only_recording();
  EXPECT_EQ(recording.segments.size(), 3u);
  EXPECT_TRUE(play_again(recording)) << told();
  EXPECT_THAT(told_, Contains("segment 1: starts"));
  EXPECT_THAT(told_, Contains("  reads  count = 3"));
  EXPECT_THAT(told_, Contains("  sets   whole = 2"));
  EXPECT_THAT(told_, Contains("  logs   info: before 5"));
  EXPECT_THAT(told_, Contains("segment 2: is answered {\"n\":40}"));
  EXPECT_THAT(told_, Contains("segment 3: is answered TIMEOUT: down"));
  EXPECT_THAT(told_, Contains("  logs   warn: TIMEOUT"));
  EXPECT_EQ(told_.back(), "the same as recorded");
}

TEST_F(PlayerTest, ARunThatStillWaitsIsPlayedAsFarAsItGot) {
  record(request(kMixed));
  EXPECT_TRUE(play_again(only_recording())) << told();
  EXPECT_THAT(told_, Contains("  waits"));
}

TEST_F(PlayerTest, RunsThatMetALimitDoSoAgain) {
  const std::vector<std::pair<const char*, const char*>> runs = {
      {"while (true) Date.now();", "TIMEOUT"},
      {"while (true) {}", "TIMEOUT"},
      {"for (let i = 0; ; i++) $emit('e', i);", "RESOURCE_LIMIT"},
      {"const all = []; while (true) all.push('x'.repeat(100000));", "MEMORY_LIMIT"},
      {"return 'x'.repeat(5000000);", "RESOURCE_LIMIT"},
      {"const f = () => f(); f();", "EXECUTION_ERROR"},
      {"$state.nothing = Math.random();", "STATE_ERROR"},
      {"throw new RangeError('at ' + Math.random());", "EXECUTION_ERROR"},
  };
  for (const auto& [text, code] : runs) {
    std::filesystem::remove_all(directory_);
    const auto outcome = record(request(text));
    ASSERT_TRUE(outcome.error.has_value()) << text;
    EXPECT_EQ(to_string(outcome.error->code), code) << text;
    EXPECT_TRUE(play_again(only_recording())) << text << "\n" << told();
    EXPECT_THAT(told(), HasSubstr(std::string("  fails  ") + code)) << text;
  }
}

TEST_F(PlayerTest, ALimitMetAfterAWaitIsMetAgain) {
  record(request("await $ext.api.get(1); for (let i = 0; ; i++) $emit('e', i);"), answers());
  const Recording recording = only_recording();
  ASSERT_EQ(recording.segments.size(), 2u);
  EXPECT_TRUE(play_again(recording)) << told();
}

TEST_F(PlayerTest, AnotherTextDiverges) {
  record(request("$state.count = 4; return Math.random();"));
  Recording recording = only_recording();
  recording.request.source.text = "$state.count = 5; return Math.random();";
  EXPECT_FALSE(play_again(recording));
  EXPECT_THAT(told_, Contains("segment 1 DIVERGES"));
  EXPECT_THAT(told(), HasSubstr(R"(  recorded mutations: [{"key":"count","value":4}])"));
  EXPECT_THAT(told(), HasSubstr(R"(  now      mutations: [{"key":"count","value":5}])"));
}

TEST_F(PlayerTest, WhatTheRunDidNotAskIsADifference) {
  record(request("return $state.count;"));
  Recording recording = only_recording();
  recording.request.source.text = "$state.items; return $state.count;";
  EXPECT_FALSE(play_again(recording));
  EXPECT_THAT(told_, Contains("segment 1 DIVERGES: it reads $state.items, which the recorded run did not"));
}

TEST_F(PlayerTest, AnotherSeedOrClockOrAnswerDiverges) {
  record(request(kMixed), answers());
  const Recording recording = only_recording();
  Recording other = recording;
  other.segments.back().inputs->seed[0] ^= 1;
  EXPECT_FALSE(play_again(other));
  other = recording;
  other.segments.back().inputs->clock[0].unix_ms += 1;
  EXPECT_FALSE(play_again(other));
  other = recording;
  other.segments[1].answer->result.value = value::Object{{"n", 41}};
  EXPECT_FALSE(play_again(other));
  EXPECT_THAT(told(), HasSubstr("segment 2 DIVERGES"));
  other = recording;
  other.segments[1].answer->call_id = "unknown";
  EXPECT_FALSE(play_again(other));
}

TEST_F(PlayerTest, WhatFollowsARestartIsNotPlayed) {
  record(request(kMixed), answers());
  Recording recording = only_recording();
  recording.segments[2].inputs.reset();
  EXPECT_TRUE(play_again(recording)) << told();
  EXPECT_THAT(told(), HasSubstr("segment 2: is answered"));
  EXPECT_THAT(told(), testing::Not(HasSubstr("segment 3")));
  EXPECT_THAT(told_, Contains("the rest went on after a restart of the server, and is recorded without the clock"));
}

TEST_F(PlayerTest, TheSignOfZeroCounts) {
  record(request("return [0, -0];"));
  Recording recording = only_recording();
  EXPECT_TRUE(play_again(recording)) << told();
  recording.request.source.text = "return [0, 0];";
  EXPECT_FALSE(play_again(recording));
}

TEST_F(PlayerTest, WhatCannotBePlayedIsSaid) {
  record(request("return 1;"));
  const Recording recording = only_recording();
  const auto complaint = [&](const Recording& bad) {
    const auto played = play(*engine_, bad, [](const std::string&) {});
    return played.ok() ? std::string("nothing") : played.error().message;
  };
  Recording other = recording;
  other.guest = std::string(64, '0');
  EXPECT_THAT(complaint(other), HasSubstr("was made by guest build 000000000000"));
  other = recording;
  other.segments.back().inputs.reset();
  EXPECT_THAT(complaint(other), HasSubstr("lacks the run's clock readings"));
}

}  // namespace
}  // namespace nexus::replay
