#include "files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace nexus::cli {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

Error cannot_read(const std::string& path, const char* why) {
  return Error{ErrorCode::kInvalidArgument, fmt::format("cannot read {}: {}", path, why)};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  struct Closer {
    void operator()(std::FILE* file) const {
      if (file != stdin) std::fclose(file);
    }
  };
  const std::unique_ptr<std::FILE, Closer> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return cannot_read(path, std::strerror(errno));
  std::string text;
  char buffer[65536];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, file.get())) {
    text.append(buffer, got);
    if (text.size() > kMaxBytes) return cannot_read(path, "it has more than 64 MiB");
  }
  if (std::ferror(file.get()) != 0) return cannot_read(path, std::strerror(errno));
  return text;
}

}  // namespace nexus::cli
