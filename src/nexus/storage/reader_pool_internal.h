#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "nexus/storage/sqlite_internal.h"

namespace nexus::storage {

// Read-only connections, one per thread that reads at the moment. Any thread.
class ReaderPool {
 public:
  ReaderPool(std::string file, std::string vfs) : file_(std::move(file)), vfs_(std::move(vfs)) {}

  // Runs `read` with a connection that nobody else uses meanwhile. One whose read failed is not
  // used again.
  template <typename Read>
  auto with(Read read) -> decltype(read(std::declval<Connection&>())) {
    NX_TRY(auto connection, take());
    auto result = read(*connection);
    if (result.ok() || result.error().code != ErrorCode::kStorageError)
      give_back(std::move(connection));
    return result;
  }

 private:
  Result<std::unique_ptr<Connection>> take();
  void give_back(std::unique_ptr<Connection> connection);

  const std::string file_;
  const std::string vfs_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace nexus::storage
