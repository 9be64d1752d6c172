#include "nexus/storage/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace nexus::storage {
namespace {

constexpr mode_t kPrivateDirectory = 0700;
constexpr mode_t kPrivateFile = 0600;

Error failure(const std::string& path, std::string_view what, int error) {
  return {ErrorCode::kStorageError, fmt::format("data directory \"{}\" {}: {}", path, what,
                                                std::generic_category().message(error))};
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// mkdir -p. A parent that exists already keeps its mode.
Result<void> create(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    const int error = mkdir(prefix.c_str(), kPrivateDirectory) == 0 ? 0 : errno;
    if (error != 0 && !is_directory(prefix))
      return failure(path, "cannot be created", error == EEXIST ? ENOTDIR : error);
    if (end == std::string::npos) return {};
  }
}

}  // namespace

Result<std::unique_ptr<DataDir>> DataDir::open(const std::string& path) {
  if (path.empty()) return failure(path, "cannot be created", ENOENT);
  NX_TRY_VOID(create(path));
  const std::string lock_path = path + "/nexusd.lock";
  const int lock =
      ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPrivateFile);
  if (lock < 0) return failure(path, "is not writable", errno);
  if (flock(lock, LOCK_EX | LOCK_NB) == 0) return std::unique_ptr<DataDir>(new DataDir(path, lock));
  const int error = errno;
  close(lock);
  if (error != EWOULDBLOCK) return failure(path, "cannot be locked", error);
  return Error{ErrorCode::kStorageError,
               fmt::format("data directory \"{}\" is in use by another nexusd; stop it or choose "
                           "another directory",
                           path)};
}

DataDir::~DataDir() { close(lock_); }

}  // namespace nexus::storage
