#include "nexus/auth/base64url.h"

#include <gtest/gtest.h>

namespace nexus::auth {
namespace {

// RFC 4648 section 10, without the padding.
TEST(Base64Url, WritesAndReadsTheStandardsExamples) {
  const std::pair<std::string, std::string> kExamples[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : kExamples) {
    EXPECT_EQ(encode_base64url(bytes), text);
    EXPECT_EQ(decode_base64url(text), bytes);
  }
}

TEST(Base64Url, RefusesEverySpellingButTheOne) {
  for (const char* text :
       {"Z", "Zg==", "Zg=", "Zh", "Zm9", "Zm8=", "+_8", "-/8", "Zg ", "Z g", "Zg\n", "Zmé"})
    EXPECT_FALSE(decode_base64url(text)) << text;
}

}  // namespace
}  // namespace nexus::auth
