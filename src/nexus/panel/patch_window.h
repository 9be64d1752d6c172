#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "nexus/storage/records.h"

namespace nexus::panel {

// The newest patches of one panel, for clients that missed some. Loop thread only.
class PatchWindow {
 public:
  static constexpr std::size_t kMaxEntries = 256;
  static constexpr std::size_t kMaxBytes = 256 * 1024;

  struct Entry {
    std::uint64_t version = 0;
    std::int64_t at_ms = 0;
    std::vector<storage::StateChange> changes;  // whole keys
  };

  // The next version's.
  void add(Entry entry);
  void clear();

  // Those after `since`, oldest first; nullopt when some of them are here no longer.
  std::optional<std::vector<const Entry*>> after(std::uint64_t since) const;
  // The oldest version that after() takes; nothing when it takes none.
  std::optional<std::uint64_t> reaches_back_to() const;

 private:
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace nexus::panel
