#include "landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;

// Of linux/landlock.h, by version of the interface; those past the second are newer than the oldest headers that this
// is built with.
constexpr std::uint64_t kTruncate = 1ull << 14;     // version 3
constexpr std::uint64_t kDeviceIoctl = 1ull << 15;  // version 5

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kChange = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                  LANDLOCK_ACCESS_FS_MAKE_REG;
// Given to nobody.
constexpr std::uint64_t kNever = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

std::uint64_t known_to(int version) {
  std::uint64_t access = kRead | kChange | kNever;
  if (version >= 2) access |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) access |= kTruncate;
  if (version >= 5) access |= kDeviceIoctl;
  return access;
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  const int number_;
};

Error failed(const char* what) {
  return {ErrorCode::kUnavailable, fmt::format("{}: {}", what, std::strerror(errno))};
}

// Paths that do not exist need no rule: nothing is there to be opened.
Result<void> open_path(int rules, const std::string& path, std::uint64_t access) {
  const Descriptor place(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat about {};
  if (place.get() < 0 || fstat(place.get(), &about) != 0) return {};
  if (!S_ISDIR(about.st_mode)) access &= kReadFile;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = place.get();
  if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    return failed(path.c_str());
  return {};
}

}  // namespace

Result<int> restrict_files(const WallPaths& paths) {
  const int version = static_cast<int>(
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
  if (version < 1) return failed("the kernel has it not");
  const std::uint64_t known = known_to(version);
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = known;
  const Descriptor rules(static_cast<int>(
      syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0)));
  if (rules.get() < 0) return failed("no set of rules");
  for (const std::string& path : paths.writable)
    NX_TRY_VOID(open_path(rules.get(), path, known & ~kNever & ~kDeviceIoctl));
  for (const std::string& path : paths.readable) NX_TRY_VOID(open_path(rules.get(), path, kRead));
  if (syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) return failed("it was refused");
  return version;
}

}  // namespace nexusd
