// Handlers that were compiled before: on disk, as blobs, by another thread.

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include "nexus/engine/engine_fixture_internal.h"
#include "nexus/engine/scratch_directory_internal.h"

namespace nexus::engine {
namespace {

namespace fs = std::filesystem;

class CompiledTest : public EngineTest {
 protected:
  std::unique_ptr<Engine> engine_on_disk(std::string path, std::string key = {}) {
    Options options;
    options.cache_dir = std::move(path);
    options.cache_key = std::move(key);
    options.on_warning = [this](std::string_view text) { warnings_.emplace_back(text); };
    return make_engine(std::move(options));
  }
  Outcome run_on(Engine& engine, std::string code) { return engine.execute(request(std::move(code)), state_); }
  std::vector<fs::path> cache_files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(scratch_.string()))
      if (entry.path().extension() == ".qjsc") found.push_back(entry.path());
    return found;
  }

  const ScratchDirectory scratch_;
  std::vector<std::string> warnings_;
};

// ---- Disk -------------------------------------------------------------------------------------------

TEST_F(CompiledTest, ARestartFindsTheCodeOnDiskAndKeepsItInMemory) {
  const auto first = engine_on_disk(scratch_.string());
  EXPECT_FALSE(run_on(*first, "return 'kept'").metrics.cache_hit);
  ASSERT_EQ(cache_files().size(), 1u);
  EXPECT_EQ(cache_files()[0].filename().string().size(), 64 + 5u);

  const auto second = engine_on_disk(scratch_.string());
  const Outcome from_disk = run_on(*second, "return 'kept'");
  EXPECT_EQ(result(from_disk), "\"kept\"");
  EXPECT_TRUE(from_disk.metrics.cache_hit);
  EXPECT_EQ(from_disk.metrics.compile_us, 0);
  EXPECT_EQ(second->stats().cache_disk_hits, 1u);
  EXPECT_TRUE(run_on(*second, "return 'kept'").metrics.cache_hit);
  EXPECT_EQ(second->stats().cache_memory_hits, 1u);
  EXPECT_EQ(second->stats().cache_misses, 0u);
  EXPECT_THAT(warnings_, testing::IsEmpty());
}

TEST_F(CompiledTest, AForgedFileIsAMissAMetricAndAWarningAndIsReplaced) {
  run_on(*engine_on_disk(scratch_.string()), "return 'right'");
  const fs::path file = cache_files().at(0);
  fs::resize_file(file, fs::file_size(file) - 1);
  const auto engine = engine_on_disk(scratch_.string());
  const Outcome outcome = run_on(*engine, "return 'right'");
  EXPECT_EQ(result(outcome), "\"right\"");
  EXPECT_FALSE(outcome.metrics.cache_hit);
  EXPECT_EQ(engine->stats().cache_rejected_files, 1u);
  EXPECT_EQ(engine->stats().cache_misses, 1u);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("is not used"));
  EXPECT_TRUE(run_on(*engine_on_disk(scratch_.string()), "return 'right'").metrics.cache_hit);
}

TEST_F(CompiledTest, AnUnusableDirectoryIsOneWarningAndMemoryGoesOn) {
  std::ofstream(scratch_ / "file") << "";
  const auto engine = engine_on_disk((scratch_ / "file").string() + "/cache");
  EXPECT_EQ(result(run_on(*engine, "return 1")), "1");
  EXPECT_TRUE(run_on(*engine, "return 1").metrics.cache_hit);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("cannot be used"));
}

TEST_F(CompiledTest, ADirectoryThatGoesAwayIsAWarningAndMemoryGoesOn) {
  const auto engine = engine_on_disk(scratch_.string());
  fs::remove_all(scratch_.string());
  EXPECT_EQ(result(run_on(*engine, "return 1")), "1");
  EXPECT_TRUE(run_on(*engine, "return 1").metrics.cache_hit);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("not kept on disk"));
}

TEST_F(CompiledTest, AShortKeyIsRefused) {
  Options options;
  options.cache_key = std::string(31, 'k');
  const auto made = Engine::create(options);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  options.cache_key += 'k';
  EXPECT_TRUE(Engine::create(options).ok());
}

// ---- Blobs ------------------------------------------------------------------------------------------

TEST_F(CompiledTest, ABlobRunsAsItsSourceDoes) {
  const std::string text = "$state.count++; const r = await $ext.api.get(); return [$state.count, r]";
  const std::string blob = engine_->precompile({text, {1, 1}}).value();
  const Outcome first = engine_->execute_compiled(blob, request("never looked at"), state_);
  ASSERT_EQ(first.status, Status::kSuspended) << result(first);
  EXPECT_EQ(json(first.mutations), R"({"count":6})");
  EXPECT_TRUE(first.metrics.cache_hit);
  EXPECT_EQ(result(answer(first, 0, "x")), R"([5,"x"])");
}

