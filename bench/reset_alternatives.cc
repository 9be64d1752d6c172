#include "reset_alternatives.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "nexus/base/check.h"
#include "nexus/sandbox/entry.h"
#include "nexus/sandbox/linear_memory.h"

namespace nexus::bench {
namespace {

using sandbox::BaseImage;
using sandbox::LinearMemory;

class ResidentSet final : public Resettable {
 public:
  explicit ResidentSet(const BaseImage& image) {
    auto made = LinearMemory::create(sandbox::Bounds::kGuardPages);
    NX_CHECK(made.ok());
    memory_ = std::move(made).take();
    NX_CHECK(memory_->map(image).ok());
    // Write faults are the guest's only while one runs: the loop that writes is the guest here.
    sandbox::thread_state()->memory = memory_.get();
    sandbox::thread_state()->in_guest = 1;
  }
  ~ResidentSet() override { sandbox::thread_state()->in_guest = 0; }
  std::uint8_t* data() override { return memory_->data(); }
  bool reset() override { return memory_->reset(); }

 private:
  std::unique_ptr<LinearMemory> memory_;
};

// A mapping of the image's size; the base of the alternatives.
class Mapped : public Resettable {
 public:
  Mapped(const BaseImage& image, int fd, int flags) : image_(image) {
    void* const at = mmap(nullptr, image.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | flags, fd, 0);
    NX_CHECK(at != MAP_FAILED);
    data_ = static_cast<std::uint8_t*>(at);
  }
  ~Mapped() override { munmap(data_, image_.size()); }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  std::uint8_t* data() override { return data_; }

 protected:
  void copy_page(std::size_t page) {
    const std::size_t bytes = LinearMemory::page_size();
    std::memcpy(data_ + page * bytes, image_.data() + page * bytes, bytes);
  }

  const BaseImage& image_;
  std::uint8_t* data_;
};

class WholeCopy : public Mapped {
 public:
  explicit WholeCopy(const BaseImage& image) : Mapped(image, -1, MAP_ANONYMOUS) { WholeCopy::reset(); }
  bool reset() override {
    std::memcpy(data_, image_.data(), image_.size());
    return true;
  }
};

class Madvise final : public Mapped {
 public:
  explicit Madvise(const BaseImage& image) : Mapped(image, image.fd(), 0) {}
  bool reset() override { return madvise(data_, image_.size(), MADV_DONTNEED) == 0; }
};

class Mmap final : public Mapped {
 public:
  explicit Mmap(const BaseImage& image) : Mapped(image, image.fd(), 0) {}
  bool reset() override {
    return mmap(data_, image_.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, image_.fd(), 0) == data_;
  }
};

// Linux, include/uapi/linux/fs.h and userfaultfd.h since 6.7; older headers lack them.
struct PageRegion {
  std::uint64_t start, end, categories;
};
struct ScanArgument {
  std::uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted, category_mask,
      category_anyof_mask, return_mask;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArgument);
constexpr std::uint64_t kScanWriteProtect = 1;  // PM_SCAN_WP_MATCHING
constexpr std::uint64_t kPageIsWritten = 2;     // PAGE_IS_WRITTEN
constexpr std::uint64_t kWriteProtectAsync = 1 << 15;
constexpr std::uint64_t kWriteProtectUnpopulated = 1 << 13;

class PagemapScan final : public WholeCopy {
 public:
  explicit PagemapScan(const BaseImage& image)
      : WholeCopy(image),
        pagemap_(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)),
        fault_fd_(static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY))) {
    uffdio_api api = {};
    api.api = UFFD_API;
    api.features = kWriteProtectAsync | kWriteProtectUnpopulated;
    uffdio_register range = {};
    range.range = {reinterpret_cast<std::uint64_t>(data_), image.size()};
    range.mode = UFFDIO_REGISTER_MODE_WP;
    works_ = pagemap_ >= 0 && fault_fd_ >= 0 && ioctl(fault_fd_, UFFDIO_API, &api) == 0 &&
             ioctl(fault_fd_, UFFDIO_REGISTER, &range) == 0 && scan(kScanWriteProtect) >= 0;
  }
  ~PagemapScan() override {
    if (fault_fd_ >= 0) close(fault_fd_);
    if (pagemap_ >= 0) close(pagemap_);
  }
  bool works() const { return works_; }
  bool reset() override {
    const std::size_t bytes = LinearMemory::page_size();
    const long count = scan(0);
    for (long i = 0; i < count; ++i) {
      const PageRegion& region = regions_[static_cast<std::size_t>(i)];
      const std::uint64_t base = reinterpret_cast<std::uint64_t>(data_);
      for (std::uint64_t at = region.start; at < region.end; at += bytes) copy_page((at - base) / bytes);
    }
    return count >= 0 && scan(kScanWriteProtect) >= 0;
  }

 private:
  // Number of regions of written pages; -1 when the kernel refuses.
  long scan(std::uint64_t flags) {
    ScanArgument argument = {};
    argument.size = sizeof argument;
    argument.flags = flags;
    argument.start = reinterpret_cast<std::uint64_t>(data_);
    argument.end = argument.start + image_.size();
    argument.vec = reinterpret_cast<std::uint64_t>(regions_.data());
    argument.vec_len = regions_.size();
    argument.category_mask = kPageIsWritten;
    argument.return_mask = kPageIsWritten;
    return ioctl(pagemap_, kPagemapScan, &argument);
  }

  const int pagemap_;
  const int fault_fd_;
  bool works_ = false;
  std::vector<PageRegion> regions_{1024};
};

