#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace nexus::engine {

// QuickJS bytecode of one handler, shared by the runs that use it.
using Code = std::shared_ptr<const std::string>;

// Compiled handlers in memory, least recently used ones leave first. The key of an entry is the hash of
// the source and of the guest build. Guarded: any thread.
class CodeCache {
 public:
  // Keeps at most `max_bytes` of code; a single larger entry is not kept.
  explicit CodeCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // nullptr when there is none.
  Code find(const std::string& key);
  void insert(const std::string& key, Code code);
  std::size_t bytes() const;

 private:
  struct Entry {
    std::string key;
    Code code;
  };

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first; guarded by mutex_
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // guarded by mutex_
  std::size_t bytes_ = 0;                                                   // guarded by mutex_
};

}  // namespace nexus::engine
