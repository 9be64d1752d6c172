#include "nexus/sandbox/linear_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "nexus/base/check.h"
#include "nexus/sandbox/base_image.h"
#include "nexus/sandbox/common_pages.h"

namespace nexus::sandbox {
namespace {

// One reset in so many finds out which pages were written.
constexpr std::uint32_t kResetsPerLook = 64;
// A page that so many looks in a row found unwritten leaves the resident set.
constexpr std::uint8_t kMaxUnusedLooks = 4;
constexpr std::size_t kMaxWindow = 32;
// A run that faults more often writes so much that tracking costs more than it saves.
constexpr std::uint32_t kMaxFaults = 32;

}  // namespace

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

Result<void> LinearMemory::map(const BaseImage& image, CommonPages* common) {
  image_ = &image;
  common_ = common;
  image_size_ = image.size();
  const std::size_t pages = image_size_ / page_size();
  resident_ = std::make_unique<Resident[]>(pages);
  is_resident_ = std::make_unique<std::uint8_t[]>(pages);
  resident_count_ = 0;
  size_ = image_size_;
  expect_no_faults();
  if (bounds_ == Bounds::kChecked) {
    allocate(image_size_);
    std::memcpy(base_, image.data(), image_size_);
  } else if (!remap()) {
    return Error{ErrorCode::kWasmError, "cannot map the base image: " + std::string(strerror(errno)) +
                                            "; check vm.max_map_count"};
  }
  account();
  return {};
}

// The range is ours and the file is ours: only a process out of mappings fails here.
bool LinearMemory::map_image_pages() {
  return mmap(base_, image_size_, PROT_READ, MAP_PRIVATE | MAP_FIXED, image_->fd(), 0) == base_;
}

void LinearMemory::account() {
  const std::size_t grown = size_ - image_size_;
  const std::size_t of_image = tracks_writes() ? resident_count_ * page_size() : image_size_;
  private_bytes_.store(grown + of_image, std::memory_order_relaxed);
}

bool LinearMemory::grow(std::size_t bytes) {
  if (bytes > kReservation / 2 - size_) return false;
  if (mprotect(base_ + size_, bytes, PROT_READ | PROT_WRITE) != 0) return false;
  size_ += bytes;
  account();
  return true;
}

std::vector<std::uint32_t> LinearMemory::resident_pages() const {
  std::vector<std::uint32_t> pages;
  for (std::size_t i = 0; i < resident_count_; ++i) pages.push_back(resident_[i].page);
  return pages;
}

// Runs inside a signal handler: no allocation, no locks. The pages are not in the set.
bool LinearMemory::make_resident(std::size_t page, std::size_t count, std::uint8_t unused) {
  if (mprotect(base_ + page * page_size(), count * page_size(), PROT_READ | PROT_WRITE) != 0) return false;
  for (std::size_t i = page; i < page + count; ++i) {
    is_resident_[i] = 1;
    resident_[resident_count_++] = {static_cast<std::uint32_t>(i), unused};
  }
  account();
  return true;
}

void LinearMemory::prepare_write(std::uint32_t address, std::size_t length) {
  if (bounds_ == Bounds::kChecked || length == 0 || image_ == nullptr) return;
  const std::size_t last = (address + length - 1) / page_size();
  for (std::size_t page = address / page_size(); page <= last && page < image_size_ / page_size(); ++page)
    if (!is_resident_[page]) NX_CHECK(make_resident(page, 1, 0));
}

// As make_resident(), for all pages that are not in the set yet.
bool LinearMemory::make_all_resident() {
  if (mprotect(base_, image_size_, PROT_READ | PROT_WRITE) != 0) return false;
  for (std::size_t page = 0; page < image_size_ / page_size(); ++page)
    if (!is_resident_[page]) resident_[resident_count_++] = {static_cast<std::uint32_t>(page), 1};
  std::memset(is_resident_.get(), 1, image_size_ / page_size());
  account();
  return true;
}

// How many pages from `page` on become writable by one fault: more and more while faults follow each other
// upwards, as they do when the guest's heap grows.
std::size_t LinearMemory::fault_window(std::size_t page) {
  window_ = page == after_window_ ? std::min(2 * window_, kMaxWindow) : 1;
  std::size_t count = 1;
  while (count < window_ && page + count < image_size_ / page_size() && !is_resident_[page + count]) ++count;
  after_window_ = page + count;
  return count;
}

// Runs inside a signal handler: no allocation, no locks.
bool LinearMemory::handle_write_fault(std::uintptr_t address) {
  const std::uintptr_t offset = address - reinterpret_cast<std::uintptr_t>(base_);
  if (bounds_ == Bounds::kChecked || image_ == nullptr || offset >= image_size_) return false;
  const std::size_t page = offset / page_size();
  if (is_resident_[page]) return false;
  if (++faults_ > kMaxFaults) return make_all_resident();
  const std::size_t count = fault_window(page);
  return make_resident(page, 1, 0) && (count == 1 || make_resident(page + 1, count - 1, 1));
}

bool LinearMemory::drop_grown() {
  if (size_ == image_size_) return true;
  // Dropped rather than zeroed: what a run grew is rarely what the next one needs.
  const std::size_t grown = size_ - image_size_;
  if (madvise(base_ + image_size_, grown, MADV_DONTNEED) != 0) return false;
  if (mprotect(base_ + image_size_, grown, PROT_NONE) != 0) return false;
  size_ = image_size_;
  account();
  return true;
}

bool LinearMemory::reset() {
  NX_DCHECK(image_ != nullptr);
  if (!drop_grown()) return false;
  if (bounds_ == Bounds::kChecked) {
    if (std::memcmp(base_, image_->data(), image_size_) != 0)
      std::memcpy(base_, image_->data(), image_size_);
    return true;
  }
  expect_no_faults();
  if (resident_count_ > kMaxKeptPages) return keep_written();
  if (++resets_ % kResetsPerLook == 0) return look();
  return copy_all_back();
}

void LinearMemory::expect_no_faults() {
  faults_ = 0;
  window_ = 1;
  after_window_ = image_size_ / page_size();
}

bool LinearMemory::differs(const Resident& resident) const {
  const std::size_t offset = resident.page * page_size();
  return std::memcmp(base_ + offset, image_->data() + offset, page_size()) != 0;
}

// A reset after a run that made very many pages writable: keeps in the set what it wrote, unless that is too much.
bool LinearMemory::keep_written() {
  Resident* const end = std::stable_partition(resident_.get(), resident_.get() + resident_count_,
                                              [this](const Resident& each) { return differs(each); });
  const auto written = static_cast<std::size_t>(end - resident_.get());
  if (written > kMaxKeptPages) return remap() && copy_all_back();
  for (Resident* each = resident_.get(); each != end; ++each) each->unused = 0;
  return release_from(written) && copy_all_back();
}

bool LinearMemory::copy_all_back() {
  for (std::size_t i = 0; i < resident_count_; ++i) copy_back(resident_[i]);
  return true;
}

void LinearMemory::copy_back(Resident& resident) {
  // A page that is rarely written costs no memory of its own as long as nobody writes to it.
  if (resident.unused > 0 && !differs(resident)) return;
  const std::size_t offset = resident.page * page_size();
  resident.unused = 0;
  std::memcpy(base_ + offset, image_->data() + offset, page_size());
}

// A reset that finds out which pages the run wrote, tells the others, and lets go what nobody writes.
bool LinearMemory::look() {
  std::vector<std::uint32_t> written;
  for (std::size_t i = 0; i < resident_count_; ++i) {
    Resident& resident = resident_[i];
    if (!differs(resident)) {
      ++resident.unused;
      continue;
    }
    written.push_back(resident.page);
    copy_back(resident);
  }
  if (common_ != nullptr) common_->learn(written);
  const auto end = std::stable_partition(resident_.get(), resident_.get() + resident_count_,
                                         [](const Resident& each) { return each.unused <= kMaxUnusedLooks; });
  return release_from(static_cast<std::size_t>(end - resident_.get()));
}

// Takes the pages from `index` on out of the set: they are the image's again. Neighbours go in one step.
bool LinearMemory::release_from(std::size_t index) {
  Resident* const first = resident_.get() + index;
  Resident* const last = resident_.get() + resident_count_;
  std::sort(first, last, [](const Resident& a, const Resident& b) { return a.page < b.page; });
  for (const Resident* at = first; at < last;) {
    const Resident* end = at;
    for (; end < last && end->page == at->page + (end - at); ++end) is_resident_[end->page] = 0;
    std::uint8_t* const address = base_ + at->page * page_size();
    const std::size_t bytes = static_cast<std::size_t>(end - at) * page_size();
    if (madvise(address, bytes, MADV_DONTNEED) != 0 || mprotect(address, bytes, PROT_READ) != 0) return false;
    at = end;
  }
  resident_count_ = index;
  account();
  return true;
}

// Neighbours in one step.
bool LinearMemory::add_common_pages() {
  std::vector<std::uint32_t> pages = common_->get();
  std::ranges::sort(pages);
  for (std::size_t i = 0; i < pages.size();) {
    std::size_t end = i + 1;
    while (end < pages.size() && pages[end] == pages[i] + (end - i)) ++end;
    if (!make_resident(pages[i], end - i, 0)) return false;
    i = end;
  }
  return true;
}

bool LinearMemory::remap() {
  if (bounds_ == Bounds::kChecked) return true;
  if (!map_image_pages()) return false;
  for (std::size_t i = 0; i < resident_count_; ++i) is_resident_[resident_[i].page] = 0;
  resident_count_ = 0;
  account();
  return common_ == nullptr || add_common_pages();
}

}  // namespace nexus::sandbox
