#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nexus/nxml/cursor_internal.h"

namespace nexus::nxml {

// A set of names known at compile time, found with one look and one comparison: a perfect hash of each name's size,
// first, middle and last byte, whose factor the compiler looks for.
template <std::size_t kCount>
class NameTable {
 public:
  static constexpr std::size_t kNone = kCount;

  // Does not compile when two names are equal, one is empty, or no factor is found.
  explicit constexpr NameTable(const std::array<std::string_view, kCount>& names) : names_(names) {
    while (!place_all()) factor_ += 2;
  }

  // The position of a name of the list, for use at compile time.
  constexpr std::size_t position_of(std::string_view name) const { return slots_[slot_of(name)]; }
  // The position of `name` in the list; kNone when it is not there.
  std::size_t find(std::string_view name) const {
    const std::size_t position = candidate(name);
    return position != kNone && same_name(names_[position], name) ? position : kNone;
  }
  // The only position at which `name` may stand in the list, found without a comparison; kNone when there is none.
  std::size_t candidate(std::string_view name) const { return name.empty() ? kNone : slots_[slot_of(name)]; }

 private:
  static constexpr std::size_t kSlots = 256;
  static_assert(kCount < kSlots);

  constexpr std::size_t slot_of(std::string_view name) const {
    const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(name[at])); };
    const std::uint32_t key = byte(0) | byte(name.size() / 2) << 8 | byte(name.size() - 1) << 16 |
                              static_cast<std::uint32_t>(name.size()) << 24;
    return key * factor_ >> 24;
  }

  constexpr bool place_all() {
    slots_.fill(kCount);
    for (std::size_t i = 0; i < kCount; ++i) {
      std::uint8_t& slot = slots_[slot_of(names_[i])];
      if (slot != kCount) return false;
      slot = static_cast<std::uint8_t>(i);
    }
    return true;
  }

  std::array<std::string_view, kCount> names_;
  std::array<std::uint8_t, kSlots> slots_{};
  std::uint32_t factor_ = 0x9E3779B1;
};

}  // namespace nexus::nxml
