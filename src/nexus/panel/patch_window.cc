#include "nexus/panel/patch_window.h"

#include <utility>

namespace nexus::panel {
namespace {

std::size_t bytes_of(const PatchWindow::Entry& entry) {
  std::size_t bytes = sizeof entry;
  for (const auto& change : entry.changes)
    bytes += sizeof change + change.key.size() + (change.value ? change.value->size() : 0);
  return bytes;
}

}  // namespace

void PatchWindow::add(Entry entry) {
  bytes_ += bytes_of(entry);
  entries_.push_back(std::move(entry));
  while (!entries_.empty() && (entries_.size() > kMaxEntries || bytes_ > kMaxBytes)) {
    bytes_ -= bytes_of(entries_.front());
    entries_.pop_front();
  }
}

void PatchWindow::clear() {
  entries_.clear();
  bytes_ = 0;
}

std::optional<std::uint64_t> PatchWindow::reaches_back_to() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.front().version - 1;
}

std::optional<std::vector<const PatchWindow::Entry*>> PatchWindow::after(
    std::uint64_t since) const {
  const auto oldest = reaches_back_to();
  if (!oldest || since < *oldest) return std::nullopt;
  std::vector<const Entry*> missed;
  for (const Entry& entry : entries_)
    if (entry.version > since) missed.push_back(&entry);
  return missed;
}

}  // namespace nexus::panel
