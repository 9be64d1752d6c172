#include "http_secrets.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace nexusd {
namespace {

class HttpSecretsFileTest : public testing::Test {
 protected:
  HttpSecretsFileTest() { std::filesystem::create_directories(directory_); }
  ~HttpSecretsFileTest() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  // What is wrong with the file, without its path.
  std::string complaint(const std::string& text) const {
    const std::string path = write("secrets.toml", text);
    const auto read = read_http_secrets(path, "home");
    if (read.ok()) return "nothing";
    std::string message = read.error().message;
    EXPECT_EQ(message.find("hush"), std::string::npos) << message;
    if (const auto place = message.find(path); place != message.npos) message.replace(place, path.size(), "FILE");
    return message;
  }

  const std::string directory_ =
      std::filesystem::temp_directory_path() / ("nexus-secrets-" + std::to_string(getpid()));
};

TEST_F(HttpSecretsFileTest, SecretsStandInItOrInFilesOfTheirOwn) {
  const std::string key = write("key", "hush-from-file\n");
  const std::string path = write("secrets.toml", "[weather]\nvalue = 'hush-in-place'\norigins = ['https://a.test']\n"
                                                 "[github]\nfile = '" + key + "'\norigins = ['https://b.test']\nworkspaces = ['*']\n");
  const auto secrets = read_http_secrets(path, "home");
  ASSERT_TRUE(secrets.ok()) << secrets.error().message;
  EXPECT_EQ(secrets->find("weather", "home").value()->value, "hush-in-place");
  EXPECT_FALSE(secrets->find("weather", "other").ok());
  EXPECT_EQ(secrets->find("github", "other").value()->value, "hush-from-file");
}

TEST_F(HttpSecretsFileTest, NoFileIsNoSecrets) {
  EXPECT_FALSE(read_http_secrets("", "home").value().find("weather", "home").ok());
}

TEST_F(HttpSecretsFileTest, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_EQ(read_http_secrets(directory_ + "/none", "home").error().message,
            "HTTP_SECRETS_FILE: \"" + directory_ + "/none\" cannot be read: No such file or directory");
  EXPECT_EQ(complaint("weather = 'hush-hush'\n"), "FILE:1: each secret is a table: write [weather] and its keys below");
  EXPECT_EQ(complaint("[a]\nvalue = 'hush-hush'\norigin = 'https://a.test'\n"),
            "FILE:3: there is no \"origin\" in a secret; it has value or file, origins and workspaces");
  EXPECT_EQ(complaint("[a]\nvalue = 7\n"), "FILE:2: value must be a text");
  EXPECT_EQ(complaint("[a]\nvalue = 'hush-hush'\norigins = 'https://a.test'\n"), "FILE:3: origins must be a list of texts");
  EXPECT_EQ(complaint("[a]\nfile = '/nowhere/key'\n"), "FILE:2: \"/nowhere/key\" cannot be read");
  EXPECT_EQ(complaint("[a]\nfile = '" + write("k", "hush-hush") + "'\nvalue = 'hush-hush'\n"),
            "FILE:3: value and file are both there; give one of them");
  EXPECT_EQ(complaint("[a]\nvalue = 'hush-hush'\n"), "FILE: secret \"a\" names no origins it may be sent to");
  EXPECT_EQ(complaint("[a]\norigins = ['https://a.test']\n"), "FILE: secret \"a\" must have 8 to 8192 bytes");
}

}  // namespace
}  // namespace nexusd