// Linux, Documentation/admin-guide/mm/soft-dirty.rst. Clearing is for the whole process: with several
// threads a reset of one loses what another wrote, so two threads cannot use it at all.
class SoftDirty final : public WholeCopy {
 public:
  explicit SoftDirty(const BaseImage& image)
      : WholeCopy(image),
        pagemap_(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)),
        clear_(open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)),
        entries_(image.size() / LinearMemory::page_size()) {
    works_ = pagemap_ >= 0 && clear_ >= 0 && clear() && read_entries() && !dirty(0);
    data_[0] = image.data()[0];
    works_ = works_ && read_entries() && dirty(0);
  }
  ~SoftDirty() override {
    if (pagemap_ >= 0) close(pagemap_);
    if (clear_ >= 0) close(clear_);
  }
  bool works() const { return works_; }
  bool reset() override {
    if (!read_entries()) return false;
    for (std::size_t page = 0; page < entries_.size(); ++page)
      if (dirty(page)) copy_page(page);
    return clear();
  }

 private:
  bool clear() { return write(clear_, "4", 1) == 1; }
  bool dirty(std::size_t page) const { return (entries_[page] >> 55 & 1) != 0; }
  bool read_entries() {
    const auto first = reinterpret_cast<std::uint64_t>(data_) / LinearMemory::page_size();
    const auto bytes = static_cast<ssize_t>(entries_.size() * sizeof entries_[0]);
    return pread(pagemap_, entries_.data(), static_cast<std::size_t>(bytes),
                 static_cast<off_t>(first * sizeof entries_[0])) == bytes;
  }

  const int pagemap_;
  const int clear_;
  std::vector<std::uint64_t> entries_;
  bool works_ = false;
};

template <typename Kind>
std::unique_ptr<Resettable> if_it_works(const BaseImage& image) {
  auto made = std::make_unique<Kind>(image);
  if (!made->works()) return nullptr;
  return made;
}

}  // namespace

std::unique_ptr<Resettable> make_reset(ResetKind kind, const BaseImage& image) {
  switch (kind) {
    case ResetKind::kResidentSet:
      return std::make_unique<ResidentSet>(image);
    case ResetKind::kWholeCopy:
      return std::make_unique<WholeCopy>(image);
    case ResetKind::kMadvise:
      return std::make_unique<Madvise>(image);
    case ResetKind::kMmap:
      return std::make_unique<Mmap>(image);
    case ResetKind::kPagemapScan:
      return if_it_works<PagemapScan>(image);
    case ResetKind::kSoftDirty:
      return if_it_works<SoftDirty>(image);
  }
  return nullptr;
}

}  // namespace nexus::bench
