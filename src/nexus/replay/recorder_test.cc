#include "nexus/replay/recorder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <mutex>

#include "nexus/replay/replay_fixture_internal.h"

namespace nexus::replay {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class RecorderTest : public ReplayTest {};

TEST_F(RecorderTest, AFileForEachRunThatOnlyItsUserReads) {
  const auto first = record(request("return 1;"));
  const auto second = record(request("return 2;"));
  const auto paths = files();
  ASSERT_EQ(paths.size(), 2u);
  // Their names begin with the time, which may be the same millisecond.
  EXPECT_THAT(paths, testing::UnorderedElementsAre(EndsWith("Z-p-tool-" + first.run_id + ".nexusrun"),
                                                   EndsWith("Z-p-tool-" + second.run_id + ".nexusrun")));
  struct stat file {};
  ASSERT_EQ(stat(paths[0].c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
}

TEST_F(RecorderTest, WithoutARecorderTheRunIsTheSameAndNothingIsWritten) {
  const auto outcome = execute(*engine_, request("return 1;"), state_, nullptr);
  EXPECT_EQ(outcome.status, engine::Status::kSuccess);
  EXPECT_FALSE(outcome.inputs.has_value());
  EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(RecorderTest, ARunThatWaitsOverARestartGoesOnInItsFile) {
  engine::Outcome waiting;
  {
    const auto before = open_recorder();
    waiting = execute(*engine_, request("return await $ext.api.get(1);"), state_, before.get());
  }
  {
    const auto after = open_recorder();
    resume(*engine_, waiting.suspensions[0].id, {.success = true, .value = 7, .error = {}}, state_, after.get());
  }
  EXPECT_EQ(only_recording().segments.size(), 2u);
}

TEST_F(RecorderTest, TheDirectoryIsBoundedAndTheOldestGo) {
  std::filesystem::create_directories(directory_);
  const auto leave = [&](int year, char id) {
    const std::string name = std::to_string(year) + "0101T000000.000Z-p-tool-" + std::string(36, id) + ".nexusrun";
    std::ofstream(directory_ + "/" + name) << std::string(10'000, 'x');
  };
  for (int year = 2001; year <= 2004; ++year) leave(year, static_cast<char>('0' + year % 10));
  std::ofstream(directory_ + "/other.txt") << std::string(50'000, 'x');
  RecorderOptions options;
  options.total_bytes = 25'000;
  const auto run = record(request("return 1;"), {}, options);
  const auto paths = files();
  ASSERT_EQ(paths.size(), 4u) << "what is no recording is left alone";
  EXPECT_THAT(paths[0], HasSubstr("/20030101"));
  EXPECT_THAT(paths[1], HasSubstr("/20040101"));
  EXPECT_THAT(paths[2], HasSubstr(run.run_id));
}

TEST_F(RecorderTest, AFileThatMeetsItsLimitSaysSo) {
  RecorderOptions options;
  options.file_bytes = 6'000;
  record(request("await $ext.api.get(1); return 'x'.repeat(8000);"), {{.success = true, .value = 1, .error = {}}}, options);
  const Recording recording = only_recording();
  EXPECT_EQ(recording.segments.size(), 1u);
  EXPECT_EQ(recording.cut, "it met the limit of 6000 bytes");
}

TEST_F(RecorderTest, AFullDiskCostsRecordingsAndNoRuns) {
  std::vector<std::string> warnings;
  std::mutex mutex;
  RecorderOptions options;
  options.on_warning = [&](std::string_view text) {
    const std::scoped_lock lock(mutex);
    warnings.emplace_back(text);
  };
  {
    const auto recorder = open_recorder(options);
    std::filesystem::remove_all(directory_);  // as good as a disk that takes no more
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(execute(*engine_, request("return 1;"), state_, recorder.get()).status, engine::Status::kSuccess);
  }
  ASSERT_EQ(warnings.size(), 1u) << "the disk is complained about once in a while";
  EXPECT_THAT(warnings[0], HasSubstr("a recording cannot be written"));
}

TEST_F(RecorderTest, WhatTheDiskDoesNotTakeInTimeIsLeftOut) {
  std::vector<std::string> warnings;
  RecorderOptions options;
  options.queue_bytes = 10;
  options.on_warning = [&](std::string_view text) { warnings.emplace_back(text); };
  EXPECT_EQ(record(request("return 1;"), {}, options).status, engine::Status::kSuccess);
  EXPECT_TRUE(files().empty());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], HasSubstr("faster than the disk"));
}

TEST_F(RecorderTest, ADirectoryThatCannotBeUsedIsAnErrorAtOnce) {
  RecorderOptions options;
  options.directory = "/proc/nexus";
  EXPECT_THAT(Recorder::create(options).error().message, HasSubstr("\"/proc/nexus\" cannot hold recordings"));
}

}  // namespace
}  // namespace nexus::replay
