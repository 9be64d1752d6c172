#include "nexus/panel/subscription.h"

#include <gtest/gtest.h>

namespace nexus::panel {
namespace {

using Direction = SubscriptionChange::Direction;

const std::vector<std::string> kDeclared = {"a", "b", "total"};

SubscriptionChange keys(Direction direction, std::vector<std::string> names) {
  return {direction, {}, std::move(names)};
}

std::string shown(const Subscription& subscription) {
  std::string names;
  for (const auto& key : kDeclared)
    if (subscription.wants(key)) names += key + " ";
  return names;
}

TEST(Subscription, StartsWithEverything) {
  const Subscription fresh;
  for (const Topic topic : {Topic::kState, Topic::kEvents, Topic::kView})
    EXPECT_TRUE(fresh.has(topic)) << to_string(topic);
  EXPECT_EQ(shown(fresh), "a b total ");
}

TEST(Subscription, TheFirstNamedKeysReplaceAllAndLaterOnesAreAdded) {
  Subscription wanted;
  ASSERT_TRUE(wanted.apply(keys(Direction::kSubscribe, {"a"}), kDeclared).ok());
  EXPECT_EQ(shown(wanted), "a ");
  ASSERT_TRUE(wanted.apply(keys(Direction::kSubscribe, {"total"}), kDeclared).ok());
  EXPECT_EQ(shown(wanted), "a total ");
  ASSERT_TRUE(wanted.apply(keys(Direction::kUnsubscribe, {"a", "b"}), kDeclared).ok());
  EXPECT_EQ(shown(wanted), "total ");
  ASSERT_TRUE(wanted.apply(keys(Direction::kSubscribe, {"*"}), kDeclared).ok());
  EXPECT_TRUE(wanted.has_all_keys());
}

TEST(Subscription, KeysAreTakenOutOfAll) {
  Subscription wanted;
  ASSERT_TRUE(wanted.apply(keys(Direction::kUnsubscribe, {"b"}), kDeclared).ok());
  EXPECT_EQ(shown(wanted), "a total ");
  ASSERT_TRUE(wanted.apply(keys(Direction::kUnsubscribe, {"*"}), kDeclared).ok());
  EXPECT_EQ(shown(wanted), "");
}

TEST(Subscription, WithoutTheTopicNoKeyIsWanted) {
  Subscription wanted;
  ASSERT_TRUE(wanted.apply({Direction::kUnsubscribe, {Topic::kState, Topic::kView}, {}}, kDeclared).ok());
  EXPECT_EQ(shown(wanted), "");
  EXPECT_TRUE(wanted.has(Topic::kEvents));
  ASSERT_TRUE(wanted.apply({Direction::kSubscribe, {Topic::kState}, {}}, kDeclared).ok());
  EXPECT_EQ(shown(wanted), "a b total ");
}

TEST(Subscription, AnUnknownKeyChangesNothing) {
  Subscription wanted;
  const auto applied =
      wanted.apply({Direction::kUnsubscribe, {Topic::kEvents}, {"a", "totl"}}, kDeclared);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(applied.error().message,
            "the panel's state has no key 'totl'; did you mean 'total'?");
  EXPECT_EQ(shown(wanted), "a b total ");
  EXPECT_TRUE(wanted.has(Topic::kEvents));
}

}  // namespace
}  // namespace nexus::panel
