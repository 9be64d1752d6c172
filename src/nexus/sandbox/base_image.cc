#include "nexus/sandbox/base_image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "nexus/base/sha256.h"

namespace nexus::sandbox {
namespace {

Error system_error(const char* what) {
  return Error{ErrorCode::kWasmError, std::string("cannot ") + what + " the base image: " + strerror(errno)};
}

bool write_all(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<BaseImage>> BaseImage::create(std::span<const std::uint8_t> memory) {
  const int fd = memfd_create("nexus-base-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return system_error("create");
  // Sealed, so that nothing in this process can change what all instances start from.
  if (!write_all(fd, memory) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    Error error = system_error("write");
    close(fd);
    return error;
  }
  void* data = mmap(nullptr, memory.size(), PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) {
    Error error = system_error("map");
    close(fd);
    return error;
  }
  return std::unique_ptr<BaseImage>(new BaseImage(fd, static_cast<const std::uint8_t*>(data), memory.size(),
                                                  sha256_hex({reinterpret_cast<const char*>(memory.data()),
                                                              memory.size()})));
}

BaseImage::~BaseImage() {
  munmap(const_cast<std::uint8_t*>(data_), size_);
  close(fd_);
}

}  // namespace nexus::sandbox
