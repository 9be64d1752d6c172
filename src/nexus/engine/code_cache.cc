#include "nexus/engine/code_cache.h"

namespace nexus::engine {

Code CodeCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  if (found->second != entries_.begin()) entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->code;
}

void CodeCache::insert(const std::string& key, Code code) {
  const std::lock_guard lock(mutex_);
  if (code->size() > max_bytes_ || by_key_.contains(key)) return;
  bytes_ += code->size();
  entries_.push_front({key, std::move(code)});
  by_key_.emplace(entries_.front().key, entries_.begin());
  while (bytes_ > max_bytes_) {
    const Entry& oldest = entries_.back();
    bytes_ -= oldest.code->size();
    by_key_.erase(oldest.key);
    entries_.pop_back();
  }
}

std::size_t CodeCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace nexus::engine
