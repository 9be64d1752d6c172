#include "nexus/base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace nexus {
namespace {

TEST(Arena, KeepsEveryPieceAsItWasMade) {
  Arena arena;
  std::vector<std::string> written;
  std::vector<std::string_view> kept;
  for (std::size_t length = 0; length < 3000; ++length) {
    written.emplace_back(length, static_cast<char>('a' + length % 26));
    kept.push_back(arena.copy(std::string_view(written.back())));
  }
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i], written[i]);
}

TEST(Arena, AlignsWhatItHandsOut) {
  Arena arena;
  for (int i = 0; i < 500; ++i) {
    arena.copy(std::string_view("abc", static_cast<std::size_t>(i % 4)));
    const auto* number = arena.make<double>(1.5);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(number) % alignof(double), 0u);
    EXPECT_EQ(*number, 1.5);
  }
}

TEST(Arena, TakesPiecesLargerThanItsBlocks) {
  Arena arena;
  const std::span<int> zeros = arena.make_list<int>(1000000);
  for (const int zero : zeros) ASSERT_EQ(zero, 0);
  zeros.back() = 7;
  EXPECT_EQ(*arena.make<int>(3), 3);
  EXPECT_EQ(zeros.back(), 7);
}

TEST(Arena, GivesEmptyListsNoPlace) {
  Arena arena;
  EXPECT_TRUE(arena.make_list<int>(0).empty());
  EXPECT_TRUE(arena.copy(std::string_view()).empty());
}

}  // namespace
}  // namespace nexus
