#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "nexus/base/result.h"
#include "nexus/engine/sealed_code.h"

namespace nexus::engine {

// A directory that is held open. Files in it are named without a path, so that nobody can put another
// directory in their way.
class Directory {
 public:
  // Makes the directory, and those above it, when there is none. Error kUnavailable when files cannot be
  // written there.
  static Result<Directory> open(const std::string& path);
  Directory(Directory&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Directory& operator=(Directory&&) = delete;
  ~Directory();

  int fd() const { return fd_; }
  // Writes a file that nobody else can read under a name nobody else uses, and returns that name.
  Result<std::string> write_temporary(std::string_view bytes, bool sync) const;
  // The content of a regular file of at most `max_bytes`. A link, a pipe, a directory or a larger file is
  // kInvalidArgument; a file that is not there kNotFound.
  struct File {
    std::string bytes;
    bool private_to_us = false;  // ours, one name, closed to everybody else
  };
  Result<File> read(const std::string& name, std::size_t max_bytes) const;
  void remove(const std::string& name) const;

 private:
  explicit Directory(int fd) : fd_(fd) {}
  int fd_;
};

// The key that is kept in `directory`, made on the first call by whichever process comes first. Error
// kUnavailable when what is there cannot be trusted or nothing can be written.
Result<std::string> load_or_make_key(const Directory& directory);

// Compiled handlers on disk, `<key>.qjsc` each, sealed (reference.md section 5.4). What this process
// or another has not read for longest leaves first, also after a restart. Several processes may share a directory: files
// appear whole or not at all. Guarded: any thread.
class DiskCache {
 public:
  // Takes at most `max_bytes` of the disk, in whole blocks; with n processes up to n/16 more.
  DiskCache(Directory directory, std::shared_ptr<const Seal> seal, std::uint64_t max_bytes);

  // The code under `key`. kNotFound when there is none; kInvalidHandler, and the file is gone, when what was
  // there is not what this engine wrote.
  Result<std::string> find(const std::string& key);
  // Error kUnavailable when it cannot be written. Code larger than the budget is left out.
  Result<void> insert(const std::string& key, std::string_view code);

  // Of the files, as far as this process knows.
  std::uint64_t bytes() const;

 private:
  // Removes the oldest files until `reserved` bytes more fit in; mutex_ is held.
  void sweep(std::uint64_t reserved);

  const Directory directory_;
  const std::shared_ptr<const Seal> seal_;
  const std::uint64_t max_bytes_;
  mutable std::mutex mutex_;
  std::uint64_t bytes_ = 0;      // guarded by mutex_
  std::uint64_t unchecked_ = 0;  // written since the last sweep; guarded by mutex_
};

}  // namespace nexus::engine
