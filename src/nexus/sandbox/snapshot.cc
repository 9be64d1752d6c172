#include "nexus/sandbox/snapshot.h"

#include <lz4.h>

#include <cstring>
#include <numeric>

#include "nexus/sandbox/base_image.h"
#include "nexus/sandbox/linear_memory.h"

namespace nexus::sandbox {
namespace {

constexpr std::uint64_t kWasmPage = 65536;
constexpr std::uint64_t kMaxPlainBytes = std::uint64_t{1} << 30;

Error damaged(const char* what) {
  return Error{ErrorCode::kInvalidSuspension, std::string("the suspended run cannot be loaded: ") + what};
}

bool all_zero(const std::uint8_t* bytes, std::size_t size) {
  return bytes[0] == 0 && std::memcmp(bytes, bytes + 1, size - 1) == 0;
}

// dst ^= src, eight bytes at a time; pages are multiples of eight.
void xor_page(char* dst, const std::uint8_t* src, std::size_t size) {
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    std::uint64_t a;
    std::uint64_t b;
    std::memcpy(&a, dst + at, sizeof a);
    std::memcpy(&b, src + at, sizeof b);
    a ^= b;
    std::memcpy(dst + at, &a, sizeof a);
  }
}

std::vector<std::uint32_t> candidate_pages(const LinearMemory& memory) {
  if (memory.tracks_writes()) return memory.resident_pages();
  std::vector<std::uint32_t> pages(memory.image_size() / LinearMemory::page_size());
  std::iota(pages.begin(), pages.end(), 0u);
  return pages;
}

std::string compress(const std::string& plain) {
  std::string packed(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(plain.size()))), '\0');
  const int size = LZ4_compress_default(plain.data(), packed.data(), static_cast<int>(plain.size()),
                                        static_cast<int>(packed.size()));
  packed.resize(static_cast<std::size_t>(size));
  packed.shrink_to_fit();
  return packed;
}

}  // namespace

std::vector<std::uint32_t> differing_pages(const LinearMemory& memory) {
  const std::size_t page_bytes = LinearMemory::page_size();
  const BaseImage& image = *memory.image();
  std::vector<std::uint32_t> pages;
  for (const std::uint32_t page : candidate_pages(memory))
    if (std::memcmp(memory.data() + page * page_bytes, image.data() + page * page_bytes, page_bytes) != 0)
      pages.push_back(page);
  for (std::size_t at = memory.image_size(); at < memory.size(); at += page_bytes)
    if (!all_zero(memory.data() + at, page_bytes)) pages.push_back(static_cast<std::uint32_t>(at / page_bytes));
  return pages;
}

Snapshot take_snapshot(const LinearMemory& memory) {
  const std::size_t page_bytes = LinearMemory::page_size();
  const BaseImage& image = *memory.image();
  const std::vector<std::uint32_t> pages = differing_pages(memory);
  std::string plain(reinterpret_cast<const char*>(pages.data()), pages.size() * sizeof(std::uint32_t));
  for (const std::uint32_t page : pages) {
    const std::size_t offset = std::size_t{page} * page_bytes;
    const std::size_t start = plain.size();
    plain.append(reinterpret_cast<const char*>(memory.data()) + offset, page_bytes);
    if (offset < image.size()) xor_page(plain.data() + start, image.data() + offset, page_bytes);
  }
  return Snapshot{image.hash(), memory.size(), static_cast<std::uint32_t>(pages.size()), plain.size(),
                  compress(plain)};
}

Result<void> apply_snapshot(const Snapshot& snapshot, LinearMemory& memory) {
  const std::size_t page_bytes = LinearMemory::page_size();
  const BaseImage& image = *memory.image();
  if (snapshot.image_hash != image.hash()) return damaged("it was made by another build of the guest");
  const std::uint64_t expected = std::uint64_t{snapshot.pages} * (sizeof(std::uint32_t) + page_bytes);
  // LZ4 packs at most 255 bytes into one: more is claimed only to make the host allocate.
  if (snapshot.plain_bytes != expected || expected > kMaxPlainBytes || expected > snapshot.packed.size() * 255)
    return damaged("its sizes disagree");
  if (snapshot.memory_bytes < image.size() || snapshot.memory_bytes > kMaxPlainBytes ||
      snapshot.memory_bytes % kWasmPage != 0)
    return damaged("its memory has an impossible size");
  std::string plain(expected, '\0');
  if (LZ4_decompress_safe(snapshot.packed.data(), plain.data(), static_cast<int>(snapshot.packed.size()),
                          static_cast<int>(plain.size())) != static_cast<int>(expected))
    return damaged("its bytes are damaged");
  if (snapshot.memory_bytes > memory.size() && !memory.grow(snapshot.memory_bytes - memory.size()))
    return damaged("there is no memory for it");
  for (std::uint32_t i = 0; i < snapshot.pages; ++i) {
    std::uint32_t page;
    std::memcpy(&page, plain.data() + i * sizeof page, sizeof page);
    const std::uint64_t offset = std::uint64_t{page} * page_bytes;
    if (offset + page_bytes > memory.size()) return damaged("a page lies outside the memory");
    char* const bytes = plain.data() + snapshot.pages * sizeof page + i * page_bytes;
    memory.prepare_write(static_cast<std::uint32_t>(offset), page_bytes);
    if (offset < image.size()) xor_page(bytes, image.data() + offset, page_bytes);
    std::memcpy(memory.data() + offset, bytes, page_bytes);
  }
  return {};
}

}  // namespace nexus::sandbox
