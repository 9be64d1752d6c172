#include "nexus/engine/engine_fixture_internal.h"

namespace nexus::engine {
namespace {

// A run that is saved in one engine and goes on in another, as after a restart.
class SavedRunTest : public EngineTest {
 protected:
  Outcome suspend(std::string code) {
    RunRequest r = request(std::move(code));
    r.save_suspended = true;
    return run(std::move(r));
  }
  Result<std::vector<Suspension>> restore(const SavedRun& saved, std::string text = {}) {
    return other_->restore(saved, {std::move(text), {1, 1}}, request("").extensions);
  }
  Outcome resume(std::string_view id, Value value) {
    return other_->resume(id, {.success = true, .value = std::move(value), .error = {}}, state_);
  }

  std::unique_ptr<Engine> other_ = make_engine({});
};

TEST_F(SavedRunTest, ARunIsSavedOnlyWhenAskedFor) {
  EXPECT_FALSE(run("await $ext.api.get(1)").saved.has_value());
  EXPECT_FALSE(suspend("return 1").saved.has_value());
  EXPECT_TRUE(suspend("await $ext.api.get(1)").saved.has_value());
}

TEST_F(SavedRunTest, GoesOnInAnotherEngineWithAllItKnew) {
  const Outcome first = suspend(R"(
    const local = {name: $state.name, n: 7};
    const [a, b] = await Promise.all([$ext.api.get("x"), $ext.other.call({deep: [1]})]);
    $state.count = a + b + local.n;
    const c = await $ext.api.post(c0());
    return [local.name, c, $state.count];
    function c0() { return a * 2; }
  )");
  ASSERT_TRUE(first.saved.has_value());
  const auto calls = restore(*first.saved);
  ASSERT_TRUE(calls.ok()) << calls.error().message;
  ASSERT_EQ(calls->size(), 2u);
  EXPECT_EQ((*calls)[0].id, first.suspensions[0].id);
  EXPECT_EQ((*calls)[0].extension, "api");
  EXPECT_EQ((*calls)[1].args, (List{Object{{"deep", List{1}}}}));

  EXPECT_EQ(result(resume((*calls)[1].id, 20)), "suspended");
  const Outcome second = resume((*calls)[0].id, 10);
  EXPECT_EQ(second.run_id, first.run_id);
  EXPECT_EQ(json(second.mutations), R"({"count":37})");
  state_.apply(second.mutations);
  ASSERT_EQ(second.new_suspensions.size(), 1u);
  EXPECT_EQ(second.new_suspensions[0].args, List{20});
  ASSERT_TRUE(second.saved.has_value()) << "and is saved again";
  EXPECT_EQ(result(resume(second.new_suspensions[0].id, "end")), R"(["ada","end",37])");
}

TEST_F(SavedRunTest, LimitsAndPermissionsGoWithIt) {
  RunRequest r = request("await $ext.api.get(1); $state.count = 1; await $ext.api.get(2); $state.name = 'x'");
  r.save_suspended = true;
  r.limits.state_mutations = 1;
  const Outcome first = run(std::move(r));
  ASSERT_TRUE(restore(*first.saved).ok());
  const Outcome second = resume(first.suspensions[0].id, {});
  EXPECT_EQ(result(resume(second.new_suspensions[0].id, {})),
            "RESOURCE_LIMIT: too many state mutations: limit 1 per run");

  RunRequest narrow = request("await $ext.api.get(1); $state.count = 1");
  narrow.save_suspended = true;
  narrow.capabilities = capability::GrantSet({capability::parse_token("ext:api").take()});
  const Outcome waiting = run(std::move(narrow));
  ASSERT_TRUE(restore(*waiting.saved).ok());
  EXPECT_THAT(result(resume(waiting.suspensions[0].id, {})), HasSubstr("PERMISSION_DENIED"));
}

TEST_F(SavedRunTest, SaysWhereInTheTextItFailedWhenTheTextIsTheSame) {
  const std::string code = "await $ext.api.get(1);\nnull.x";
  const Outcome first = suspend(code);
  ASSERT_TRUE(restore(*first.saved, code).ok());
  const Outcome failed = resume(first.suspensions[0].id, {});
  ASSERT_TRUE(failed.error.has_value());
  EXPECT_EQ(failed.error->location->line, 2);
  EXPECT_TRUE(failed.error->snippet.has_value());

  const Outcome again = suspend(code);
  ASSERT_TRUE(restore(*again.saved, "other").ok());
  const Outcome without = resume(again.suspensions[0].id, {});
  EXPECT_EQ(without.error->location->line, 2);
  EXPECT_FALSE(without.error->snippet.value_or("").find("other") != std::string::npos);
}

TEST_F(SavedRunTest, OfAnotherGuestBuildIsRefused) {
  SavedRun saved = *suspend("await $ext.api.get(1)").saved;
  for (std::string SavedRun::*hash : {&SavedRun::guest_hash, &SavedRun::image_hash}) {
    SavedRun other = saved;
    other.*hash = std::string(64, '0');
    const auto refused = restore(other);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidSuspension);
    EXPECT_THAT(refused.error().message, HasSubstr("another build of the guest"));
  }
}

TEST_F(SavedRunTest, DamageIsAnErrorAndNeverMore) {
  const Outcome first = suspend("const a = [1,2,3]; await $ext.api.get(a)");
  for (std::size_t i = 0; i < first.saved->host.size(); ++i)
    for (const int bit : {0x01, 0x80}) {
      SavedRun damaged = *first.saved;
      damaged.host[i] = static_cast<char>(damaged.host[i] ^ bit);
      const auto calls = restore(damaged);
      if (!calls.ok()) {
        EXPECT_EQ(calls.error().code, ErrorCode::kInvalidSuspension);
        continue;
      }
      // What still reads as a run is a run: it ends in one way or another.
      for (const Suspension& call : *calls) static_cast<void>(resume(call.id, {}));
    }
  SavedRun cut = *first.saved;
  cut.memory.resize(cut.memory.size() / 2);
  ASSERT_TRUE(restore(cut).ok());
  EXPECT_THAT(result(resume(first.suspensions[0].id, {})), HasSubstr("INVALID_SUSPENSION"));
}

}  // namespace
}  // namespace nexus::engine
