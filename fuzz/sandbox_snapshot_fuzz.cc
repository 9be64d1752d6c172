#include <lz4.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nexus/base/check.h"
#include "nexus/sandbox/base_image.h"
#include "nexus/sandbox/linear_memory.h"
#include "nexus/sandbox/snapshot.h"

// Snapshots come from a store, and a store can be damaged or written by somebody else. An input is one, as
// fields and bytes. Oracles, in memory with guard pages and in checked memory:
// - what is refused leaves a memory that resets to the image, bit by bit;
// - what is accepted has the size it says, gives the same memory in both kinds, survives being taken and
//   applied again, and resets to the image as well.
//
// Input: a byte of flags (kForeign: another image; kPacked: the rest is the plain bytes, to be compressed
// here; kHonest: sizes are made to fit), the number of pages (2 bytes), the size of the plain bytes (4), the
// size of the memory (8), and the rest.

namespace {

using nexus::sandbox::BaseImage;
using nexus::sandbox::Bounds;
using nexus::sandbox::LinearMemory;
using nexus::sandbox::Snapshot;

constexpr std::size_t kImageBytes = 2 * 65536;
// Sizes between this one and the reservation are legal and cost seconds.
constexpr std::uint64_t kMaxMemoryBytes = 4u << 20;
constexpr std::uint8_t kForeign = 1;
constexpr std::uint8_t kPacked = 2;
constexpr std::uint8_t kHonest = 4;
constexpr std::size_t kHeaderBytes = 15;

const BaseImage& image() {
  static const std::unique_ptr<BaseImage> made = [] {
    std::vector<std::uint8_t> bytes(kImageBytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31);
    auto result = BaseImage::create(bytes);
    NX_CHECK(result.ok());
    return std::move(result).take();
  }();
  return *made;
}

std::unique_ptr<LinearMemory> make_memory(Bounds bounds) {
  auto result = LinearMemory::create(bounds);
  NX_CHECK(result.ok() && (*result)->map(image()).ok());
  return std::move(result).take();
}

std::uint64_t number(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[i];
  return value;
}

std::string compressed(std::string_view plain) {
  std::string packed(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(plain.size()))), '\0');
  packed.resize(static_cast<std::size_t>(LZ4_compress_default(
      plain.data(), packed.data(), static_cast<int>(plain.size()), static_cast<int>(packed.size()))));
  return packed;
}

// Page numbers and masks.
std::size_t header_bytes(std::size_t pages) {
  return pages * (sizeof(std::uint32_t) + LinearMemory::page_size() / 64);
}

// Appends zeros up to `end`; the number of bits set from `begin` on.
std::size_t bits(std::string& plain, std::size_t begin, std::size_t end) {
  plain.resize(std::max(plain.size(), end));
  std::size_t count = 0;
  for (std::size_t at = begin; at < end; ++at)
    count += static_cast<std::size_t>(std::popcount(static_cast<std::uint8_t>(plain[at])));
  return count;
}

// What `plain` must measure for the words and bytes that its masks announce.
std::size_t honest_bytes(std::string plain, std::size_t pages) {
  const std::size_t header = header_bytes(pages);
  const std::size_t words = bits(plain, pages * sizeof(std::uint32_t), header);
  return header + words + bits(plain, header, header + words);
}

Snapshot parse(const std::uint8_t* data, std::size_t size) {
  const std::uint8_t flags = data[0];
  const std::string_view rest(reinterpret_cast<const char*>(data) + kHeaderBytes, size - kHeaderBytes);
  Snapshot snapshot;
  snapshot.image_hash = image().hash();
  if (flags & kForeign) snapshot.image_hash[0] ^= 1;
  snapshot.pages = static_cast<std::uint32_t>(number(data + 1, 2));
  snapshot.plain_bytes = number(data + 3, 4);
  snapshot.memory_bytes = number(data + 7, 8);
  if (flags & kHonest) {
    snapshot.pages %= 64;
    snapshot.plain_bytes = honest_bytes(std::string(rest), snapshot.pages);
    snapshot.memory_bytes = kImageBytes + snapshot.memory_bytes % 64 * LinearMemory::page_size();
  }
  if (snapshot.memory_bytes > kMaxMemoryBytes && snapshot.memory_bytes <= std::uint64_t{8} << 30)
    snapshot.memory_bytes %= kMaxMemoryBytes;
  if (!(flags & kPacked)) {
    snapshot.packed = rest;
    return snapshot;
  }
  std::string plain(rest);
  plain.resize(std::min<std::uint64_t>(snapshot.plain_bytes, 1u << 20));
  snapshot.packed = compressed(plain);
  return snapshot;
}

bool same_bytes(const LinearMemory& a, const LinearMemory& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

void check_pristine(LinearMemory& memory) {
  memory.reset();
  NX_CHECK(memory.size() == kImageBytes);
  NX_CHECK(std::memcmp(memory.data(), image().data(), kImageBytes) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kHeaderBytes || size > 1u << 18) return 0;
  static const std::array memories{make_memory(Bounds::kGuardPages), make_memory(Bounds::kChecked)};
  LinearMemory& guarded = *memories[0];
  LinearMemory& checked = *memories[1];
  const Snapshot snapshot = parse(data, size);
  const bool accepted = apply_snapshot(snapshot, guarded).ok();
  NX_CHECK(apply_snapshot(snapshot, checked).ok() == accepted);
  if (accepted) {
    NX_CHECK(guarded.size() == snapshot.memory_bytes);
    NX_CHECK(same_bytes(guarded, checked));
    const Snapshot again = take_snapshot(guarded);
    check_pristine(guarded);
    NX_CHECK(apply_snapshot(again, guarded).ok());
    NX_CHECK(same_bytes(guarded, checked));
  }
  check_pristine(guarded);
  check_pristine(checked);
  return 0;
}
