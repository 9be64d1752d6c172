#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace nexus::auth {

// At most `capacity` values by text; one more drops the one that was used longest ago. One thread
// at a time.
template <typename T>
class Lru {
 public:
  explicit Lru(std::size_t capacity) : capacity_(capacity) {}

  // The value, which becomes the one used last, or nullptr. The pointer lives until the next
  // change.
  T* find(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  // The key is not there.
  T& insert(const std::string& key, T value) {
    if (entries_.size() == capacity_) {
      by_key_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, std::move(value));
    by_key_.emplace(entries_.front().first, entries_.begin());
    return entries_.front().second;
  }

  void erase(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    const auto entry = found->second;
    by_key_.erase(found);
    entries_.erase(entry);
  }

  void clear() {
    by_key_.clear();
    entries_.clear();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, T>>;

  const std::size_t capacity_;
  Entries entries_;  // the one used last first
  std::unordered_map<std::string_view, typename Entries::iterator>
      by_key_;  // views of entries_' keys
};

}  // namespace nexus::auth
