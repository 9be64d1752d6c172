#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nexus::capability {

using NameId = std::uint32_t;

// Gives each distinct name a small number, so that names compare and hash as one word.
class Names {
 public:
  NameId intern(std::string_view name) {
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    const auto added = ids_.emplace(name, static_cast<NameId>(texts_.size())).first;
    texts_.push_back(added->first);
    return added->second;
  }
  // Valid as long as this object.
  std::string_view text(NameId id) const { return texts_[id]; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, NameId, Hash, std::equal_to<>> ids_;
  std::vector<std::string_view> texts_;  // views of the map's keys, which never move
};

}  // namespace nexus::capability
