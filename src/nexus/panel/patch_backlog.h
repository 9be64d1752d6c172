#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nexus/panel/frame.h"

namespace nexus::panel {

// The patches that wait for a client which has fallen behind, merged into one: of each key only the
// changes that still matter, so that what waits is bounded by the state and not by how long the
// client sleeps. All are of one form. Loop thread only.
class PatchBacklog {
 public:
  // Appends a PATCH.
  void add(const Frame& patch);

  // The JSON that waits.
  std::size_t bytes() const { return bytes_; }

  // One PATCH that leads from the version before the first added one to the last one's; its "from"
  // says so (docs/PROTOCOL.md). At least one was added.
  Frame merge() const;

 private:
  struct Change {
    std::shared_ptr<const std::string> json;
    std::size_t path_end = 0;  // as PatchPart::path_end, from the start of `json`
  };
  void add_part(const PatchPart& part, Change change);

  std::optional<std::uint64_t> from_;  // the version before the first
  std::uint64_t version_ = 0;          // these three are the last one's
  std::int64_t timestamp_ms_ = 0;
  bool json_patch_ = false;
  std::map<std::string, std::vector<Change>> changes_;  // of each key, in order
  std::size_t bytes_ = 0;
};

}  // namespace nexus::panel
