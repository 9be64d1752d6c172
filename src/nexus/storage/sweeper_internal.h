#pragma once

#include <chrono>
#include <cstdint>

#include "nexus/base/result.h"
#include "nexus/storage/sqlite_internal.h"

namespace nexus::storage {

// Clears what nobody needs any more, a bounded number of rows at a time, so that no writer waits
// for it: the rows of dropped panels, expired records, history past its age. Writer thread only.
class Sweeper {
 public:
  // The newest `window` entries of each history stay whatever their age.
  Sweeper(std::chrono::milliseconds history_age, std::uint64_t window)
      : history_age_(history_age), window_(window) {}

  // One portion, inside the caller's transaction. True while there is more to do.
  Result<bool> step(Connection& connection, std::int64_t now_ms);

 private:
  Result<bool> clear_dropped(Connection& connection);
  Result<bool> clear_expired(Connection& connection, std::int64_t now_ms);
  Result<bool> age_history(Connection& connection, std::int64_t now_ms);

  const std::chrono::milliseconds history_age_;
  const std::uint64_t window_;
  std::int64_t last_panel_ = 0;  // whose history was looked at last
};

}  // namespace nexus::storage
