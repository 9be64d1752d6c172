#include "nexus/value/value.h"

#include <gtest/gtest.h>

#include "nexus/value/json.h"
#include "nexus/value/utf8.h"

namespace nexus::value {
namespace {

std::string repeated_key(int i) { return "key" + std::to_string(i); }

TEST(Value, KnowsItsType) {
  EXPECT_TRUE(Value().is_null());
  EXPECT_TRUE(Value(nullptr).is_null());
  EXPECT_EQ(Value(true).type(), Value::Type::kBoolean);
  EXPECT_EQ(Value(1).type(), Value::Type::kNumber);
  EXPECT_EQ(Value("text").type(), Value::Type::kString);
  EXPECT_EQ(Value(List{1, 2}).type(), Value::Type::kList);
  EXPECT_EQ(Value(Object{{"a", 1}}).type(), Value::Type::kObject);
}

TEST(Value, NamesItsTypesInTheWordsOfErrorMessages) {
  EXPECT_EQ(to_string(Value::Type::kNull), "null");
  EXPECT_EQ(to_string(Value::Type::kBoolean), "boolean");
  EXPECT_EQ(to_string(Value::Type::kNumber), "number");
  EXPECT_EQ(to_string(Value::Type::kString), "string");
  EXPECT_EQ(to_string(Value::Type::kList), "list");
  EXPECT_EQ(to_string(Value::Type::kObject), "object");
}

TEST(Value, CopiesDeeply) {
  Value original = Object{{"list", List{1}}};
  Value copy = original;
  copy.object().find("list")->list().push_back(2);
  EXPECT_EQ(original, Value(Object{{"list", List{1}}}));
  EXPECT_EQ(copy, Value(Object{{"list", List{1, 2}}}));
}

TEST(Value, FindsMembersOfObjectsOnly) {
  const Value object = Object{{"a", 1}};
  ASSERT_NE(object.find("a"), nullptr);
  EXPECT_EQ(*object.find("a"), Value(1));
  EXPECT_EQ(object.find("b"), nullptr);
  EXPECT_EQ(Value(List{1}).find("a"), nullptr);
  EXPECT_EQ(Value().find("a"), nullptr);
}

TEST(Object, KeepsInsertionOrderAndThePlaceOfAReplacedKey) {
  Object object;
  object.set("b", 1);
  object.set("a", 2);
  object.set("b", 3);
  EXPECT_EQ(to_json(object), R"({"b":3,"a":2})");
}

TEST(Object, ErasesAKeyOnce) {
  Object object{{"a", 1}, {"b", 2}};
  EXPECT_TRUE(object.erase("a"));
  EXPECT_FALSE(object.erase("a"));
  EXPECT_EQ(to_json(object), R"({"b":2})");
}

TEST(Object, ComparesMembersInAnyOrder) {
  EXPECT_EQ((Object{{"a", 1}, {"b", 2}}), (Object{{"b", 2}, {"a", 1}}));
  EXPECT_NE((Object{{"a", 1}, {"b", 2}}), (Object{{"b", 1}, {"a", 2}}));
  EXPECT_NE((Object{{"a", 1}}), (Object{{"a", 1}, {"b", 2}}));
  EXPECT_NE((Object{{"a", 1}}), (Object{{"b", 1}}));
}

TEST(Object, MergesDuplicatesIntoTheFirstPlaceWithTheLastValue) {
  Object few;
  for (const int value : {1, 2, 3}) few.append("same", value);
  few.append("other", 4);
  few.append("same", 5);
  few.merge_duplicates();
  EXPECT_EQ(to_json(few), R"({"same":5,"other":4})");
}

TEST(Object, MergesDuplicatesAmongManyMembers) {
  Object many;
  for (int i = 0; i < 100; ++i) many.append(repeated_key(i % 60), i);
  many.merge_duplicates();
  ASSERT_EQ(many.size(), 60u);
  int place = 0;
  for (const auto& [key, value] : many) {
    EXPECT_EQ(key, repeated_key(place));
    EXPECT_EQ(value, Value(place < 40 ? place + 60 : place));
    ++place;
  }
}

// With a search of each key among all others both would take minutes.
TEST(Object, ManyKeysCostNoQuadraticTime) {
  constexpr int kKeys = 200000;
  Object forward;
  Object backward;
  for (int i = 0; i < kKeys; ++i) {
    forward.append(repeated_key(i), i);
    backward.append(repeated_key(kKeys - 1 - i), kKeys - 1 - i);
  }
  forward.merge_duplicates();
  EXPECT_EQ(forward.size(), static_cast<std::size_t>(kKeys));
  EXPECT_TRUE(forward == backward);
}

TEST(Utf8, AcceptsExactlyTheWellFormedSequences) {
  for (const std::string_view good :
       {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "eight by\xc3\xa9tes and more"})
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  for (const std::string_view bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "long enough text \xc3"})
    EXPECT_FALSE(is_valid_utf8(bad)) << bad;
}

// Unicode 15, section 3.9, table 3-8 and the ones beside it.
TEST(Utf8, ReplacesEachMaximalIllFormedPartOnce) {
  const auto expect = [](std::string_view text, std::string_view replaced) {
    EXPECT_EQ(replace_invalid_utf8(text), replaced);
  };
  expect("fine \xc3\xa9", "fine \xc3\xa9");
  expect(
      "a\xff"
      "b",
      "a\xef\xbf\xbd"
      "b");
  expect("\xe2\x82", "\xef\xbf\xbd");
  expect("\xe2\x82|", "\xef\xbf\xbd|");
  expect("\xf0\x90\x80|", "\xef\xbf\xbd|");
  expect("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");
  expect("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  expect("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
         "A");
}

TEST(Utf8, WhatItReplacesIsAlwaysValid) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second), '\x80'};
      const std::string replaced = replace_invalid_utf8(text);
      EXPECT_TRUE(is_valid_utf8(replaced));
      EXPECT_EQ(is_valid_utf8(text), replaced == text);
    }
  }
}

}  // namespace
}  // namespace nexus::value
