#include "nexus/sandbox/snapshot.h"

#include <lz4.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <string_view>

#include "nexus/sandbox/base_image.h"
#include "nexus/sandbox/linear_memory.h"

namespace nexus::sandbox {
namespace {

constexpr std::size_t kWasmPage = 65536;
constexpr std::uint64_t kMaxPlainBytes = std::uint64_t{1} << 30;

Error damaged(const char* what) {
  return Error{ErrorCode::kInvalidSuspension, std::string("the suspended run cannot be loaded: ") + what};
}

// The words of eight bytes that one mask tells of.
constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kMaskedBytes = 64 * kWord;

// Page number and masks.
std::size_t header_bytes(std::size_t pages) {
  return pages * (sizeof(std::uint32_t) + LinearMemory::page_size() / kMaskedBytes * kWord);
}

std::uint64_t load(const void* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// What the page at `offset` started as.
const std::uint8_t* original(const BaseImage& image, std::size_t offset) {
  static constexpr std::array<std::uint8_t, kWasmPage> kZeros{};
  return offset < image.size() ? image.data() + offset : kZeros.data();
}

std::vector<std::uint32_t> candidate_pages(const LinearMemory& memory) {
  if (memory.tracks_writes()) return memory.resident_pages();
  std::vector<std::uint32_t> pages(memory.image_size() / LinearMemory::page_size());
  std::iota(pages.begin(), pages.end(), 0u);
  return pages;
}

// Bytes without the zeros that a std::string starts with.
struct Buffer {
  explicit Buffer(std::size_t bytes) : data(std::make_unique_for_overwrite<char[]>(bytes)), size(bytes) {}
  std::unique_ptr<char[]> data;
  std::size_t size;
};

std::string compress(const Buffer& plain) {
  const int size = static_cast<int>(plain.size);
  const Buffer packed(static_cast<std::size_t>(LZ4_compressBound(size)));
  const int written = LZ4_compress_default(plain.data.get(), packed.data.get(), size, static_cast<int>(packed.size));
  return {packed.data.get(), static_cast<std::size_t>(written)};
}

// Which bytes of `word` are not zero; bit 0 is the lowest.
unsigned nonzero_bytes(std::uint64_t word) {
  constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  const std::uint64_t high = (((word & kLow) + kLow) | word) & ~kLow;
  return static_cast<unsigned>((high >> 7) * 0x0102040810204080 >> 56);
}

// The changes of pages, in one pass over them.
class Encoder {
 public:
  // Room for every byte of them.
  explicit Encoder(std::size_t pages)
      : word_masks_(pages * LinearMemory::page_size() / kMaskedBytes * kWord),
        byte_masks_(pages * LinearMemory::page_size() / kWord),
        bytes_(pages * LinearMemory::page_size()) {}

  void add_page(const std::uint8_t* now, const std::uint8_t* before) {
    for (std::size_t at = 0; at < LinearMemory::page_size(); at += kMaskedBytes) {
      // Most of a page that a run has written to.
      const bool same = std::memcmp(now + at, before + at, kMaskedBytes) == 0;
      const std::uint64_t mask = same ? 0 : add_words(now + at, before + at);
      std::memcpy(word_mask_, &mask, sizeof mask);
      word_mask_ += sizeof mask;
    }
  }

  // As packed in a snapshot.
  Buffer finish(const std::vector<std::uint32_t>& pages) const {
    const std::string_view parts[] = {
        {reinterpret_cast<const char*>(pages.data()), pages.size() * sizeof pages[0]},
        written(word_masks_, word_mask_),
        written(byte_masks_, byte_mask_),
        written(bytes_, byte_)};
    std::size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    Buffer plain(size);
    char* at = plain.data.get();
    for (const std::string_view part : parts) at = std::copy(part.begin(), part.end(), at);
    return plain;
  }

 private:
  static std::string_view written(const Buffer& buffer, const char* end) {
    return {buffer.data.get(), static_cast<std::size_t>(end - buffer.data.get())};
  }

  // Returns which of 64 words differ; bit 0 is the first.
  std::uint64_t add_words(const std::uint8_t* now, const std::uint8_t* before) {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint64_t change = load(now + i * kWord) ^ load(before + i * kWord);
      if (change == 0) continue;
      mask |= std::uint64_t{1} << i;
      const unsigned changed = nonzero_bytes(change);
      *byte_mask_++ = static_cast<char>(changed);
      for (unsigned rest = changed; rest != 0; rest &= rest - 1)
        *byte_++ = static_cast<char>(change >> (8 * std::countr_zero(rest)));
    }
    return mask;
  }

  const Buffer word_masks_, byte_masks_, bytes_;
  char* word_mask_ = word_masks_.data.get();
  char* byte_mask_ = byte_masks_.data.get();
  char* byte_ = bytes_.data.get();
};

Buffer encode(const LinearMemory& memory, const std::vector<std::uint32_t>& pages) {
  Encoder encoder(pages.size());
  for (const std::uint32_t page : pages) {
    const std::size_t offset = page * LinearMemory::page_size();
    encoder.add_page(memory.data() + offset, original(*memory.image(), offset));
  }
  return encoder.finish(pages);
}

std::size_t bits(std::string_view masks) {
  std::size_t count = 0;
  for (const char mask : masks) count += static_cast<std::size_t>(std::popcount(static_cast<std::uint8_t>(mask)));
  return count;
}

// What an unpacked snapshot says of the changes to pages, in their order.
struct Changes {
  const char* word_masks;
  const char* byte_masks;
  const char* bytes;
};

// nullopt unless there is a mask for each word and a byte for each bit of it, and no more.
std::optional<Changes> find_changes(std::string_view plain, std::size_t pages) {
  const std::size_t numbers = pages * sizeof(std::uint32_t);
  const std::size_t header = header_bytes(pages);
  const std::size_t words = bits(plain.substr(numbers, header - numbers));
  if (words > plain.size() - header) return std::nullopt;
  if (plain.size() != header + words + bits(plain.substr(header, words))) return std::nullopt;
  return Changes{plain.data() + numbers, plain.data() + header, plain.data() + header + words};
}

// Changes one page and goes on to the next.
void apply_page(Changes& changes, std::uint8_t* page) {
  for (std::size_t at = 0; at < LinearMemory::page_size(); at += kMaskedBytes, changes.word_masks += kWord)
    for (std::uint64_t words = load(changes.word_masks); words != 0; words &= words - 1) {
      std::uint8_t* const word = page + at + static_cast<std::size_t>(std::countr_zero(words)) * kWord;
      for (unsigned rest = static_cast<std::uint8_t>(*changes.byte_masks++); rest != 0; rest &= rest - 1)
        word[std::countr_zero(rest)] ^= static_cast<std::uint8_t>(*changes.bytes++);
    }
}

}  // namespace

std::vector<std::uint32_t> differing_pages(const LinearMemory& memory) {
  const std::size_t page_bytes = LinearMemory::page_size();
  std::vector<std::uint32_t> pages = candidate_pages(memory);
  for (std::size_t at = memory.image_size(); at < memory.size(); at += page_bytes)
    pages.push_back(static_cast<std::uint32_t>(at / page_bytes));
  std::erase_if(pages, [&](std::uint32_t page) {
    const std::size_t offset = page * page_bytes;
    return std::memcmp(memory.data() + offset, original(*memory.image(), offset), page_bytes) == 0;
  });
  return pages;
}

Snapshot take_snapshot(const LinearMemory& memory) {
  const std::vector<std::uint32_t> pages = differing_pages(memory);
  const Buffer plain = encode(memory, pages);
  return Snapshot{memory.image()->hash(), memory.size(), static_cast<std::uint32_t>(pages.size()), plain.size,
                  compress(plain)};
}

Result<void> apply_snapshot(const Snapshot& snapshot, LinearMemory& memory) {
  const std::size_t page_bytes = LinearMemory::page_size();
  const BaseImage& image = *memory.image();
  if (snapshot.image_hash != image.hash()) return damaged("it was made by another build of the guest");
  // LZ4 packs at most 255 bytes into one: more is claimed only to make the host allocate.
  if (snapshot.plain_bytes < header_bytes(snapshot.pages) || snapshot.plain_bytes > kMaxPlainBytes ||
      snapshot.plain_bytes > snapshot.packed.size() * 255)
    return damaged("its sizes disagree");
  if (snapshot.memory_bytes < image.size() || snapshot.memory_bytes > kMaxPlainBytes ||
      snapshot.memory_bytes % kWasmPage != 0)
    return damaged("its memory has an impossible size");
  std::string plain(snapshot.plain_bytes, '\0');
  if (LZ4_decompress_safe(snapshot.packed.data(), plain.data(), static_cast<int>(snapshot.packed.size()),
                          static_cast<int>(plain.size())) != static_cast<int>(plain.size()))
    return damaged("its bytes are damaged");
  auto changes = find_changes(plain, snapshot.pages);
  if (!changes) return damaged("its bytes do not fit its masks");
  if (snapshot.memory_bytes > memory.size() && !memory.grow(snapshot.memory_bytes - memory.size()))
    return damaged("there is no memory for it");
  for (std::size_t i = 0; i < snapshot.pages; ++i) {
    std::uint32_t page;
    std::memcpy(&page, plain.data() + i * sizeof page, sizeof page);
    const std::uint64_t offset = std::uint64_t{page} * page_bytes;
    if (offset + page_bytes > memory.size()) return damaged("a page lies outside the memory");
    memory.prepare_write(static_cast<std::uint32_t>(offset), page_bytes);
    apply_page(*changes, memory.data() + offset);
  }
  return {};
}

}  // namespace nexus::sandbox
