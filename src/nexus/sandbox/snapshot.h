#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nexus/base/result.h"

namespace nexus::sandbox {

class BaseImage;
class LinearMemory;

// The memory of a run that waits: what differs from the base image, and nothing else (design.md D2).
// Good only for the image it was taken against.
struct Snapshot {
  std::string image_hash;
  std::uint64_t memory_bytes = 0;  // size of the linear memory
  std::uint32_t pages = 0;         // pages that differ
  std::uint64_t plain_bytes = 0;   // of `packed` once unpacked
  // LZ4 of: page numbers (u32 each), then for each page which of its words of eight bytes differ (a bit each,
  // the first word the lowest bit of the first u64), then for each such word which of its bytes differ (a bit
  // each, the first byte the lowest), then those bytes, XORed with the image's, or with zeros past its end.
  std::string packed;

  // What holding it costs.
  std::size_t bytes() const { return sizeof *this + packed.capacity() + image_hash.capacity(); }
};

// Numbers of the pages that differ from the image, or from zeros past its end.
std::vector<std::uint32_t> differing_pages(const LinearMemory& memory);

// Takes the difference of `memory` to its image.
Snapshot take_snapshot(const LinearMemory& memory);

// Applies `snapshot` to `memory`, which equals its image. Error kInvalidSuspension, with the memory in
// need of a reset, when the snapshot belongs to another image or is damaged.
Result<void> apply_snapshot(const Snapshot& snapshot, LinearMemory& memory);

}  // namespace nexus::sandbox
