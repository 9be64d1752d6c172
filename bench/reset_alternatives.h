#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "nexus/sandbox/base_image.h"

namespace nexus::bench {

// A memory that begins as a copy of an image, may be written by the thread that made it, and can become that
// copy again.
class Resettable {
 public:
  virtual ~Resettable() = default;
  virtual std::uint8_t* data() = 0;
  // False when the system refused.
  virtual bool reset() = 0;
};

enum class ResetKind {
  kResidentSet,  // ours: sandbox::LinearMemory
  kWholeCopy,    // copy the image over everything
  kMadvise,      // private mapping, MADV_DONTNEED drops what was written
  kMmap,         // private mapping, mapped anew
  kPagemapScan,  // ask the kernel what was written: PAGEMAP_SCAN over asynchronous userfaultfd protection
  kSoftDirty,    // the same by soft-dirty bits
};

inline constexpr std::array<std::pair<const char*, ResetKind>, 6> kResetKinds{{{"resident_set", ResetKind::kResidentSet},
                                                                               {"whole_copy", ResetKind::kWholeCopy},
                                                                               {"madvise", ResetKind::kMadvise},
                                                                               {"mmap", ResetKind::kMmap},
                                                                               {"pagemap_scan", ResetKind::kPagemapScan},
                                                                               {"soft_dirty", ResetKind::kSoftDirty}}};

// nullptr when this kernel does not have it.
std::unique_ptr<Resettable> make_reset(ResetKind kind, const sandbox::BaseImage& image);

}  // namespace nexus::bench
