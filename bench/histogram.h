#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

// Times in nanoseconds, each kept to within 1/64 of its size, whatever their number: 64 buckets for each
// power of two, as HdrHistogram does it.
class Histogram {
 public:
  void add(std::chrono::nanoseconds time) {
    const auto nanoseconds = static_cast<std::uint64_t>(time.count() < 0 ? 0 : time.count());
    ++counts_[bucket(nanoseconds)];
    ++total_;
    if (nanoseconds > max_) max_ = nanoseconds;
  }

  std::uint64_t total() const { return total_; }
  double max_ms() const { return static_cast<double>(max_) / 1e6; }

  // What `percent` of the times are not above, in milliseconds; 0 when there are none.
  double percentile_ms(double percent) const {
    const double wanted = static_cast<double>(total_) * percent / 100;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted)
        return static_cast<double>(highest(i)) / 1e6;
    }
    return max_ms();
  }

 private:
  static constexpr unsigned kBits = 6;
  static constexpr std::uint64_t kSub = 1u << kBits;

  static std::size_t bucket(std::uint64_t value) {
    if (value < kSub) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kBits;
    return (shift + 1) * kSub + ((value >> shift) - kSub);
  }
  static std::uint64_t highest(std::size_t index) {
    if (index < kSub) return index;
    const std::size_t shift = index / kSub - 1;
    return ((index % kSub + kSub + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - kBits + 1) * kSub> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};
