#include "nexus/engine/disk_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "nexus/engine/scratch_directory_internal.h"

namespace nexus::engine {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t kBudget = 1u << 20;

std::string key_of(int n) { return std::string(63, 'a') + "0123456789abcdef"[n % 16]; }

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

class DiskCacheTest : public testing::Test {
 protected:
  static std::unique_ptr<DiskCache> open(const std::string& path, std::string secret = std::string(32, 'k'),
                                         std::uint64_t budget = kBudget) {
    auto directory = Directory::open(path);
    EXPECT_TRUE(directory.ok()) << directory.error().message;
    return std::make_unique<DiskCache>(std::move(directory).take(), std::make_shared<const Seal>(std::move(secret)),
                                       budget);
  }
  fs::path file(const std::string& key) const { return scratch_ / (key + ".qjsc"); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(scratch_.string()), {}));
  }

  const ScratchDirectory scratch_;
};

TEST_F(DiskCacheTest, WhatWasWrittenIsThereAfterARestart) {
  ASSERT_TRUE(open(scratch_.string())->insert(key_of(1), "code").ok());
  EXPECT_TRUE(fs::is_regular_file(file(key_of(1))));
  EXPECT_EQ(fs::status(file(key_of(1))).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(open(scratch_.string())->find(key_of(1)).value(), "code");
  EXPECT_EQ(open(scratch_.string())->find(key_of(2)).error().code, ErrorCode::kNotFound);
}

// Each turns a good file into something else; none of it may be loaded, and all of it is replaced.
TEST_F(DiskCacheTest, WhatThisEngineDidNotWriteIsNeverLoaded) {
  const auto cache = open(scratch_.string());
  const std::string key = key_of(1);
  const fs::path path = file(key);
  const auto replace = [&](const std::function<void()>& put) {
    return [&path, put] {
      fs::remove_all(path);
      put();
    };
  };
  ASSERT_TRUE(cache->insert(key, "the code").ok());
  const std::string good = read(path);
  ASSERT_TRUE(cache->insert(key_of(2), "other code").ok());
  const std::pair<const char*, std::function<void()>> attacks[] = {
      {"truncated", [&] { write(path, good.substr(0, good.size() - 1)); }},
      {"empty", [&] { write(path, ""); }},
      {"longer", [&] { write(path, good + "x"); }},
      {"the file of another handler", [&] { write(path, read(file(key_of(2)))); }},
      {"sealed with another key",
       [&] { write(path, Seal(std::string(32, 'o')).close(Seal::Purpose::kCacheFile, key, "the code")); }},
      {"a blob", [&] { write(path, Seal(std::string(32, 'k')).close(Seal::Purpose::kBlob, key, "the code")); }},
      {"a link to the good file", replace([&] {
         write(scratch_ / "elsewhere", good);
         fs::create_symlink(scratch_ / "elsewhere", path);
       })},
      {"an empty directory", replace([&] { fs::create_directory(path); })},
      {"a pipe", replace([&] { ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0); })},
      {"too large", [&] {
         write(path, good);
         fs::resize_file(path, Seal::kMaxCodeBytes * 2);
       }}};
  for (const auto& [what, attack] : attacks) {
    attack();
    const auto found = cache->find(key);
    ASSERT_FALSE(found.ok()) << what;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidHandler) << what;
    EXPECT_FALSE(found.error().message.empty()) << what;
    ASSERT_TRUE(cache->insert(key, "the code").ok()) << what;
    EXPECT_EQ(cache->find(key).value(), "the code") << what;
  }
}

TEST_F(DiskCacheTest, NoFlippedBitGoesUnnoticed) {
  const auto cache = open(scratch_.string());
  ASSERT_TRUE(cache->insert(key_of(1), "the code").ok());
  const std::string good = read(file(key_of(1)));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    write(file(key_of(1)), bad);
    ASSERT_FALSE(cache->find(key_of(1)).ok()) << "byte " << i;
  }
}

TEST_F(DiskCacheTest, FilesOfAnotherBuildSaySo) {
  const Seal seal(std::string(32, 'k'));
  std::string sealed = seal.close(Seal::Purpose::kCacheFile, key_of(1), "code");
  sealed[20] = static_cast<char>(sealed[20] == '0' ? '1' : '0');  // in the guest build hash
  EXPECT_THAT(seal.open(Seal::Purpose::kCacheFile, sealed).error().message, HasSubstr("another build"));
}

TEST_F(DiskCacheTest, TheLeastRecentlyUsedLeavesFirstEvenAfterARestart) {
  constexpr std::uint64_t kFourFiles = 16 * 1024;
  {
    const auto cache = open(scratch_.string(), std::string(32, 'k'), kFourFiles);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(cache->insert(key_of(i), "code").ok());
  }
  // As if long ago, in this order: 1, 0, 2.
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(10);
  fs::last_write_time(file(key_of(1)), long_ago);
  fs::last_write_time(file(key_of(0)), long_ago + std::chrono::hours(1));
  fs::last_write_time(file(key_of(2)), long_ago + std::chrono::hours(2));
  const auto cache = open(scratch_.string(), std::string(32, 'k'), kFourFiles);
  EXPECT_TRUE(cache->find(key_of(0)).ok());  // used again: 2 is older now
  for (int i = 3; i < 6; ++i) ASSERT_TRUE(cache->insert(key_of(i), "code").ok());
  EXPECT_FALSE(cache->find(key_of(1)).ok());
  EXPECT_FALSE(cache->find(key_of(2)).ok());
  EXPECT_TRUE(cache->find(key_of(0)).ok());
  EXPECT_TRUE(cache->find(key_of(5)).ok());
}

