#include "nexus/server/assets.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "nexus/base/sha256.h"

namespace nexus::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 1000;
constexpr std::uintmax_t kMaxBytes = 32u << 20;
constexpr std::size_t kEtagDigits = 32;

struct Type {
  std::string_view extension, content_type;
};
constexpr std::array kTypes = {
    Type{".html", "text/html; charset=utf-8"},
    Type{".css", "text/css; charset=utf-8"},
    Type{".js", "text/javascript; charset=utf-8"},
    Type{".json", "application/json"},
    Type{".map", "application/json"},
    Type{".svg", "image/svg+xml"},
    Type{".png", "image/png"},
    Type{".ico", "image/x-icon"},
    Type{".webp", "image/webp"},
    Type{".woff2", "font/woff2"},
    Type{".txt", "text/plain; charset=utf-8"},
};

std::string_view content_type_of(const fs::path& file) {
  const std::string extension = file.extension().string();
  for (const Type& type : kTypes) {
    if (type.extension == extension) return type.content_type;
  }
  return {};
}

Error bad_directory(const std::string& directory, std::string_view why) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("cannot serve pages from '{}': {}", directory, why)};
}

class MemoryAssets final : public Assets {
 public:
  const Asset* find(std::string_view path) const override {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : &found->second;
  }

  void add(std::string path, std::string bytes, std::string_view content_type) {
    Asset asset;
    asset.etag = '"' + sha256_hex(bytes).substr(0, kEtagDigits) + '"';
    asset.bytes = std::make_shared<const std::string>(std::move(bytes));
    asset.content_type = content_type;
    files_.insert_or_assign(std::move(path), std::move(asset));
  }

  std::size_t size() const { return files_.size(); }

 private:
  std::map<std::string, Asset, std::less<>> files_;
};

// Throws std::filesystem::filesystem_error.
Result<std::unique_ptr<Assets>> read_directory(const std::string& directory) {
  auto assets = std::make_unique<MemoryAssets>();
  std::uintmax_t total = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    const std::string_view type = content_type_of(entry.path());
    // Links are left out: they could lead anywhere.
    if (entry.is_symlink() || !entry.is_regular_file() || type.empty()) continue;
    total += entry.file_size();
    if (assets->size() == kMaxFiles)
      return bad_directory(directory, "it holds more than 1000 files");
    if (total > kMaxBytes)
      return bad_directory(directory, "its files are larger than 32 MiB together");
    std::ifstream in(entry.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!in)
      return bad_directory(directory,
                           fmt::format("'{}' cannot be read", entry.path().filename().string()));
    assets->add(fs::relative(entry.path(), directory).generic_string(), std::move(bytes), type);
  }
  for (const char* page : {"index.html", "panel.html"}) {
    if (!assets->find(page))
      return bad_directory(directory, fmt::format("it has no {}; build the pages first", page));
  }
  return std::unique_ptr<Assets>(std::move(assets));
}

}  // namespace

Result<std::unique_ptr<Assets>> load_assets(const std::string& directory) {
  try {
    return read_directory(directory);
  } catch (const fs::filesystem_error& error) {
    return bad_directory(directory, error.code().message());
  }
}

}  // namespace nexus::server
