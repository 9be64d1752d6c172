#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace nexus::sandbox {

// Which pages of the base image most runs write, learned from all instances of one image: a new instance
// starts with them writable, so that only surprises fault. A guess that costs time when wrong, nothing else.
// Any thread.
class CommonPages {
 public:
  // Most pages that get() returns: what an instance holds before it has run anything.
  static constexpr std::size_t kMax = 32;

  explicit CommonPages(std::size_t image_pages)
      : shares_(std::make_unique<std::atomic<std::uint8_t>[]>(image_pages)), size_(image_pages) {}

  // One run wrote exactly `pages`; numbers past the image are left out.
  void learn(std::span<const std::uint32_t> pages);

  // Those that about half of the last runs wrote, the most common kMax of them.
  std::vector<std::uint32_t> get() const;

 private:
  // For each page the share of recent runs that wrote it, as a moving average; 255 is all of them. Races
  // between learners lose a lesson at most.
  const std::unique_ptr<std::atomic<std::uint8_t>[]> shares_;
  const std::size_t size_;
  std::atomic<bool> taught_ = false;
};

}  // namespace nexus::sandbox
