#include "nexus/engine/code_cache.h"

#include <gtest/gtest.h>

namespace nexus::engine {
namespace {

Code code(std::size_t bytes) { return std::make_shared<const std::string>(bytes, 'c'); }

TEST(CodeCache, TheLeastRecentlyUsedLeavesFirst) {
  CodeCache cache(30);
  cache.insert("a", code(10));
  cache.insert("b", code(10));
  cache.insert("c", code(10));
  EXPECT_NE(cache.find("a"), nullptr);
  cache.insert("d", code(10));
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
  EXPECT_NE(cache.find("d"), nullptr);
  EXPECT_EQ(cache.bytes(), 30u);
}

TEST(CodeCache, TheBoundIsInBytes) {
  CodeCache cache(30);
  cache.insert("exact", code(30));
  EXPECT_NE(cache.find("exact"), nullptr);
  cache.insert("larger", code(31));
  EXPECT_EQ(cache.find("larger"), nullptr);
  EXPECT_NE(cache.find("exact"), nullptr);
  cache.insert("one", code(1));
  EXPECT_EQ(cache.find("exact"), nullptr);
  EXPECT_EQ(cache.bytes(), 1u);
}

TEST(CodeCache, TheFirstOfTwoEqualKeysStays) {
  CodeCache cache(30);
  cache.insert("a", code(10));
  cache.insert("a", code(20));
  EXPECT_EQ(cache.find("a")->size(), 10u);
  EXPECT_EQ(cache.bytes(), 10u);
}

}  // namespace
}  // namespace nexus::engine
