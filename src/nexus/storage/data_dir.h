#pragma once

#include <memory>
#include <string>

#include "nexus/base/result.h"

namespace nexus::storage {

// The directory that holds everything durable of one server, and this process's exclusive claim on
// it. Two servers on one directory would destroy each other's data, so the claim is an advisory
// lock (flock(2)) on a file inside, held until destruction and dropped by the kernel when the
// process dies.
class DataDir {
 public:
  // Creates `path` and its parents when missing, readable by this user only. Error kStorageError,
  // whose message names the path and the reason: it cannot be created, is no directory, cannot be
  // written, or belongs to another running server.
  static Result<std::unique_ptr<DataDir>> open(const std::string& path);

  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  const std::string& path() const { return path_; }

 private:
  DataDir(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::string path_;
  const int lock_;  // file descriptor of the lock file
};

}  // namespace nexus::storage
