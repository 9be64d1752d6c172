#include "files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

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

Result<void> write_file(const std::string& path, const std::string& text) {
  namespace fs = std::filesystem;
  // A link stays one, and whoever may read the file still may.
  std::error_code problem;
  const fs::path target = fs::canonical(path, problem);
  const fs::path fresh = fs::path(target).concat(".nexus-fmt");
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!problem && file) fs::permissions(fresh, fs::status(target).permissions(), problem);
  if (!problem && file) fs::rename(fresh, target, problem);
  if (!problem && file) return {};
  std::error_code ignored;
  fs::remove(fresh, ignored);
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("cannot write {}: {}", path, problem ? problem.message() : "no room or no permission")};
}

void print_diagnostics(const std::vector<nxml::Diagnostic>& diagnostics, const std::string& file,
                       std::FILE* to) {
  for (const nxml::Diagnostic& diagnostic : diagnostics) fmt::print(to, "{}\n", nxml::format(diagnostic, file));
}

}  // namespace nexus::cli
