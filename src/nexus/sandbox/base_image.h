#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "nexus/base/result.h"

namespace nexus::sandbox {

// The linear memory of a guest that has been initialised and has run nothing yet: what every run starts
// from (design.md D3). One anonymous file, mapped privately by every instance. Frozen; any thread.
class BaseImage {
 public:
  // Takes a copy of `memory`, whose size is a multiple of the page size.
  static Result<std::unique_ptr<BaseImage>> create(std::span<const std::uint8_t> memory);
  ~BaseImage();
  BaseImage(const BaseImage&) = delete;
  BaseImage& operator=(const BaseImage&) = delete;

  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  int fd() const { return fd_; }
  // SHA-256 of the bytes, hexadecimal. Equal in every process with the same guest build.
  const std::string& hash() const { return hash_; }

 private:
  BaseImage(int fd, const std::uint8_t* data, std::size_t size, std::string hash)
      : fd_(fd), data_(data), size_(size), hash_(std::move(hash)) {}

  const int fd_;
  const std::uint8_t* const data_;
  const std::size_t size_;
  const std::string hash_;
};

}  // namespace nexus::sandbox
