// Calls without the capability: each is counted, few are told.

#include "nexus/engine/engine_fixture_internal.h"

namespace nexus::engine {
namespace {

class AuditTest : public EngineTest {
 protected:
  Outcome run_without_grants(std::string code) {
    RunRequest r = request(std::move(code));
    r.capabilities = {};
    return run(std::move(r));
  }
};

TEST_F(AuditTest, ADenialNamesTheTokenAndWhatWasAsked) {
  const Outcome outcome = run_without_grants(
      "const t = f => { try { f() } catch {} };"
      "for (let i = 0; i < 3; i++) t(() => { $state.count = i });"
      "t(() => $emit('paid', 1)); t(() => $ext.api.get()); return 1");
  ASSERT_EQ(outcome.status, Status::kSuccess);
  ASSERT_EQ(outcome.denials.size(), 3u);
  EXPECT_EQ(outcome.denials[0].token, "state:write:count");
  EXPECT_EQ(outcome.denials[0].operation, "writing $state.count");
  EXPECT_EQ(outcome.denials[0].times, 3u);
  EXPECT_EQ(outcome.denials[1].token, "events:emit:paid");
  EXPECT_EQ(outcome.denials[2].token, "ext:api");
  EXPECT_EQ(outcome.denials[2].times, 1u);
  const Stats stats = engine_->stats();
  EXPECT_EQ(stats.denials.at("state:write"), 3u);
  EXPECT_EQ(stats.denials.at("events:emit"), 1u);
  EXPECT_EQ(stats.denials.at("ext"), 1u);
  EXPECT_EQ(stats.denials.at("view:update"), 0u);
  EXPECT_EQ(stats.denials_unreported, 0u);
}

TEST_F(AuditTest, WhatIsAllowedIsNoDenial) {
  EXPECT_TRUE(run("$state.count++; $emit('a')").denials.empty());
}

TEST_F(AuditTest, AFloodIsCountedInFullAndToldInPart) {
  constexpr std::uint64_t kCalls = 300;
  const char* const flood = "for (let i = 0; i < 300; i++) try { $emit('e' + i) } catch {}";
  std::uint64_t told = 0;
  constexpr int kRuns = 20;
  for (int i = 0; i < kRuns; ++i)
    for (const Denial& denial : run_without_grants(flood).denials) told += denial.times;
  const Stats stats = engine_->stats();
  EXPECT_EQ(stats.denials.at("events:emit"), kRuns * kCalls);
  EXPECT_EQ(stats.denials_unreported, kRuns * kCalls - told);
  EXPECT_GT(told, 0u);
  EXPECT_LE(told, std::uint64_t{16} * kRuns);
}

}  // namespace
}  // namespace nexus::engine
