#include "nexus/sandbox/linear_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "nexus/base/check.h"
#include "nexus/sandbox/base_image.h"

namespace nexus::sandbox {
std::size_t LinearMemory::page_size() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

Result<std::unique_ptr<LinearMemory>> LinearMemory::create(Bounds bounds) {
  void* base = mmap(nullptr, kReservation, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return Error{ErrorCode::kWasmError,
                 "cannot reserve 8 GiB of address space for a sandbox: " + std::string(strerror(errno)) +
                     "; check the limit on virtual memory (ulimit -v)"};
  return std::unique_ptr<LinearMemory>(new LinearMemory(bounds, static_cast<std::uint8_t*>(base)));
}

LinearMemory::~LinearMemory() { munmap(base_, kReservation); }

void LinearMemory::allocate(std::size_t bytes) {
  NX_CHECK(mprotect(base_, bytes, PROT_READ | PROT_WRITE) == 0);
  size_ = bytes;
}

Result<void> LinearMemory::map(const BaseImage& image) {
  image_ = &image;
  image_size_ = image.size();
  const std::size_t pages = image_size_ / page_size();
  resident_ = std::make_unique<std::uint32_t[]>(pages);
  is_resident_ = std::make_unique<std::uint8_t[]>(pages);
  resident_count_ = 0;
  size_ = image_size_;
  if (bounds_ == Bounds::kChecked) {
    allocate(image_size_);
    std::memcpy(base_, image.data(), image_size_);
  } else {
    map_image_pages();
  }
  return {};
}

void LinearMemory::map_image_pages() {
  void* at = mmap(base_, image_size_, PROT_READ, MAP_PRIVATE | MAP_FIXED, image_->fd(), 0);
  // The range is ours and the file is ours: only a process out of mappings fails here, and going on
  // without an image is not possible.
  NX_CHECK(at == base_);
}

bool LinearMemory::grow(std::size_t bytes) {
  if (bytes > kReservation / 2 - size_) return false;
  if (mprotect(base_ + size_, bytes, PROT_READ | PROT_WRITE) != 0) return false;
  size_ += bytes;
  return true;
}

void LinearMemory::make_resident(std::size_t page) {
  is_resident_[page] = 1;
  resident_[resident_count_++] = static_cast<std::uint32_t>(page);
}

void LinearMemory::prepare_write(std::uint32_t address, std::size_t length) {
  if (bounds_ == Bounds::kChecked || length == 0 || image_ == nullptr) return;
  const std::size_t last = (address + length - 1) / page_size();
  for (std::size_t page = address / page_size(); page <= last && page < image_size_ / page_size(); ++page) {
    if (is_resident_[page]) continue;
    NX_CHECK(mprotect(base_ + page * page_size(), page_size(), PROT_READ | PROT_WRITE) == 0);
    make_resident(page);
  }
}

// Runs inside a signal handler: no allocation, no locks.
bool LinearMemory::handle_write_fault(std::uintptr_t address) {
  const std::uintptr_t offset = address - reinterpret_cast<std::uintptr_t>(base_);
  if (bounds_ == Bounds::kChecked || image_ == nullptr || offset >= image_size_) return false;
  const std::size_t page = offset / page_size();
  if (is_resident_[page]) return false;
  if (mprotect(base_ + page * page_size(), page_size(), PROT_READ | PROT_WRITE) != 0) return false;
  make_resident(page);
  return true;
}

void LinearMemory::reset() {
  NX_DCHECK(image_ != nullptr);
  if (size_ > image_size_) {
    // Dropped rather than zeroed: what a run grew is rarely what the next one needs.
    NX_CHECK(madvise(base_ + image_size_, size_ - image_size_, MADV_DONTNEED) == 0);
    NX_CHECK(mprotect(base_ + image_size_, size_ - image_size_, PROT_NONE) == 0);
    size_ = image_size_;
  }
  if (bounds_ == Bounds::kChecked) {
    if (std::memcmp(base_, image_->data(), image_size_) != 0)
      std::memcpy(base_, image_->data(), image_size_);
    return;
  }
  const std::size_t page_bytes = page_size();
  for (std::size_t i = 0; i < resident_count_; ++i) {
    const std::size_t offset = resident_[i] * page_bytes;
    std::memcpy(base_ + offset, image_->data() + offset, page_bytes);
  }
}

void LinearMemory::remap() {
  if (bounds_ == Bounds::kChecked) return;
  map_image_pages();
  for (std::size_t i = 0; i < resident_count_; ++i) is_resident_[resident_[i]] = 0;
  resident_count_ = 0;
}

}  // namespace nexus::sandbox
