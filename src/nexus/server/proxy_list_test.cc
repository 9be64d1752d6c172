#include "nexus/server/proxy_list.h"

#include <gtest/gtest.h>

namespace nexus::server {
namespace {

std::string address_of(const ProxyList& list, const std::string& peer,
                       std::string_view forwarded = {}) {
  return list.client(peer, forwarded).address;
}

TEST(ProxyList, WithoutProxiesThePeerIsTheClient) {
  const ProxyList list = *ProxyList::parse({});
  EXPECT_EQ(address_of(list, "203.0.113.7", "198.51.100.1"), address_of(list, "203.0.113.7"));
  EXPECT_NE(address_of(list, "203.0.113.7"), address_of(list, "203.0.113.8"));
}

TEST(ProxyList, BelievesProxiesAndNobodyBeforeThem) {
  const ProxyList list = *ProxyList::parse({"10.0.0.0/8", "2001:db8::1"});
  const std::string client = address_of(list, "203.0.113.7");
  EXPECT_EQ(address_of(list, "10.1.2.3", "203.0.113.7"), client);
  EXPECT_EQ(address_of(list, "2001:db8::1", "203.0.113.7"), client);
  EXPECT_EQ(address_of(list, "10.1.2.3", "203.0.113.7, 10.9.9.9"), client) << "two proxies";
  EXPECT_EQ(address_of(list, "10.1.2.3", "1.1.1.1 ,\t203.0.113.7"), client)
      << "the client made the first up";
  EXPECT_EQ(address_of(list, "11.1.2.3", "203.0.113.7"), address_of(list, "11.1.2.3"));
  for (const char* nonsense : {"", "unknown", "203.0.113.7:80", ","})
    EXPECT_EQ(address_of(list, "10.1.2.3", nonsense), address_of(list, "10.1.2.3")) << nonsense;
}

TEST(ProxyList, OneSubscriberOfIpv6IsOneClient) {
  const ProxyList list = *ProxyList::parse({});
  EXPECT_EQ(address_of(list, "2001:db8:1:2::3"), address_of(list, "2001:db8:1:2:ffff::4"));
  EXPECT_NE(address_of(list, "2001:db8:1:2::3"), address_of(list, "2001:db8:1:3::3"));
  EXPECT_EQ(address_of(list, "::ffff:203.0.113.7"), address_of(list, "203.0.113.7"));
}

TEST(ProxyList, ThisMachineIsLocalUnlessItForwards) {
  const ProxyList list = *ProxyList::parse({"127.0.0.1"});
  EXPECT_TRUE(list.client("127.0.0.1", "").is_local);
  EXPECT_TRUE(list.client("::1", "203.0.113.7").is_local) << "no proxy of ours";
  EXPECT_FALSE(list.client("127.0.0.1", "203.0.113.7").is_local);
  EXPECT_FALSE(list.client("203.0.113.7", "").is_local);
}

TEST(ProxyList, BadEntriesAreNamed) {
  for (const char* entry : {"", "proxy", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::/129",
                            "10.0.0/8", "10.0.0.0/8/8"}) {
    const auto list = ProxyList::parse({entry});
    ASSERT_FALSE(list.ok()) << entry;
    EXPECT_NE(list.error().message.find(entry), std::string::npos);
  }
}

}  // namespace
}  // namespace nexus::server
