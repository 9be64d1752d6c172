#include "nexus/panel/previews.h"

#include <algorithm>
#include <utility>

#include "nexus/panel/panel.h"

namespace nexus::panel {

Previews::Previews(loop::Loop& loop, std::chrono::milliseconds grace,
                   std::function<void(const std::string& id)> end)
    : loop_(loop), grace_(grace), end_(std::move(end)) {}

void Previews::add(const std::shared_ptr<LivePanel>& panel) {
  entries_.push_back({panel});
  if (!timer_) look_later();
}

bool Previews::contains(std::string_view id) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    const auto panel = entry.panel.lock();
    return panel && panel->id() == id;
  });
}

bool Previews::make_room(std::string_view owner) {
  forget_ended();
  std::size_t own = 0;
  std::vector<std::string> unattended;
  for (const Entry& entry : entries_) {
    const auto panel = entry.panel.lock();
    if (panel->owner() != owner) continue;
    ++own;
    if (panel->clients() == 0) unattended.push_back(panel->id());
  }
  // What ends counts until it has ended, but its successor need not wait for that.
  const std::size_t excess = own < kMaxPerOwner ? 0 : own - kMaxPerOwner + 1;
  if (excess > unattended.size() || entries_.size() - excess >= kMax) return false;
  for (std::size_t i = 0; i < excess; ++i) end_(unattended[i]);
  return true;
}

void Previews::forget_ended() {
  std::erase_if(entries_, [](const Entry& entry) { return entry.panel.expired(); });
}

void Previews::look_later() {
  timer_ = loop_.after(grace_, [this] { look(); });
}

void Previews::look() {
  timer_.reset();
  forget_ended();
  std::vector<std::string> ended;
  for (Entry& entry : entries_) {
    const auto panel = entry.panel.lock();
    const bool unattended = panel->clients() == 0;
    if (unattended && entry.unattended) ended.push_back(panel->id());
    entry.unattended = unattended;
  }
  for (const std::string& id : ended) end_(id);
  if (!entries_.empty()) look_later();
}

}  // namespace nexus::panel