TEST_F(CompiledTest, ABlobKnowsThePositionsOfItsSource) {
  const std::string blob = engine_->precompile({"let a = 1;\n  null.x;", {10, 5}}).value();
  const Outcome outcome = engine_->execute_compiled(blob, request(""), state_);
  EXPECT_EQ(outcome.error->location, (Location{11, 7}));
  EXPECT_THAT(outcome.error->stack, HasSubstr("handler:11:7"));
  EXPECT_FALSE(outcome.error->snippet.has_value());
}

TEST_F(CompiledTest, ABlobIsGoodForEveryEngineOfTheKeyAndForNoOther) {
  const std::string key(32, 'k');
  const std::string blob = engine_on_disk("", key)->precompile({"return 7", {1, 1}}).value();
  const auto friendly = engine_on_disk("", key);
  EXPECT_EQ(result(friendly->execute_compiled(blob, request(""), state_)), "7");
  for (const auto& stranger : {engine_on_disk("", std::string(32, 'o')), engine_on_disk("")}) {
    const Outcome refused = stranger->execute_compiled(blob, request(""), state_);
    ASSERT_TRUE(refused.error.has_value());
    EXPECT_EQ(refused.error->code, ErrorCode::kInvalidHandler);
  }
}

TEST_F(CompiledTest, EveryOtherBlobIsRefusedWithItsOwnCode) {
  const std::string blob = engine_->precompile({"return 7", {1, 1}}).value();
  std::vector<std::string> bad = {"", "return 7", blob + "x", blob.substr(1), blob.substr(0, blob.size() - 1)};
  for (std::size_t i = 0; i < blob.size(); i += 7) {
    bad.push_back(blob);
    bad.back()[i] = static_cast<char>(bad.back()[i] ^ 0x40);
  }
  for (const std::string& text : bad) {
    const Outcome outcome = engine_->execute_compiled(text, request(""), state_);
    ASSERT_TRUE(outcome.error.has_value());
    ASSERT_EQ(outcome.error->code, ErrorCode::kInvalidHandler);
  }
  EXPECT_EQ(engine_->stats().errors.at("INVALID_HANDLER"), bad.size());
  EXPECT_EQ(result(engine_->execute_compiled(blob, request(""), state_)), "7");
}

TEST_F(CompiledTest, ACacheFileIsNoBlob) {
  const auto engine = engine_on_disk(scratch_.string());
  run_on(*engine, "return 1");
  std::ifstream file(cache_files().at(0), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(engine->execute_compiled(bytes, request(""), state_).error->code, ErrorCode::kInvalidHandler);
}

// ---- Compiling --------------------------------------------------------------------------------------

TEST_F(CompiledTest, ManyWhoWantTheSameTextCompileItOnce) {
  constexpr int kThreads = 8;
  std::string text = "return 0";
  for (int i = 0; i < 5000; ++i) text += "; function f" + std::to_string(i) + "() { return " + std::to_string(i) + " }";
  std::latch ready(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      const sandbox::ThreadScope thread;
      ready.arrive_and_wait();
      ASSERT_EQ(result(run(text)), "0");
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(engine_->stats().cache_misses, 1u);
  EXPECT_EQ(engine_->stats().cache_memory_hits, kThreads - 1u);
}

TEST_F(CompiledTest, WhoeverWaitsForAMistakeGetsItInItsOwnFile) {
  constexpr int kThreads = 8;
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "function f" + std::to_string(i) + "() {}\n";
  text += "let b = ;";
  std::latch ready(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      const sandbox::ThreadScope thread;
      ready.arrive_and_wait();
      const auto compiled = engine_->precompile({text, {100 * i + 1, 1}});
      ASSERT_FALSE(compiled.ok());
      ASSERT_EQ(compiled.error().location, (Location{5000 + 100 * i + 1, 9}));
    });
  for (std::thread& thread : threads) thread.join();
}

TEST_F(CompiledTest, CompilingCountsAgainstTheRunsOwnTime) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "function f" + std::to_string(i) + "() { return [1, 2, 3].map(x => x * 2) }\n";
  RunRequest r = request(text);
  r.limits.timeout = std::chrono::milliseconds(1);
  const Outcome outcome = run(std::move(r));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, ErrorCode::kTimeout);
  EXPECT_THAT(outcome.error->message, HasSubstr("compiling"));
}

TEST_F(CompiledTest, InferenceIsThereForWhoeverEmbedsTheEngine) {
  const auto needs = infer_capabilities({"$state.count++", {1, 1}}).needs;
  ASSERT_EQ(needs.size(), 2u);
  EXPECT_EQ(capability::to_string(needs[0].token), "state:read:count");
  EXPECT_EQ(capability::to_string(needs[1].token), "state:write:count");
}

}  // namespace
}  // namespace nexus::engine
