#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nexus/base/result.h"

namespace nexus::sandbox {

class BaseImage;
class CommonPages;

// How an out-of-range access of the guest is found out.
enum class Bounds {
  kGuardPages,  // nothing is checked; the access faults (design.md D1)
  kChecked,     // the generated code compares; for sanitizers
};

// The linear memory of one instance: 8 GiB of address space of which the first pages are the guest's.
//
// Reset (design.md D3, docs/SANDBOX.md). With guard pages, the base image is mapped privately and
// write-protected. The first write to a page faults, the page becomes writable and joins the resident set;
// reset copies the pages of the set back from the image and leaves them writable. So a handler that dirties
// the same pages as the one before costs no fault, and what is not in the set cannot have changed. Pages that
// runs have not written for long leave the set. A run that faults very often gets the whole image writable,
// and the image is mapped anew after it. With checked bounds there is no protection and reset compares and
// copies the whole image.
//
// Owned by one instance, used by one thread at a time.
class LinearMemory {
 public:
  // Reserves the address space. Error kWasmError when the system refuses.
  static Result<std::unique_ptr<LinearMemory>> create(Bounds bounds);
  ~LinearMemory();
  LinearMemory(const LinearMemory&) = delete;
  LinearMemory& operator=(const LinearMemory&) = delete;

  // Plain zeroed memory, for making the base image.
  void allocate(std::size_t bytes);
  // Becomes a copy-on-write view of `image`, whose pages in `common` are in the resident set from the start
  // and which is told what runs write. Both outlive this memory.
  Result<void> map(const BaseImage& image, CommonPages* common = nullptr);

  // Adds `bytes` of zeros at the end; false when the reservation or the system has no more.
  bool grow(std::size_t bytes);

  // Makes the memory equal to the image again, size included. map() came before. False when the system
  // refuses; the memory is then good for nothing but its end.
  bool reset();

  // Maps the image anew; only the common pages are resident. reset() must follow. False as with reset().
  bool remap();

  // Makes the pages of [address, address + length) writable and resident. The range is inside size().
  void prepare_write(std::uint32_t address, std::size_t length);

  // For the fault handler: true when `address` was a write-protected page of the image, now writable.
  bool handle_write_fault(std::uintptr_t address);

  // True when `address` lies in the reservation, so that a fault there is the guest's.
  bool reserved(std::uintptr_t address) const {
    return address - reinterpret_cast<std::uintptr_t>(base_) < kReservation;
  }

  std::uint8_t* data() const { return base_; }
  std::size_t size() const { return size_; }
  std::size_t image_size() const { return image_size_; }
  // Pages of the image that may differ from it, in the order in which they joined.
  std::vector<std::uint32_t> resident_pages() const;
  std::size_t resident_count() const { return resident_count_; }
  const BaseImage* image() const { return image_; }
  // What this memory holds of the machine's beside the image that all share: pages that may differ from it and
  // grown memory, in bytes. Any thread.
  std::size_t private_bytes() const { return private_bytes_.load(std::memory_order_relaxed); }
  // False when resident_pages() says nothing and every page may differ.
  bool tracks_writes() const { return bounds_ == Bounds::kGuardPages; }

  static std::size_t page_size();

  // Most pages that stay in the resident set after a reset: copying more costs more than faulting again.
  static constexpr std::size_t kMaxKeptPages = 160;

 private:
  // 4 GiB of addresses plus 4 GiB of constant offsets, and room for the widest access at the very end.
  static constexpr std::size_t kReservation = (std::size_t{8} << 30) + 65536;

  LinearMemory(Bounds bounds, std::uint8_t* base) : bounds_(bounds), base_(base) {}
  // One page of the set. `unused` counts the looks since it last differed from the image.
  struct Resident {
    std::uint32_t page;
    std::uint8_t unused;
  };

  bool make_resident(std::size_t page, std::size_t count, std::uint8_t unused);
  bool make_all_resident();
  std::size_t fault_window(std::size_t page);
  bool drop_grown();
  void copy_back(Resident& resident);
  bool look();
  bool release_from(std::size_t index);
  bool copy_all_back();
  bool keep_written();
  void expect_no_faults();
  bool differs(const Resident& resident) const;
  bool add_common_pages();
  bool map_image_pages();
  // After anything that private_bytes() depends on.
  void account();

  const Bounds bounds_;
  std::uint8_t* const base_;
  std::size_t size_ = 0;
  std::size_t image_size_ = 0;
  const BaseImage* image_ = nullptr;
  CommonPages* common_ = nullptr;
  std::uint32_t resets_ = 0;
  // Writes that go through the memory in order make more than one page writable per fault.
  std::size_t window_ = 1;
  std::size_t after_window_ = 0;
  std::uint32_t faults_ = 0;  // since the last reset
  // Fixed arrays: the fault handler may not allocate.
  std::unique_ptr<Resident[]> resident_;
  std::size_t resident_count_ = 0;
  std::unique_ptr<std::uint8_t[]> is_resident_;
  // Written by the thread that uses the memory, fault handler included.
  std::atomic<std::size_t> private_bytes_ = 0;
};

}  // namespace nexus::sandbox
