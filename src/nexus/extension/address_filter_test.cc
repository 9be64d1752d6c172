#include "nexus/extension/address_filter.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace nexus::extension {
namespace {

bool is_public(const char* text) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
    return is_public_address(reinterpret_cast<const sockaddr&>(v4), sizeof v4);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  EXPECT_EQ(inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
  return is_public_address(reinterpret_cast<const sockaddr&>(v6), sizeof v6);
}

TEST(AddressFilter, PublicAddressesPass) {
  for (const char* text : {
           "1.1.1.1",          "8.8.8.8",         "9.255.255.255",
           "11.0.0.0",         "100.63.255.255",  "100.128.0.0",
           "126.255.255.255",  "128.0.0.0",       "168.63.129.15",
           "168.63.129.17",    "169.253.255.255", "169.255.0.0",
           "172.15.255.255",   "172.32.0.0",      "192.0.1.0",
           "192.0.3.0",        "192.88.98.255",   "192.167.255.255",
           "192.169.0.0",      "198.17.255.255",  "198.20.0.0",
           "203.0.112.255",    "203.0.114.0",     "223.255.255.255",
           "2001:200::1",      "2606:4700::1111", "2a00:1450:4001::200e",
           "2001:db7:ffff::1", "2001:db9::1",     "3ffe:ffff::1",
           "64:ff9b::8.8.8.8",
       })
    EXPECT_TRUE(is_public(text)) << text;
}

TEST(AddressFilter, EverythingElseIsRefused) {
  for (const char* text : {
           "0.0.0.0",
           "0.255.255.255",
           "10.0.0.0",
           "10.255.255.255",
           "100.64.0.0",
           "100.127.255.255",
           "100.100.100.200",
           "127.0.0.1",
           "127.255.255.255",
           "168.63.129.16",
           "169.254.169.254",
           "169.254.0.0",
           "172.16.0.0",
           "172.31.255.255",
           "192.0.0.192",
           "192.0.2.1",
           "192.88.99.1",
           "192.168.0.0",
           "192.168.255.255",
           "198.18.0.0",
           "198.19.255.255",
           "198.51.100.1",
           "203.0.113.1",
           "224.0.0.1",
           "239.255.255.255",
           "240.0.0.1",
           "255.255.255.255",
           "::",
           "::1",
           "::127.0.0.1",
           "::ffff:127.0.0.1",
           "::ffff:8.8.8.8",
           "fe80::1",
           "febf::1",
           "fec0::1",
           "fc00::1",
           "fd00:ec2::254",
           "ff02::1",
           "100::1",
           "64:ff9b::127.0.0.1",
           "64:ff9b::169.254.169.254",
           "64:ff9b:1::8.8.8.8",
           "2001::1",
           "2001:1ff::1",
           "2001:db8::1",
           "2002:7f00:1::",
           "2002:808:808::",
           "3fff::1",
           "3fff:fff::1",
           "5f00::1",
           "4000::1",
       })
    EXPECT_FALSE(is_public(text)) << text;
}

TEST(AddressFilter, OtherFamiliesAndShortAddressesAreRefused) {
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_FALSE(is_public_address(reinterpret_cast<const sockaddr&>(local), sizeof local));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr);
  EXPECT_FALSE(is_public_address(reinterpret_cast<const sockaddr&>(v4), sizeof v4 - 1));
}

}  // namespace
}  // namespace nexus::extension
