#include "nexus/engine/disk_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <vector>

#include "nexus/base/random.h"

namespace nexus::engine {
namespace {

constexpr std::string_view kSuffix = ".qjsc";
constexpr std::string_view kTemporary = ".new-";
constexpr const char* kKeyFile = "cache.key";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kHashDigits = 64;
// What a file takes at least: small ones are most of them, and each costs a block.
constexpr std::uint64_t kBlockBytes = 4096;
// Files of a process that ended while it wrote. A write takes much less.
constexpr std::time_t kAbandonedSeconds = 3600;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  // False when the last write failed after all.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

Error unavailable(const char* what) {
  return {ErrorCode::kUnavailable, fmt::format("{}: {}", what, std::strerror(errno))};
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool read_all(int fd, std::string& bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + at, bytes.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
  }
  return true;
}

std::uint64_t blocks(std::uint64_t bytes) { return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes; }

bool is_cache_file(std::string_view name) {
  if (name.size() != kHashDigits + kSuffix.size() || !name.ends_with(kSuffix)) return false;
  return name.find_first_not_of("0123456789abcdef") == kHashDigits;
}

struct Entry {
  std::string name;
  std::uint64_t bytes;
  timespec used;
};

// The cache's files in `directory`. What crashed processes left behind is removed on the way.
std::vector<Entry> list_files(const Directory& directory) {
  std::vector<Entry> entries;
  const int fd = ::openat(directory.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const stream = fd < 0 ? nullptr : ::fdopendir(fd);
  if (stream == nullptr) {
    if (fd >= 0) ::close(fd);
    return entries;
  }
  const std::time_t now = std::time(nullptr);
  while (const dirent* const found = ::readdir(stream)) {
    const std::string name = found->d_name;
    const bool temporary = name.starts_with(kTemporary);
    struct stat facts {};
    if ((!temporary && !is_cache_file(name)) ||
        ::fstatat(directory.fd(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(facts.st_mode))
      continue;
    if (!temporary)
      entries.push_back({name, blocks(static_cast<std::uint64_t>(facts.st_size)), facts.st_mtim});
    else if (now - facts.st_mtim.tv_sec > kAbandonedSeconds)
      directory.remove(name);
  }
  ::closedir(stream);
  return entries;
}

}  // namespace

// ---- Directory --------------------------------------------------------------------------------------

Result<Directory> Directory::open(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return unavailable("it cannot be made");
  Directory directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd() < 0) return unavailable("it cannot be opened");
  NX_TRY(const std::string probe, directory.write_temporary("", false));
  directory.remove(probe);
  return directory;
}

Directory::~Directory() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string> Directory::write_temporary(std::string_view bytes, bool sync) const {
  std::string name(kTemporary);
  name += random_hex(16);
  Descriptor file(::openat(fd_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.open()) return unavailable("no file can be made");
  if (write_all(file.get(), bytes) && (!sync || ::fsync(file.get()) == 0) && file.close()) return name;
  const Error error = unavailable("a file cannot be written");
  remove(name);
  return error;
}

Result<Directory::File> Directory::read(const std::string& name, std::size_t max_bytes) const {
  // Without O_NONBLOCK opening a pipe would wait for somebody to write.
  const Descriptor file(::openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.open() && errno == ENOENT) return Error{ErrorCode::kNotFound, "there is no such file"};
  struct stat facts {};
  if (!file.open() || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
    return Error{ErrorCode::kInvalidArgument, "it is not a plain file"};
  if (static_cast<std::uint64_t>(facts.st_size) > max_bytes)
    return Error{ErrorCode::kInvalidArgument, "it is too large"};
  File result{std::string(static_cast<std::size_t>(facts.st_size), '\0'),
              facts.st_uid == ::geteuid() && facts.st_nlink == 1 && (facts.st_mode & 077) == 0};
  if (!read_all(file.get(), result.bytes)) return Error{ErrorCode::kInvalidArgument, "it cannot be read"};
  // The time of the last use, by which the oldest leave; a file of another user keeps its own.
  ::futimens(file.get(), nullptr);
  return result;
}

void Directory::remove(const std::string& name) const {
  if (::unlinkat(fd_, name.c_str(), 0) != 0 && errno == EISDIR) ::unlinkat(fd_, name.c_str(), AT_REMOVEDIR);
}

// ---- Key --------------------------------------------------------------------------------------------

Result<std::string> load_or_make_key(const Directory& directory) {
  std::string fresh(kKeyBytes, '\0');
  random_bytes(fresh.data(), fresh.size());
  auto existing = directory.read(kKeyFile, kKeyBytes);
  if (!existing.ok() && existing.error().code == ErrorCode::kNotFound) {
    NX_TRY(const std::string temporary, directory.write_temporary(fresh, true));
    // Only one process wins, and nobody ever sees half a key, or one with a second name.
    if (::renameat2(directory.fd(), temporary.c_str(), directory.fd(), kKeyFile, RENAME_NOREPLACE) != 0)
      directory.remove(temporary);
    existing = directory.read(kKeyFile, kKeyBytes);
  }
  if (!existing.ok() || existing->bytes.size() != kKeyBytes || !existing->private_to_us)
    return Error{ErrorCode::kUnavailable,
                 fmt::format("its {} is not a file of {} bytes that only this user can read; remove it", kKeyFile,
                             kKeyBytes)};
  return std::move(existing->bytes);
}

// ---- Cache ------------------------------------------------------------------------------------------

DiskCache::DiskCache(Directory directory, std::shared_ptr<const Seal> seal, std::uint64_t max_bytes)
    : directory_(std::move(directory)), seal_(std::move(seal)), max_bytes_(max_bytes) {
  const std::lock_guard lock(mutex_);
  sweep(0);
}

Result<std::string> DiskCache::find(const std::string& key) {
  const std::string name = key + std::string(kSuffix);
  auto file = directory_.read(name, Seal::kOverhead + Seal::kMaxCodeBytes);
  if (!file.ok() && file.error().code == ErrorCode::kNotFound) return std::move(file).take_error();
  Error why{ErrorCode::kInvalidHandler, ""};
  if (file.ok()) {
    auto opened = seal_->open(Seal::Purpose::kCacheFile, file->bytes);
    if (opened.ok() && opened->subject == key) return std::move(opened->code);
    why.message = opened.ok() ? "it is the file of another handler" : opened.error().message;
  } else {
    why.message = file.error().message;
  }
  directory_.remove(name);
  return why;
}

// Not synchronised with the disk: after a crash of the machine a file may be cut short, which the seal shows.
Result<void> DiskCache::insert(const std::string& key, std::string_view code) {
  const std::string name = key + std::string(kSuffix);
  const std::string sealed = seal_->close(Seal::Purpose::kCacheFile, key, code);
  if (blocks(sealed.size()) > max_bytes_) return {};
  {
    const std::lock_guard lock(mutex_);
    bytes_ += blocks(sealed.size());
    unchecked_ += blocks(sealed.size());
    // Room is made before the file is there, so that the budget holds at every moment.
    if (bytes_ > max_bytes_ || unchecked_ > max_bytes_ / 16) sweep(blocks(sealed.size()));
  }
  NX_TRY(const std::string temporary, directory_.write_temporary(sealed, false));
  if (::renameat(directory_.fd(), temporary.c_str(), directory_.fd(), name.c_str()) == 0) return {};
  const Error error = unavailable("a file cannot be put in place");
  directory_.remove(temporary);
  return error;
}

// Other processes write here too: counts what there is and leaves at least a sixteenth of the budget free.
void DiskCache::sweep(std::uint64_t reserved) {
  std::vector<Entry> files = list_files(directory_);
  std::ranges::sort(files, [](const Entry& a, const Entry& b) {
    return std::pair(a.used.tv_sec, a.used.tv_nsec) > std::pair(b.used.tv_sec, b.used.tv_nsec);
  });
  const std::uint64_t budget = max_bytes_ - std::max(reserved, max_bytes_ / 16);
  std::uint64_t kept = 0;
  std::size_t i = 0;
  while (i < files.size() && kept + files[i].bytes <= budget) kept += files[i++].bytes;
  for (; i < files.size(); ++i) directory_.remove(files[i].name);
  bytes_ = kept + reserved;
  unchecked_ = reserved;
}

std::uint64_t DiskCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace nexus::engine
