#include "nexus/server/assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "nexus/base/random.h"
#include "nexus/server/doubles_internal.h"
#include "nexus/server/test_client_internal.h"

namespace nexus::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class AssetsTest : public testing::Test {
 protected:
  AssetsTest() : root_(fs::temp_directory_path() / ("nexus_assets_" + random_hex(12))) {
    fs::create_directories(root_ / "assets");
    write("index.html", "<title>index</title>");
    write("panel.html", "<title>panel</title>");
    write("assets/app.js", "1;");
    write("assets/favicon.svg", "<svg/>");
  }
  ~AssetsTest() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& bytes) {
    std::ofstream(root_ / path) << bytes;
  }

  const fs::path root_;
};

TEST_F(AssetsTest, HoldsEveryFileOfAKnownType) {
  write("assets/secret.key", "x");
  const auto assets = load_assets(root_.string());
  ASSERT_TRUE(assets.ok());
  const Asset* script = assets.value()->find("assets/app.js");
  ASSERT_NE(script, nullptr);
  EXPECT_EQ(*script->bytes, "1;");
  EXPECT_EQ(script->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(script->etag.size(), 34u);
  EXPECT_EQ(assets.value()->find("assets/secret.key"), nullptr);
  EXPECT_EQ(assets.value()->find("../index.html"), nullptr);
}

TEST_F(AssetsTest, LeavesOutLinks) {
  write("real.txt", "x");
  fs::create_symlink(root_ / "real.txt", root_ / "link.txt");
  const auto assets = load_assets(root_.string());
  ASSERT_TRUE(assets.ok());
  EXPECT_NE(assets.value()->find("real.txt"), nullptr);
  EXPECT_EQ(assets.value()->find("link.txt"), nullptr);
}

TEST_F(AssetsTest, RefusesADirectoryWithoutItsPages) {
  fs::remove(root_ / "panel.html");
  const auto assets = load_assets(root_.string());
  ASSERT_FALSE(assets.ok());
  EXPECT_THAT(assets.error().message, HasSubstr("it has no panel.html"));
}

TEST_F(AssetsTest, RefusesTooManyFiles) {
  for (int i = 0; i < 997; ++i) write("assets/" + std::to_string(i) + ".txt", "x");
  const auto assets = load_assets(root_.string());
  ASSERT_FALSE(assets.ok());
  EXPECT_THAT(assets.error().message, HasSubstr("more than 1000 files"));
}

TEST_F(AssetsTest, PagesAreServedUnderAStrictPolicy) {
  Options options;
  options.assets_dir = root_.string();
  RunningServer running(options);
  TestClient client(running.http_port);
  const Answer index = client.get("/");
  EXPECT_EQ(index.body, "<title>index</title>");
  EXPECT_EQ(index.fields.at("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(index.fields.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(index.fields.at("referrer-policy"), "no-referrer");
  const std::string policy = index.fields.at("content-security-policy");
  EXPECT_THAT(
      policy,
      HasSubstr("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"));
  EXPECT_THAT(policy,
              HasSubstr("connect-src 'self' ws://localhost wss://localhost ws://localhost:"));
  EXPECT_THAT(policy, HasSubstr("base-uri 'none'; form-action 'none'; frame-ancestors 'self'"));
  EXPECT_THAT(policy, testing::Not(HasSubstr("unsafe")));
  EXPECT_EQ(client.get("/p/tides").body, "<title>panel</title>");
  EXPECT_EQ(client.get("/favicon.ico").fields.at("content-type"), "image/svg+xml");
}

TEST_F(AssetsTest, UnchangedFilesAreNotSentAgain) {
  Options options;
  options.assets_dir = root_.string();
  RunningServer running(options);
  TestClient client(running.http_port);
  const Answer first = client.get("/assets/app.js");
  EXPECT_EQ(first.body, "1;");
  EXPECT_EQ(
      client.get("/assets/app.js", "If-None-Match: " + first.fields.at("etag") + "\r\n").status,
      304);
  EXPECT_EQ(client.request("HEAD", "/assets/app.js").fields.at("content-length"), "2");
  EXPECT_EQ(client.get("/assets/none.js").status, 404);
  EXPECT_EQ(client.get("/assets/../index.html").status, 400);
}

}  // namespace
}  // namespace nexus::server
