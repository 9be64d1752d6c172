#include "nexus/sandbox/common_pages.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace nexus::sandbox {
namespace {

constexpr std::uint8_t kAll = 255;
constexpr std::uint8_t kHalf = 128;
// A lesson moves the average by this part of the distance.
constexpr int kInertia = 8;

}  // namespace

void CommonPages::learn(std::span<const std::uint32_t> pages) {
  std::vector<bool> written(size_);
  for (const std::uint32_t page : pages)
    if (page < size_) written[page] = true;
  const bool first = !taught_.exchange(true);
  for (std::size_t page = 0; page < size_; ++page) {
    const int before = shares_[page].load(std::memory_order_relaxed);
    const int target = written[page] ? kAll : 0;
    // Away from zero, so that the average arrives.
    const int step = (target - before + (target > before ? kInertia - 1 : 1 - kInertia)) / kInertia;
    if (before == target) continue;
    shares_[page].store(static_cast<std::uint8_t>(first ? target : before + step), std::memory_order_relaxed);
  }
}

std::vector<std::uint32_t> CommonPages::get() const {
  std::vector<std::pair<std::uint8_t, std::uint32_t>> common;
  for (std::size_t page = 0; page < size_; ++page)
    if (const std::uint8_t share = shares_[page].load(std::memory_order_relaxed); share >= kHalf)
      common.emplace_back(share, static_cast<std::uint32_t>(page));
  std::ranges::stable_sort(common, std::greater<>(), [](const auto& each) { return each.first; });
  common.resize(std::min(common.size(), kMax));
  std::vector<std::uint32_t> pages;
  for (const auto& [share, page] : common) pages.push_back(page);
  return pages;
}

}  // namespace nexus::sandbox