TEST_F(DiskCacheTest, TheBudgetHoldsAtEveryMoment) {
  constexpr std::uint64_t kSmall = 64 * 1024;
  const auto cache = open(scratch_.string(), std::string(32, 'k'), kSmall);
  for (int i = 0; i < 200; ++i) {
    const std::string key = std::string(60, 'b') + std::to_string(1000 + i);
    ASSERT_TRUE(cache->insert(key, std::string(static_cast<std::size_t>(i) * 100, 'c')).ok());
    std::uint64_t used = 0;
    for (const auto& entry : fs::directory_iterator(scratch_.string())) used += (entry.file_size() + 4095) / 4096 * 4096;
    ASSERT_LE(used, kSmall) << i;
    ASSERT_LE(cache->bytes(), kSmall);
  }
  ASSERT_TRUE(cache->insert(key_of(1), std::string(kSmall, 'c')).ok());
  EXPECT_EQ(cache->find(key_of(1)).error().code, ErrorCode::kNotFound) << "larger than the budget";
}

TEST_F(DiskCacheTest, LeavesForeignFilesAloneAndRemovesWhatACrashLeft) {
  write(scratch_ / "notes.txt", "mine");
  write(scratch_ / ".new-0123456789abcdef", "half");
  write(scratch_ / ".new-fedcba9876543210", "half");
  fs::last_write_time(scratch_ / ".new-0123456789abcdef",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  const auto cache = open(scratch_.string(), std::string(32, 'k'), 8192);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(cache->insert(key_of(i), "code").ok());
  EXPECT_EQ(read(scratch_ / "notes.txt"), "mine");
  EXPECT_FALSE(fs::exists(scratch_ / ".new-0123456789abcdef"));
  EXPECT_TRUE(fs::exists(scratch_ / ".new-fedcba9876543210")) << "somebody may be writing it";
}

TEST_F(DiskCacheTest, TwoSharersNeverSeeHalfAFile) {
  const auto one = open(scratch_.string());
  const auto two = open(scratch_.string());
  const std::string large(100'000, 'x');
  const auto work = [&](DiskCache& cache) {
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(cache.insert(key_of(i % 4), large).ok());
      if (auto found = cache.find(key_of((i + 1) % 4)); found.ok())
        ASSERT_EQ(found.value(), large);
      else
        ASSERT_EQ(found.error().code, ErrorCode::kNotFound) << found.error().message;
    }
  };
  std::thread first(work, std::ref(*one));
  std::thread second(work, std::ref(*two));
  first.join();
  second.join();
}

// ---- Directory and key ------------------------------------------------------------------------------

TEST_F(DiskCacheTest, ADirectoryThatCannotBeIsAnError) {
  write(scratch_ / "file", "");
  EXPECT_EQ(Directory::open((scratch_ / "file").string() + "/cache").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(Directory::open((scratch_ / "file").string()).error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(Directory::open((scratch_ / "a").string() + "/b/c").ok());
  EXPECT_EQ(fs::status(scratch_ / "a/b/c").permissions(), fs::perms::owner_all);
}

TEST_F(DiskCacheTest, TheKeyIsMadeOnceAndForThisUserOnly) {
  const auto directory = Directory::open(scratch_.string());
  const std::string key = load_or_make_key(directory.value()).value();
  EXPECT_EQ(key.size(), 32u);
  EXPECT_EQ(load_or_make_key(directory.value()).value(), key);
  EXPECT_EQ(fs::status(scratch_ / "cache.key").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(files(), 1u) << "nothing is left of making it";
}

TEST_F(DiskCacheTest, ManyWhoComeAtOnceAgreeOnOneKey) {
  std::vector<std::string> keys(8);
  std::vector<std::thread> threads;
  for (std::string& key : keys)
    threads.emplace_back([&key, this] {
      const auto directory = Directory::open(scratch_.string());
      key = load_or_make_key(directory.value()).value();
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& key : keys) EXPECT_EQ(key, keys[0]);
}

TEST_F(DiskCacheTest, AKeyThatOthersMightHaveIsRefused) {
  const auto directory = Directory::open(scratch_.string());
  const fs::path path = scratch_ / "cache.key";
  const std::string key(32, 'k');
  const auto refused = [&](const char* what) {
    const auto loaded = load_or_make_key(directory.value());
    ASSERT_FALSE(loaded.ok()) << what;
    EXPECT_THAT(loaded.error().message, HasSubstr("cache.key")) << what;
    fs::remove(path);
  };
  write(path, key);
  fs::permissions(path, fs::perms::owner_read | fs::perms::group_read);
  refused("readable by others");
  write(path, "short");
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  refused("too short");
  write(scratch_ / "other", key);
  fs::permissions(scratch_ / "other", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink(scratch_ / "other", path);
  refused("a link");
  fs::create_hard_link(scratch_ / "other", path);
  refused("a second name");
}

}  // namespace
}  // namespace nexus::engine
