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

struct Seven {
  int value = 7;
};

TEST(Arena, TakesPiecesLargerThanItsBlocks) {
  Arena arena;
  const std::span<Seven> sevens = arena.make_list<Seven>(1000000);
  for (const Seven& seven : sevens) ASSERT_EQ(seven.value, 7);
  sevens.back().value = 8;
  EXPECT_EQ(*arena.make<int>(3), 3);
  EXPECT_EQ(sevens.back().value, 8);
}

TEST(Arena, GivesEmptyListsNoPlace) {
  Arena arena;
  EXPECT_TRUE(arena.make_list<Seven>(0).empty());
  EXPECT_TRUE(arena.copy(std::string_view()).empty());
}

TEST(ArenaListMaker, KeepsEveryListApart) {
  Arena arena;
  ArenaListMaker<int> maker(arena);
  std::vector<std::span<int>> lists;
  for (int length = 0; length < 200; ++length) {
    for (int i = 0; i < length; ++i) {
      maker.add(length * 1000 + i);
      arena.make<double>(1.5);
    }
    ASSERT_EQ(maker.items().size(), static_cast<std::size_t>(length));
    lists.push_back(maker.take());
  }
  for (std::size_t length = 0; length < lists.size(); ++length) {
    ASSERT_EQ(lists[length].size(), length);
    for (std::size_t i = 0; i < length; ++i) EXPECT_EQ(lists[length][i], static_cast<int>(length * 1000 + i));
  }
}

TEST(ArenaListMaker, GivesUpAListThatIsCleared) {
  Arena arena;
  ArenaListMaker<int> maker(arena);
  const std::span<int> taken = (maker.add(1), maker.take());
  maker.add(2);
  maker.clear();
  EXPECT_TRUE(maker.items().empty());
  maker.add(3);
  EXPECT_EQ(maker.take().front(), 3);
  EXPECT_EQ(taken.front(), 1);
}

}  // namespace
}  // namespace nexus
