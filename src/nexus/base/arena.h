#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace nexus {

// Memory for trees whose nodes live and die together: handed out piece by piece, given back all at once with the
// arena. No destructor of what lies in it ever runs, so only trivially destructible types may. One thread at a time;
// reading what lies in it is any thread's.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  template <typename T, typename... Arguments>
  T* make(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate<alignof(T)>(sizeof(T))) T{std::forward<Arguments>(arguments)...};
  }

  // `count` items, each as its default constructor makes it.
  template <typename T>
  std::span<T> make_list(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && !std::is_trivially_default_constructible_v<T>);
    if (count == 0) return {};
    T* const first = static_cast<T*>(allocate<alignof(T)>(count * sizeof(T)));
    std::uninitialized_default_construct_n(first, count);
    return {first, count};
  }

  template <typename T>
  std::span<T> copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    T* const first = static_cast<T*>(allocate<alignof(T)>(items.size_bytes()));
    std::memcpy(static_cast<void*>(first), items.data(), items.size_bytes());
    return {first, items.size()};
  }

  template <typename T, std::size_t kCount>
  std::span<T> copy(const std::array<T, kCount>& items) {
    static_assert(std::is_trivially_copyable_v<T> && kCount > 0);
    T* const first = static_cast<T*>(allocate<alignof(T)>(sizeof items));
    std::memcpy(static_cast<void*>(first), items.data(), sizeof items);
    return {first, kCount};
  }

  std::string_view copy(std::string_view text) {
    const std::span<const char> made = copy(std::span<const char>(text.data(), text.size()));
    return {made.data(), made.size()};
  }

 private:
  template <typename T>
  friend class ArenaListMaker;

  // Below what malloc would ask the system for anew each time.
  static constexpr std::size_t kSmallestBlock = 4 * 1024;
  static constexpr std::size_t kLargestBlock = 64 * 1024;

  template <std::size_t kAlignment>
  void* allocate(std::size_t bytes) {
    const std::size_t gap = -reinterpret_cast<std::uintptr_t>(next_) & (kAlignment - 1);
    if (gap + bytes > left_) [[unlikely]]
      return allocate_block(bytes);
    // SAFETY: `left_` bytes from `next_` on belong to the newest block.
    std::byte* const made = next_ + gap;
    next_ = made + bytes;
    left_ -= gap + bytes;
    return made;
  }

  // The rest of the block before is given up.
  [[gnu::noinline]] void* allocate_block(std::size_t bytes) {
    const std::size_t size = std::max(bytes, block_);
    block_ = std::min(2 * block_, kLargestBlock);
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
    std::byte* const made = blocks_.back().get();
    next_ = made + bytes;
    left_ = size - bytes;
    return made;
  }

  std::vector<std::unique_ptr<std::byte[]>> blocks_;  // each aligned for any type
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t block_ = kSmallestBlock;
};

// Makes lists in an arena, one after the other, each item by item where it is to stay.
template <typename T>
class ArenaListMaker {
 public:
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

  // The arena outlives this.
  explicit ArenaListMaker(Arena& arena) : arena_(arena) {}

  template <typename... Arguments>
  T& add(Arguments&&... arguments) {
    if (size_ == room_) [[unlikely]]
      grow();
    return *new (first_ + size_++) T{std::forward<Arguments>(arguments)...};
  }
  std::span<T> items() { return {first_, size_}; }  // of the list at hand, until the next add()

  // The list at hand; the next item starts another.
  std::span<T> take() {
    const std::span<T> made = items();
    first_ += size_;
    room_ -= size_;
    size_ = 0;
    return made;
  }
  // Gives up the list at hand.
  void clear() { size_ = 0; }

 private:
  [[gnu::noinline]] void grow() {
    const std::size_t room = std::max(kItems, 2 * size_);
    T* const first = static_cast<T*>(arena_.allocate<alignof(T)>(room * sizeof(T)));
    if (size_ > 0) std::memcpy(static_cast<void*>(first), first_, size_ * sizeof(T));
    first_ = first;
    room_ = room;
  }

  static constexpr std::size_t kItems = 64;

  Arena& arena_;
  T* first_ = nullptr;  // of the list at hand
  std::size_t size_ = 0;
  std::size_t room_ = 0;  // from first_ on
};

}  // namespace nexus
