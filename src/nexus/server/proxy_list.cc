#include "nexus/server/proxy_list.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "nexus/server/field_list.h"

namespace nexus::server {
namespace {

constexpr std::size_t kBytes = 16;
constexpr unsigned kMappedBits = 96;  // in front of an IPv4 address (RFC 4291 section 2.5.5.2)
constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

// The address's 16 bytes; nullopt for anything else.
std::optional<std::string> parse_address(std::string_view text) {
  const std::string name(text);
  std::string bytes(kBytes, '\0');
  if (inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1) return bytes;
  bytes = kMapped;
  bytes.resize(kBytes);
  if (inet_pton(AF_INET, name.c_str(), bytes.data() + kMapped.size()) == 1) return bytes;
  return std::nullopt;
}

bool is_v4(const std::string& bytes) { return bytes.starts_with(kMapped); }

bool is_loopback(const std::string& bytes) {
  if (is_v4(bytes)) return bytes[kMapped.size()] == 127;
  return bytes == std::string(kBytes - 1, '\0') + '\x01';
}

bool same_bits(const std::string& a, const std::string& b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (a.compare(0, whole, b, 0, whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const auto difference = static_cast<unsigned char>(a[whole] ^ b[whole]);
  return difference >> (8 - bits % 8) == 0;
}

}  // namespace

Result<ProxyList> ProxyList::parse(const std::vector<std::string>& entries) {
  ProxyList list;
  for (const std::string& entry : entries) {
    const std::size_t slash = entry.find('/');
    const auto address = parse_address(std::string_view(entry).substr(0, slash));
    const unsigned most = address && is_v4(*address) ? 32 : 128;
    unsigned bits = most;
    bool well = address.has_value();
    if (well && slash != std::string::npos) {
      const char* const end = entry.data() + entry.size();
      const auto read = std::from_chars(entry.data() + slash + 1, end, bits);
      well = read.ec == std::errc() && read.ptr == end && bits <= most;
    }
    if (!well)
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("\"{}\" is not an address or a network such as 10.0.0.0/8", entry)};
    list.networks_.emplace_back(*address, most == 32 ? bits + kMappedBits : bits);
  }
  return list;
}

bool ProxyList::trusts(const std::string& bytes) const {
  for (const auto& [network, bits] : networks_)
    if (same_bits(bytes, network, bits)) return true;
  return false;
}

Client ProxyList::client(const std::string& peer, std::string_view forwarded_for) const {
  auto found = parse_address(peer);
  if (!found) return {peer, false};
  // Each proxy appends whom it heard from; what stands before the first stranger is hearsay.
  while (trusts(*found) && !forwarded_for.empty()) {
    const std::size_t comma = forwarded_for.rfind(',');
    const std::size_t start = comma == std::string_view::npos ? 0 : comma + 1;
    const auto before = parse_address(trim(forwarded_for.substr(start)));
    if (!before) break;
    found = before;
    forwarded_for = forwarded_for.substr(0, start == 0 ? 0 : comma);
  }
  return {is_v4(*found) ? *found : found->substr(0, 8), is_loopback(*found)};
}

}  // namespace nexus::server
