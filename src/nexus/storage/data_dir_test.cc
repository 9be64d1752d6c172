#include "nexus/storage/data_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace nexus::storage {
namespace {

namespace fs = std::filesystem;

class DataDirTest : public testing::Test {
 protected:
  DataDirTest() {
    std::string pattern = (fs::temp_directory_path() / "nexus_data_dir_XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  ~DataDirTest() override {
    fs::permissions(root_, fs::perms::owner_all);
    fs::remove_all(root_);
  }
  std::string path(std::string_view name) const { return (root_ / name).string(); }

  fs::path root_;
};

TEST_F(DataDirTest, CreatesThePathForThisUserOnly) {
  const auto dir = DataDir::open(path("a/b/c"));
  ASSERT_TRUE(dir.ok()) << dir.error().message;
  struct stat info {};
  ASSERT_EQ(stat(path("a/b/c").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ((*dir)->path(), path("a/b/c"));
}

TEST_F(DataDirTest, ASecondClaimFailsUntilTheFirstIsGone) {
  auto first = DataDir::open(path("data")).take();
  const auto second = DataDir::open(path("data"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kStorageError);
  EXPECT_NE(second.error().message.find("is in use by another nexusd"), std::string::npos);
  EXPECT_NE(second.error().message.find(path("data")), std::string::npos);
  first.reset();
  EXPECT_TRUE(DataDir::open(path("data")).ok());
}

TEST_F(DataDirTest, AnotherProcessIsKeptOutToo) {
  const auto first = DataDir::open(path("data")).take();
  const pid_t child = fork();
  if (child == 0) _exit(DataDir::open(path("data")).ok() ? 1 : 0);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(DataDirTest, AFileInTheWayIsNamed) {
  std::ofstream(path("file")) << "x";
  for (const std::string& bad : {path("file"), path("file/below")}) {
    const auto dir = DataDir::open(bad);
    ASSERT_FALSE(dir.ok());
    EXPECT_EQ(dir.error().message,
              "data directory \"" + bad + "\" cannot be created: Not a directory");
  }
}

TEST_F(DataDirTest, AnUnwritableDirectoryIsNamed) {
  // The kernel's own read-only tree: refused to root as well.
  const auto dir = DataDir::open("/proc/sys");
  ASSERT_FALSE(dir.ok());
  EXPECT_TRUE(dir.error().message.starts_with("data directory \"/proc/sys\" is not writable: "))
      << dir.error().message;
}

TEST_F(DataDirTest, AnEmptyPathIsAnError) { EXPECT_FALSE(DataDir::open("").ok()); }

TEST_F(DataDirTest, ALinkInPlaceOfTheLockFileIsNotFollowed) {
  fs::create_directory(path("data"));
  fs::create_symlink(path("victim"), path("data/nexusd.lock"));
  EXPECT_FALSE(DataDir::open(path("data")).ok());
  EXPECT_FALSE(fs::exists(path("victim")));
}

}  // namespace
}  // namespace nexus::storage
