#include "nexus/value/patch.h"

#include <gtest/gtest.h>

#include <random>

#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::value {
namespace {

using Kind = PatchOperation::Kind;

Value json(std::string_view text) { return parse_json(text).take(); }

std::string applied(std::string_view root, PatchOperation operation) {
  Value value = json(root);
  const auto before = static_cast<std::ptrdiff_t>(msgpack_size(value));
  auto done = apply_patch(std::move(operation), value);
  if (!done.ok()) {
    EXPECT_EQ(value, json(root)) << "a refused operation changes nothing";
    return done.error().message;
  }
  EXPECT_EQ(before + done->bytes, static_cast<std::ptrdiff_t>(msgpack_size(value)));
  const std::string result = to_json(value);
  EXPECT_TRUE(apply_patch(std::move(done->inverse), value).ok());
  EXPECT_EQ(value, json(root)) << "the inverse undoes it";
  return result;
}

TEST(Patch, OperationsDoWhatJsonPatchSays) {
  EXPECT_EQ(applied("[1,2]", {Kind::kAdd, {1}, "x"}), R"([1,"x",2])");
  EXPECT_EQ(applied("[1,2]", {Kind::kAdd, {2}, "x"}), R"([1,2,"x"])");
  EXPECT_EQ(applied("[1,2]", {Kind::kRemove, {0}}), "[2]");
  EXPECT_EQ(applied("[1,2]", {Kind::kReplace, {0}, List{}}), "[[],2]");
  EXPECT_EQ(applied(R"({"a":{"b":1}})", {Kind::kAdd, {"a", "b"}, 2}), R"({"a":{"b":2}})");
  EXPECT_EQ(applied(R"({"a":{"b":1}})", {Kind::kAdd, {"a", "c"}, 2}), R"({"a":{"b":1,"c":2}})");
  EXPECT_EQ(applied(R"({"a":1,"b":2})", {Kind::kRemove, {"a"}}), R"({"b":2})");
}

TEST(Patch, APathThatLeadsNowhereIsRefused) {
  for (const PatchOperation& bad :
       {PatchOperation{Kind::kAdd, {3}, 1}, {Kind::kReplace, {2}, 1}, {Kind::kRemove, {2}},
        {Kind::kAdd, {"x"}, 1}, {Kind::kAdd, {0, "x"}, 1}, {Kind::kAdd, {0.5}, 1},
        {Kind::kAdd, {-1}, 1}, {Kind::kAdd, {}, 1}})
    EXPECT_EQ(applied("[1,2]", bad), "the place no longer exists");
  EXPECT_EQ(applied("{}", {Kind::kReplace, {"a"}, 1}), "the place no longer exists");
}

TEST(Patch, NothingNestsDeeperThanAValueMay) {
  const std::size_t limit = ValueLimits{}.depth;
  Value root = List{};
  List path;
  for (std::size_t depth = 1; depth < limit; ++depth) {
    path.emplace_back(0);
    ASSERT_TRUE(apply_patch({Kind::kAdd, path, List{}}, root).ok()) << depth;
  }
  path.emplace_back(0);
  EXPECT_TRUE(apply_patch({Kind::kAdd, path, 1}, root).ok());
  EXPECT_EQ(apply_patch({Kind::kReplace, path, List{}}, root).error().message,
            "the value would nest too deeply");
}

TEST(Patch, HeadersOfGrowingContainersAreCounted) {
  Value list = List{};
  Value object = Object{};
  std::ptrdiff_t list_bytes = 1;
  std::ptrdiff_t object_bytes = 1;
  for (int i = 0; i < 70000; ++i)
    list_bytes += apply_patch({Kind::kAdd, {i}, 1}, list)->bytes;
  for (int i = 0; i < 40; ++i)
    object_bytes += apply_patch({Kind::kAdd, {std::to_string(i)}, 1}, object)->bytes;
  EXPECT_EQ(static_cast<std::size_t>(list_bytes), msgpack_size(list));
  EXPECT_EQ(static_cast<std::size_t>(object_bytes), msgpack_size(object));
}

std::string differences(std::string_view from, std::string_view to) {
  const auto patch = diff(json(from), json(to));
  if (!patch) return "whole";
  std::string out;
  for (const auto& operation : *patch) write_operation("k", operation, out);
  return out;
}

TEST(Patch, ADifferenceIsTheLeastThatChanged) {
  const std::string filler = R"("0123456789012345678901234567890123456789012345678901234567890123")";
  const auto list = [&](std::string_view rest) { return "[" + filler + rest.data() + "]"; };
  EXPECT_EQ(differences(list(""), list(",1")), R"({"op":"add","path":"/k/1","value":1})");
  EXPECT_EQ(differences(list(",1"), list("")), R"({"op":"remove","path":"/k/1"})");
  EXPECT_EQ(differences("[1," + filler + "]", list("")), R"({"op":"remove","path":"/k/0"})");
  EXPECT_EQ(differences(list(R"(,{"a":1,"b":2})"), list(R"(,{"a":1,"b":3})")),
            R"({"op":"replace","path":"/k/1/b","value":3})");
  EXPECT_EQ(differences(list(R"(,{"a/~":1})"), list(R"(,{})")),
            R"({"op":"remove","path":"/k/1/a~1~0"})");
  EXPECT_EQ(differences(list(""), list("")), "");
}

TEST(Patch, WhatWouldCostMoreThanTheValueIsSentWhole) {
  EXPECT_EQ(differences("[1,2,3]", "[4,5,6]"), "whole");
  EXPECT_EQ(differences("1", "2"), "whole");
  EXPECT_EQ(differences("[]", "{}"), "whole");
}

Value random_value(std::mt19937& random, int depth) {
  const auto pick = random() % (depth > 0 ? 5 : 3);
  if (pick == 0) return static_cast<int>(random() % 5);
  if (pick == 1) return std::string(random() % 30, 'x');
  if (pick == 2) return nullptr;
  if (pick == 3) {
    List list;
    for (auto n = random() % 6; n > 0; --n) list.push_back(random_value(random, depth - 1));
    return list;
  }
  Object object;
  for (auto n = random() % 5; n > 0; --n)
    object.set(std::string(1, static_cast<char>('a' + random() % 6)), random_value(random, depth - 1));
  return object;
}

// Changes a few places of `value`, as a handler would.
void disturb(std::mt19937& random, Value& value) {
  if (value.is_list() && !value.list().empty() && random() % 3 != 0)
    return disturb(random, value.list()[random() % value.list().size()]);
  if (value.is_object() && !value.object().empty() && random() % 3 != 0)
    return disturb(random, (value.object().begin() + random() % value.object().size())->second);
  if (value.is_list() && random() % 2 == 0)
    value.list().insert(value.list().begin() + random() % (value.list().size() + 1), random_value(random, 1));
  else if (value.is_list() && !value.list().empty())
    value.list().erase(value.list().begin() + random() % value.list().size());
  else
    value = random_value(random, 2);
}

TEST(PatchProperty, ApplyingADifferenceGivesTheOtherValueInItsOrder) {
  std::mt19937 random(7);
  int patches = 0;
  for (int round = 0; round < 20000; ++round) {
    const Value from = random_value(random, 4);
    Value to = from;
    for (auto changes = random() % 3; changes > 0; --changes) disturb(random, to);
    const auto patch = diff(from, to);
    if (!patch) continue;
    ++patches;
    Value changed = from;
    for (const auto& operation : *patch) ASSERT_TRUE(apply_patch(operation, changed).ok());
    ASSERT_EQ(to_json(changed), to_json(to)) << to_json(from);
  }
  EXPECT_GT(patches, 5000) << "too few to mean anything";
}

}  // namespace
}  // namespace nexus::value
