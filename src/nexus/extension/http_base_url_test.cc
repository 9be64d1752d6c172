#include "nexus/extension/http_base_url.h"

#include <gtest/gtest.h>

namespace nexus::extension {
namespace {

TEST(BaseUrl, RelativeUrlsStandBelowIt) {
  for (const char* base : {"https://a.test/v1", "https://a.test/v1/"}) {
    EXPECT_EQ(resolve_url(base, "users").value(), "https://a.test/v1/users");
    EXPECT_EQ(resolve_url(base, "/users/7?x=../y#z").value(), "https://a.test/v1/users/7?x=../y#z");
    EXPECT_EQ(resolve_url(base, "?q=1").value(), "https://a.test/v1?q=1");
    EXPECT_EQ(resolve_url(base, "a..b/...").value(), "https://a.test/v1/a..b/...");
  }
}

TEST(BaseUrl, AbsoluteUrlsAreTakenAsTheyAre) {
  EXPECT_EQ(resolve_url("https://a.test/v1", "http://b.test/").value(), "http://b.test/");
  EXPECT_EQ(resolve_url("", "http://b.test/").value(), "http://b.test/");
  EXPECT_EQ(resolve_url("https://a.test", "file:///etc/passwd").value(), "file:///etc/passwd")
      << "the policy refuses it, like any other of its kind";
}

TEST(BaseUrl, NothingLeadsOutOfIt) {
  for (const char* url : {"//evil.test/", "/%2f/evil.test", "../admin", "users/../../admin", "..", "%2e%2e/admin",
                          "x/%2E./admin", "x%2f..%2fadmin", "x%252f..%252fadmin", "..\\admin", "%5cevil.test", "\\\\evil.test"})
    EXPECT_EQ(resolve_url("https://a.test/v1", url).error().code, ErrorCode::kInvalidArgument) << url;
}

TEST(BaseUrl, WithoutOneARelativeUrlIsAnError) {
  EXPECT_EQ(resolve_url("", "/users").error().message,
            "url \"/users\" is relative and the panel sets no baseURL for this extension");
}

TEST(BaseUrl, TheBaseItselfIsChecked) {
  EXPECT_TRUE(check_base_url("https://a.test").ok());
  EXPECT_TRUE(check_base_url("http://127.0.0.1:8080/v1/").ok());
  for (const char* text : {"", "a.test/v1", "/v1", "ftp://a.test/", "https://u:p@a.test/", "https://a.test/?q",
                           "https://a.test/#f", "https:///v1"})
    EXPECT_FALSE(check_base_url(text).ok()) << text;
}

}  // namespace
}  // namespace nexus::extension
