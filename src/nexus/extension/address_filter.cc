#include "nexus/extension/address_filter.h"

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace nexus::extension {
namespace {

struct Range4 {
  std::array<std::uint8_t, 4> prefix;
  int bits;
};

constexpr Range4 kNotPublic4[] = {
    {{0, 0, 0, 0}, 8},         // this network
    {{10, 0, 0, 0}, 8},        // private
    {{100, 64, 0, 0}, 10},     // carrier-grade NAT, and one cloud's metadata service
    {{127, 0, 0, 0}, 8},       // loopback
    {{168, 63, 129, 16}, 32},  // a cloud's host agent on an otherwise public range
    {{169, 254, 0, 0}, 16},    // link-local, most clouds' metadata service
    {{172, 16, 0, 0}, 12},     // private
    {{192, 0, 0, 0}, 24},      // protocol assignments
    {{192, 0, 2, 0}, 24},      // documentation
    {{192, 88, 99, 0}, 24},    // 6to4 relays, deprecated
    {{192, 168, 0, 0}, 16},    // private
    {{198, 18, 0, 0}, 15},     // benchmarks
    {{198, 51, 100, 0}, 24},   // documentation
    {{203, 0, 113, 0}, 24},    // documentation
    {{224, 0, 0, 0}, 4},       // multicast
    {{240, 0, 0, 0}, 4},       // reserved and broadcast
};

struct Range6 {
  std::array<std::uint8_t, 16> prefix;
  int bits;
};

// Everything public is inside 2000::/3; these are its parts that are not.
constexpr Range6 kGlobalUnicast6 = {{0x20}, 3};
constexpr Range6 kNotPublic6[] = {
    {{0x20, 0x01, 0x00}, 23},        // protocol assignments, Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x20, 0x02}, 16},              // 6to4: any IPv4 address in disguise
    {{0x3f, 0xff, 0x00}, 20},        // documentation
};
// Addresses that a translator turns into the IPv4 address in their last four bytes (RFC 6052).
constexpr Range6 kTranslated6 = {{0x00, 0x64, 0xff, 0x9b}, 96};

bool has_prefix(std::span<const std::uint8_t> address, std::span<const std::uint8_t> prefix,
                int bits) {
  const std::size_t whole = static_cast<std::size_t>(bits) / 8;
  if (std::memcmp(address.data(), prefix.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  return ((address[whole] ^ prefix[whole]) >> (8 - bits % 8)) == 0;
}

bool is_public(std::span<const std::uint8_t, 4> address) {
  for (const auto& range : kNotPublic4)
    if (has_prefix(address, range.prefix, range.bits)) return false;
  return true;
}

bool is_public(std::span<const std::uint8_t, 16> address) {
  if (has_prefix(address, kTranslated6.prefix, kTranslated6.bits))
    return is_public(address.last<4>());
  if (!has_prefix(address, kGlobalUnicast6.prefix, kGlobalUnicast6.bits)) return false;
  for (const auto& range : kNotPublic6)
    if (has_prefix(address, range.prefix, range.bits)) return false;
  return true;
}

}  // namespace

bool is_public_address(const sockaddr& address, socklen_t length) {
  if (address.sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr,
                bytes.size());
    return is_public(std::span<const std::uint8_t, 4>(bytes));
  }
  if (address.sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr,
                bytes.size());
    return is_public(std::span<const std::uint8_t, 16>(bytes));
  }
  return false;
}

}  // namespace nexus::extension
