#pragma once

#include <filesystem>
#include <string>

#include "nexus/base/random.h"

namespace nexus::engine {

// A directory of its own for one test; gone afterwards.
class ScratchDirectory {
 public:
  ScratchDirectory() : path_(std::filesystem::temp_directory_path() / ("nexus-test-" + random_hex(12))) {
    std::filesystem::create_directory(path_);
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::string string() const { return path_.string(); }

 private:
  const std::filesystem::path path_;
};

}  // namespace nexus::engine
