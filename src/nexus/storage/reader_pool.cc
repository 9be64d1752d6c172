#include "nexus/storage/reader_pool_internal.h"

namespace nexus::storage {
namespace {

constexpr std::size_t kIdle = 8;  // connections kept for the next readers

}  // namespace

Result<std::unique_ptr<Connection>> ReaderPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return Connection::open(file_, Connection::Mode::kRead, vfs_);
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdle) idle_.push_back(std::move(connection));
}

}  // namespace nexus::storage
