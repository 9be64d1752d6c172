#include "nexus/extension/http_policy.h"

#include <gtest/gtest.h>

namespace nexus::extension {
namespace {

HttpPolicy policy(std::optional<std::vector<std::string>> domains,
                  std::vector<std::string> hosts = {}) {
  return HttpPolicy::create(domains, hosts).value();
}

ErrorCode refusal(const HttpPolicy& policy, const std::string& url) {
  const auto result = policy.check(url);
  EXPECT_FALSE(result.ok()) << url;
  return result.ok() ? ErrorCode::kInternalError : result.error().code;
}

TEST(HttpPolicy, WithoutAListEveryHostMayBeAsked) {
  const auto checked = policy({}).check("HTTPS://Example.COM./a?b#c");
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked->scheme, "https");
  EXPECT_EQ(checked->host, "example.com");
  EXPECT_EQ(checked->port, "443");
  EXPECT_FALSE(checked->private_allowed);
}

TEST(HttpPolicy, TheListIsExact) {
  const HttpPolicy listed = policy({{"api.example.com"}});
  EXPECT_TRUE(listed.check("http://API.example.com:8080/").ok());
  for (const char* url : {"http://example.com/", "http://www.api.example.com/",
                          "http://api.example.com.evil.test/", "http://api.example.comm/"})
    EXPECT_EQ(refusal(listed, url), ErrorCode::kPermissionDenied) << url;
}

TEST(HttpPolicy, AnEmptyListAllowsNoHost) {
  EXPECT_EQ(refusal(policy({std::vector<std::string>{}}), "http://example.com/"),
            ErrorCode::kPermissionDenied);
}

TEST(HttpPolicy, AnOpenedHostNeedsNoPlaceOnTheListButItsOwnPort) {
  const HttpPolicy opened = policy({{"api.example.com"}}, {"localhost:8080", "[::1]:9"});
  EXPECT_TRUE(opened.check("http://localhost:8080/x")->private_allowed);
  EXPECT_TRUE(opened.check("http://[::1]:9/")->private_allowed);
  EXPECT_EQ(refusal(opened, "http://localhost:8081/"), ErrorCode::kPermissionDenied);
  EXPECT_EQ(refusal(opened, "http://localhost/"), ErrorCode::kPermissionDenied);
  EXPECT_FALSE(opened.check("http://api.example.com:8080/")->private_allowed);
}

TEST(HttpPolicy, NumericFormsOfAnAddressAreOneHost) {
  const HttpPolicy opened = policy({}, {"127.0.0.1:80"});
  for (const char* url :
       {"http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/"})
    EXPECT_TRUE(opened.check(url)->private_allowed) << url;
}

TEST(HttpPolicy, OnlyHttpAndHttpsWithoutCredentials) {
  const HttpPolicy open = policy({});
  for (const char* url :
       {"ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:1",
        "/relative", "", "http://", "http://user:pw@example.com/", "http://user@example.com/",
        "http://exa mple.com/", "http://example.com:99999/", "http://[::1/", "http://a\nb/"})
    EXPECT_EQ(refusal(open, url), ErrorCode::kInvalidArgument) << url;
  EXPECT_EQ(refusal(open, std::string("http://example.com/\0x", 21)), ErrorCode::kInvalidArgument);
}

TEST(HttpPolicy, BadEntriesOfTheListsAreNamed) {
  EXPECT_EQ(HttpPolicy::create({}, {"localhost"}).error().message,
            "\"localhost\" is not of the form host:port");
  EXPECT_FALSE(HttpPolicy::create({}, {"localhost:0x"}).ok());
  EXPECT_FALSE(HttpPolicy::create({}, {"localhost:80/path"}).ok());
  EXPECT_EQ(HttpPolicy::create({{"http://a.test"}}, {}).error().message,
            "\"http://a.test\" is not a host name");
  EXPECT_FALSE(HttpPolicy::create({{"a.test:80"}}, {}).ok());
  EXPECT_FALSE(HttpPolicy::create({{""}}, {}).ok());
}

}  // namespace
}  // namespace nexus::extension
