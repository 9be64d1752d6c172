#include "nexus/server/host_policy.h"

#include <gtest/gtest.h>

namespace nexus::server {
namespace {

TEST(ParseHost, ReadsNamesAddressesAndPorts) {
  EXPECT_EQ(parse_host("localhost"), (HostPort{"localhost", {}}));
  EXPECT_EQ(parse_host("Example.COM:8080"), (HostPort{"example.com", 8080}));
  EXPECT_EQ(parse_host("example.com."), (HostPort{"example.com", {}}));
  EXPECT_EQ(parse_host("127.0.0.1:65535"), (HostPort{"127.0.0.1", 65535}));
  EXPECT_EQ(parse_host("[::1]"), (HostPort{"[::1]", {}}));
  EXPECT_EQ(parse_host("[FE80::1]:3000"), (HostPort{"[fe80::1]", 3000}));
}

TEST(ParseHost, RefusesWhatIsNone) {
  for (const char* text :
       {"",    ":80", "a:",  "a:0", "a:65536", "a:1x", "a:-1",   "a b",    "a/b",  "a@b",
        "a,b", "a;b", "a'b", "::1", "[]",      "[::1", "[::1]x", "[g::1]", "a\"b", "\xc3\xa9"}) {
    EXPECT_EQ(parse_host(text), std::nullopt) << text;
  }
  EXPECT_NE(parse_host(std::string(255, 'a')), std::nullopt);
  EXPECT_EQ(parse_host(std::string(256, 'a')), std::nullopt);
}

HostPolicy loopback(std::vector<std::string> allowed = {}, std::vector<std::string> origins = {}) {
  return HostPolicy(Bound::kLoopback, allowed, std::move(origins), 3000, 3001);
}

bool host_passes(const HostPolicy& policy, std::string_view host) {
  return policy.host_allowed(*parse_host(host));
}

TEST(HostPolicy, OnLoopbackOnlyOwnAndAllowedNamesPass) {
  const HostPolicy policy = loopback({"nexus.example", "other.example:8080"});
  for (const char* host : {"localhost", "localhost:3000", "127.0.0.1:9", "[::1]", "nexus.example",
                           "nexus.example:1", "other.example:8080", "LocalHost."}) {
    EXPECT_TRUE(host_passes(policy, host)) << host;
  }
  for (const char* host : {"evil.example", "127.0.0.2", "0.0.0.0", "localhost.evil.example",
                           "nexus.example.evil", "other.example", "other.example:80"}) {
    EXPECT_FALSE(host_passes(policy, host)) << host;
  }
}

TEST(HostPolicy, BoundOutsideEveryNamePassesUnlessAListIsGiven) {
  EXPECT_TRUE(host_passes(HostPolicy(Bound::kOutside, {}, {}, 1, 2), "any.example"));
  const HostPolicy listed(Bound::kOutside, {"nexus.example"}, {}, 1, 2);
  EXPECT_TRUE(host_passes(listed, "nexus.example"));
  EXPECT_TRUE(host_passes(listed, "localhost"));
  EXPECT_FALSE(host_passes(listed, "any.example"));
}

bool origin_passes(const HostPolicy& policy, std::string_view origin, std::string_view host) {
  return policy.origin_allowed(origin, *parse_host(host));
}

TEST(HostPolicy, PagesOfThisServerPass) {
  const HostPolicy policy = loopback();
  EXPECT_TRUE(origin_passes(policy, "http://localhost:3000", "localhost:3000"));
  EXPECT_TRUE(origin_passes(policy, "http://localhost:3000", "localhost:3001"))
      << "the page's port is ours";
  EXPECT_TRUE(origin_passes(policy, "http://localhost:8080", "localhost:8080")) << "a mapped port";
  EXPECT_TRUE(origin_passes(policy, "https://nexus.example", "nexus.example"))
      << "TLS ends in front";
  EXPECT_TRUE(origin_passes(policy, "http://[::1]:3000", "[::1]:3001"));
}

TEST(HostPolicy, ForeignPagesDoNot) {
  const HostPolicy policy = loopback();
  for (const char* origin :
       {"http://evil.example", "http://evil.example:3000", "null", "", "file://", "localhost:3000",
        "http://localhost:3000/x", "http://localhost:4000", "http://localhost",
        "http://localhost.evil.example:3000", "ftp://localhost:3000", "http://a@localhost:3000"}) {
    EXPECT_FALSE(origin_passes(policy, origin, "localhost:3000")) << origin;
  }
}

TEST(HostPolicy, ListedOriginsPassExactly) {
  const HostPolicy policy = loopback({}, {"https://friend.example"});
  EXPECT_TRUE(origin_passes(policy, "https://friend.example", "localhost"));
  EXPECT_FALSE(origin_passes(policy, "http://friend.example", "localhost"));
  EXPECT_FALSE(origin_passes(policy, "https://friend.example:444", "localhost"));
  EXPECT_TRUE(policy.origin_listed("https://friend.example"));
  EXPECT_FALSE(policy.origin_listed("http://localhost"));
  EXPECT_TRUE(loopback({}, {"*"}).origin_listed("http://any.example"));
}

}  // namespace
}  // namespace nexus::server
