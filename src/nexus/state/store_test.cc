#include "nexus/state/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::state {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using value::DataType;
using value::List;
using value::Object;
using value::Value;

Mutation set(std::string key, Value value) {
  return {.key = std::move(key), .value = std::move(value)};
}

Mutation remove(std::string key) {
  return {.operation = Mutation::Operation::kDelete, .key = std::move(key), .value = {}};
}

std::vector<Declaration> declarations() {
  return {
      {.name = "title", .type = DataType::kString, .initial = "hello"},
      {.name = "count", .type = DataType::kNumber, .initial = 1},
      {.name = "done", .type = DataType::kBoolean, .initial = nullptr},
      {.name = "items", .type = DataType::kList, .initial = List{1}},
      {.name = "total", .initial = nullptr, .computed = true},
  };
}

Store make_store() {
  Result<Store> store = Store::create(declarations());
  EXPECT_TRUE(store.ok());
  return std::move(store).take();
}

std::string refusal(const Result<void>& result) {
  if (result.ok()) return "accepted";
  EXPECT_EQ(result.error().code, ErrorCode::kStateError);
  return result.error().message;
}

std::string create_refusal(std::vector<Declaration> declared, const Value& overrides,
                           std::size_t max_bytes = kDefaultMaxBytes) {
  const Result<Store> store = Store::create(std::move(declared), overrides, max_bytes);
  if (store.ok()) return "accepted";
  EXPECT_EQ(store.error().code, ErrorCode::kStateError);
  return store.error().message;
}

TEST(Store, StartsWithTheDeclaredValuesInDeclarationOrder) {
  const Store store = make_store();
  EXPECT_EQ(store.version(), 0u);
  EXPECT_EQ(store.to_json(),
            R"({"title":"hello","count":1,"done":false,"items":[1],"total":null})");
  EXPECT_THAT(store.keys(), ElementsAre("title", "count", "done", "items", "total"));
  ASSERT_NE(store.get("count"), nullptr);
  EXPECT_EQ(*store.get("count"), Value(1));
  EXPECT_EQ(store.get("nothing"), nullptr);
}

TEST(Store, IsAnEmptyObjectWhenNothingIsDeclared) {
  const Result<Store> store = Store::create({});
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(store->to_json(), "{}");
  EXPECT_EQ(store->bytes(), 0u);
}

TEST(Store, OverridesInitialValuesWithoutCountingAVersion) {
  const Result<Store> store =
      Store::create(declarations(), Object{{"count", "7"}, {"items", List{}}});
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(store->version(), 0u);
  EXPECT_EQ(store->to_json(),
            R"({"title":"hello","count":7,"done":false,"items":[],"total":null})");
}

TEST(Store, RefusesOverridesThatDoNotFitAndNamesTheKey) {
  EXPECT_EQ(create_refusal(declarations(), Object{{"cuont", 1}}),
            "state key \"cuont\" is not declared: did you mean \"count\"?");
  EXPECT_EQ(create_refusal(declarations(), Object{{"count", List{}}}),
            "state key \"count\": expected number but found a list");
  EXPECT_EQ(create_refusal(declarations(), Object{{"total", 1}}),
            "state key \"total\" is computed and cannot be written");
  EXPECT_EQ(create_refusal(declarations(), List{}),
            "the initial state must be an object but is a list");
}

TEST(Store, RefusesDeclarationsThatContradictThemselves) {
  EXPECT_EQ(create_refusal({{.name = "a"}, {.name = "a"}}, {}),
            "state key \"a\" is declared twice");
  EXPECT_EQ(create_refusal({{.name = "a", .type = DataType::kNumber, .initial = "x"}}, {}),
            "state key \"a\": expected number but found the string \"x\"");
}

TEST(Store, ChecksAWriteAndBringsItToTheDeclaredType) {
  const Store store = make_store();
  Value number = "42";
  EXPECT_EQ(refusal(store.check_write("count", &number)), "accepted");
  EXPECT_EQ(number, Value(42));
  Value list = List{1, 2};
  EXPECT_EQ(refusal(store.check_write("count", &list)),
            "state key \"count\": expected number but found a list");
  Value any = 1;
  EXPECT_EQ(refusal(store.check_write("total", &any)),
            "state key \"total\" is computed and cannot be written");
  EXPECT_EQ(*store.get("count"), Value(1));
}

TEST(Store, ChecksADelete) {
  const Store store = make_store();
  EXPECT_EQ(refusal(store.check_write("count", nullptr)), "accepted");
  EXPECT_THAT(refusal(store.check_write("total", nullptr)), HasSubstr("is computed"));
  EXPECT_THAT(refusal(store.check_write("other", nullptr)), HasSubstr("is not declared"));
}

TEST(Store, SuggestsTheNearestKey) {
  const Store store = make_store();
  const auto message = [&](std::string_view key) {
    return refusal(store.check_write(key, nullptr));
  };
  EXPECT_THAT(message("Count"), HasSubstr("did you mean \"count\"?"));
  EXPECT_THAT(message("itms"), HasSubstr("did you mean \"items\"?"));
  EXPECT_THAT(message("titel"), HasSubstr("did you mean \"title\"?"));
  EXPECT_THAT(message("dones"), HasSubstr("did you mean \"done\"?"));
  EXPECT_THAT(message("totl"), HasSubstr("did you mean \"total\"?"));
  EXPECT_EQ(message("do"), "state key \"do\" is not declared: declare it in <Data>");
  EXPECT_EQ(message(""), "state key \"\" is not declared: declare it in <Data>");
}

TEST(Store, MessagesDoNotGrowWithAHostileKey) {
  const Store store = make_store();
  const std::string message = refusal(store.check_write(std::string(1 << 20, '\n'), nullptr));
  EXPECT_LT(message.size(), 250u);
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Store, TreatsNamesOfThePrototypeChainAsOrdinaryKeys) {
  const Store store = make_store();
  for (const std::string_view name : {"__proto__", "constructor", "toString"}) {
    EXPECT_EQ(store.get(name), nullptr);
    EXPECT_THAT(refusal(store.check_write(name, nullptr)), HasSubstr("is not declared"));
  }
}

TEST(Store, AppliesABatchAsOneVersion) {
  Store store = make_store();
  const auto applied = store.apply({set("count", 2), set("title", "two")});
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(applied.value(), ElementsAre(set("count", 2), set("title", "two")));
  EXPECT_EQ(store.version(), 1u);
  EXPECT_EQ(*store.get("count"), Value(2));
}

TEST(Store, LeavesOutWhatDoesNotChangeAnything) {
  Store store = make_store();
  const auto applied =
      store.apply({set("count", 1), set("items", List{1}), set("title", "new"), set("done", "no")});
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(applied.value(), ElementsAre(set("title", "new")));
  EXPECT_EQ(store.version(), 1u);
  const auto nothing = store.apply({set("title", "new")});
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->empty());
  EXPECT_EQ(store.version(), 1u);
  EXPECT_TRUE(store.apply({}).ok());
  EXPECT_EQ(store.version(), 1u);
}

TEST(Store, ReportsValuesAsStored) {
  Store store = make_store();
  const auto applied = store.apply({set("count", "5")});
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(applied.value(), ElementsAre(set("count", 5)));
}

TEST(Store, ReportsOneMutationPerKeyInOrderOfFirstTouch) {
  Store store = make_store();
  const auto applied = store.apply({set("title", "a"), set("count", 2), set("title", "b"),
                                    set("done", true), set("done", false)});
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(applied.value(), ElementsAre(set("title", "b"), set("count", 2)));
}

TEST(Store, ADeletedKeyIsGoneUntilItIsSetAgainInItsOldPlace) {
  Store store = make_store();
  const auto deleted = store.apply({remove("title")});
  ASSERT_TRUE(deleted.ok());
  EXPECT_THAT(deleted.value(), ElementsAre(remove("title")));
  EXPECT_EQ(store.get("title"), nullptr);
  EXPECT_EQ(store.to_json(), R"({"count":1,"done":false,"items":[1],"total":null})");
  EXPECT_THAT(store.keys(), ElementsAre("count", "done", "items", "total"));

  const auto again = store.apply({remove("title")});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->empty());
  EXPECT_EQ(store.version(), 1u);

  ASSERT_TRUE(store.apply({set("title", "hello")}).ok());
  EXPECT_EQ(store.version(), 2u);
  EXPECT_EQ(store.to_json(),
            R"({"title":"hello","count":1,"done":false,"items":[1],"total":null})");
}

TEST(Store, CarriesComputedValuesInTheSameVersion) {
  Store store = make_store();
  const auto applied = store.apply({set("count", 2)}, {set("total", Object{{"sum", 2}})});
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(applied.value(), ElementsAre(set("count", 2), set("total", Object{{"sum", 2}})));
  EXPECT_EQ(store.version(), 1u);
  const auto declared = store.apply({}, {set("count", 3)});
  ASSERT_FALSE(declared.ok());
  EXPECT_EQ(declared.error().message, "state key \"count\" is not a computed key");
}

TEST(Store, RefusesABatchWholeOrNotAtAll) {
  Store store = make_store();
  const std::string before = store.to_json();
  for (const Mutation& bad : {set("count", List{}), set("total", 1), set("unknown", 1),
                              remove("total"), remove("unknown")}) {
    const auto applied = store.apply({set("title", "changed"), bad});
    ASSERT_FALSE(applied.ok());
    EXPECT_EQ(applied.error().code, ErrorCode::kStateError);
  }
  EXPECT_FALSE(store.apply({set("count", List{}), set("count", 2)}).ok());
  EXPECT_EQ(store.to_json(), before);
  EXPECT_EQ(store.version(), 0u);
}

TEST(Store, BoundsTheTotalSize) {
  const std::size_t used = make_store().bytes();
  Result<Store> created = Store::create(declarations(), {}, used + 10);
  ASSERT_TRUE(created.ok());
  Store store = std::move(created).take();
  Value fits = "hello" + std::string(10, 'x');
  Value too_long = "hello" + std::string(11, 'x');
  EXPECT_EQ(refusal(store.check_write("title", &fits)), "accepted");
  EXPECT_EQ(refusal(store.check_write("title", &too_long)),
            "with this value of state key \"title\" the state would take " +
                std::to_string(used + 11) + " bytes but at most " + std::to_string(used + 10) +
                " are allowed: keep less in it");

  const auto applied = store.apply({set("count", 2), set("title", too_long)});
  ASSERT_FALSE(applied.ok());
  EXPECT_THAT(applied.error().message, HasSubstr("state key \"title\""));
  EXPECT_EQ(store.bytes(), used);
  EXPECT_EQ(*store.get("count"), Value(1));

  ASSERT_TRUE(store.apply({set("title", fits)}).ok());
  EXPECT_EQ(store.bytes(), used + 10);
  EXPECT_TRUE(store.apply({remove("items"), set("title", too_long)}).ok());
}

TEST(Store, BoundsTheInitialSizeToo) {
  EXPECT_THAT(create_refusal(declarations(), {}, 20), HasSubstr("but at most 20 are allowed"));
  EXPECT_THAT(create_refusal(declarations(), Object{{"title", std::string(100, 'x')}}, 100),
              HasSubstr("state key \"title\""));
}

TEST(Store, ACopyIsASnapshot) {
  Store store = make_store();
  const Store snapshot = store;
  ASSERT_TRUE(store.apply({set("count", 9)}).ok());
  EXPECT_EQ(*snapshot.get("count"), Value(1));
  EXPECT_EQ(snapshot.version(), 0u);
}

// --- Patches

using Kind = value::PatchOperation::Kind;

Mutation patch(std::string key, value::Patch operations) {
  return {.key = std::move(key), .patch = std::move(operations)};
}

TEST(Store, APatchChangesAPlaceInsideAKey) {
  Store store = make_store();
  const Mutation more = patch("items", {{Kind::kAdd, {1}, "x"}, {Kind::kReplace, {0}, 5}});
  const auto applied = store.apply({more});
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(applied.value(), ElementsAre(more)) << "and is reported as it is";
  EXPECT_EQ(value::to_json(*store.get("items")), R"([5,"x"])");
  EXPECT_EQ(store.version(), 1u);
}

TEST(Store, WhatOneWritesWholeIsReportedAsThePartThatChanged) {
  Store store = make_store();
  List list;
  for (int i = 0; i < 100; ++i) list.emplace_back(i);
  ASSERT_TRUE(store.apply({set("items", list)}).ok());
  list.emplace_back("new");
  const auto applied = store.apply({set("items", list)});
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(applied.value(), ElementsAre(patch("items", {{Kind::kAdd, {100}, "new"}})));
  EXPECT_EQ(store.get("items")->list(), list);
}

TEST(Store, AFailedBatchTakesItsPatchesBack) {
  Store store = make_store();
  const std::string before = store.to_json();
  const Mutation good = patch("items", {{Kind::kAdd, {1}, 1}, {Kind::kRemove, {0}}});
  for (const Mutation& bad : {patch("items", {{Kind::kAdd, {0}, 1}, {Kind::kAdd, {9}, 1}}),
                              patch("title", {{Kind::kAdd, {0}, 1}}), patch("nothing", {{Kind::kAdd, {0}, 1}}),
                              patch("total", {{Kind::kAdd, {0}, 1}}), set("count", "no number")}) {
    EXPECT_FALSE(store.apply({bad.key == "items" ? set("title", "x") : good, bad}).ok()) << bad.key;
    EXPECT_EQ(store.to_json(), before) << bad.key;
  }
  EXPECT_EQ(store.version(), 0u);
}

TEST(Store, APatchCountsTowardTheSizeLimit) {
  auto store = Store::create({{.name = "list", .type = DataType::kList, .initial = List{}}}, {}, 100);
  ASSERT_TRUE(store.ok());
  int added = 0;
  while (store->apply({patch("list", {{Kind::kAdd, {added}, "0123456789"}})}).ok()) ++added;
  EXPECT_EQ(added, 8);
  EXPECT_EQ(store->get("list")->list().size(), 8u);
  EXPECT_EQ(store->bytes(), 4 + value::msgpack_size(*store->get("list")));
}

// Random batches against the plainest possible store.
class Model {
 public:
  std::map<std::string, Value> values;

  // True when the batch changed something.
  bool apply(const std::vector<Mutation>& batch) {
    const std::map<std::string, Value> before = values;
    for (const Mutation& mutation : batch) {
      if (!mutation.patch.empty()) {
        for (const auto& operation : mutation.patch)
          EXPECT_TRUE(value::apply_patch(operation, values.at(mutation.key)).ok());
        continue;
      }
      values.erase(mutation.key);
      if (mutation.operation == Mutation::Operation::kSet)
        values.emplace(mutation.key, mutation.value);
    }
    return values != before;
  }

  std::size_t bytes() const {
    std::size_t total = 0;
    for (const auto& [key, value] : values) total += key.size() + value::msgpack_size(value);
    return total;
  }
};

TEST(StoreModel, AgreesWithAMapUnderRandomBatches) {
  std::mt19937 random(20261121);
  const auto below = [&](int bound) {
    return std::uniform_int_distribution<int>(0, bound - 1)(random);
  };
  Store store = make_store();
  Model model;
  for (const std::string& key : store.keys()) model.values.emplace(key, *store.get(key));
  const auto random_mutation = [&] {
    switch (below(6)) {
      case 0:
        return set("title", std::string(static_cast<std::size_t>(below(3)), 'x'));
      case 1:
        return set("done", below(2) == 0);
      case 2:
        return set("items", List(static_cast<std::size_t>(below(20))));
      case 3:
        return remove(std::vector<std::string>{"title", "count", "done", "items"}[below(4)]);
      default:
        return set("count", below(5));
    }
  };
  for (int round = 0; round < 3000; ++round) {
    std::vector<Mutation> batch;
    for (int count = below(5); count > 0; --count) batch.push_back(random_mutation());
    const std::uint64_t version = store.version();
    Model mirror = model;
    const bool changed = model.apply(batch);
    const auto applied = store.apply(batch);
    ASSERT_TRUE(applied.ok());
    ASSERT_EQ(store.version(), version + (changed ? 1 : 0));
    ASSERT_EQ(applied->empty(), !changed);
    // The reported changes alone bring an observer to the same state.
    mirror.apply(applied.value());
    ASSERT_EQ(mirror.values, model.values);
    std::map<std::string, Value> held;
    for (const std::string& key : store.keys()) held.emplace(key, *store.get(key));
    ASSERT_EQ(held, model.values);
    ASSERT_EQ(store.bytes(), model.bytes());
  }
}

// --- Taking over

Store successor(std::vector<Declaration> declared, const Store& old) {
  Store store = std::move(Store::create(std::move(declared))).take();
  EXPECT_TRUE(store.take_over(old).ok());
  return store;
}

TEST(Store, TakesOverWhatKeptItsNameAndType) {
  Store old = make_store();
  ASSERT_TRUE(old.apply({set("title", "mine"), set("count", 5), set("items", List{1, 2})}, {set("total", 3)}).ok());
  const Store next = successor({{.name = "items", .type = DataType::kList, .initial = List{}},
                                {.name = "count", .type = DataType::kString, .initial = "none"},
                                {.name = "added", .type = DataType::kNumber, .initial = 7},
                                {.name = "title", .type = DataType::kString, .initial = "new default"},
                                {.name = "total", .type = DataType::kNumber, .initial = 0}},
                               old);
  EXPECT_EQ(next.to_json(), R"({"items":[1,2],"count":"none","added":7,"title":"mine","total":0})");
  EXPECT_EQ(next.version(), old.version() + 1);
}

TEST(Store, TakesOverThatAKeyWasDeleted) {
  Store old = make_store();
  ASSERT_TRUE(old.apply({remove("count")}).ok());
  const Store next = successor(declarations(), old);
  EXPECT_EQ(next.get("count"), nullptr);
  EXPECT_EQ(next.version(), 2u);
}

TEST(Store, TakesOverComputedKeysAsTheNewDocumentSays) {
  Store old = make_store();
  ASSERT_TRUE(old.apply({}, {set("total", 3)}).ok());
  Store next = successor(
      {{.name = "title", .computed = true}, {.name = "total", .initial = nullptr, .computed = true}}, old);
  ASSERT_TRUE(next.seed({set("title", "hello!")}).ok());
  EXPECT_EQ(next.to_json(), R"({"title":"hello!","total":null})");
  EXPECT_EQ(next.version(), 2u) << "first values are no change";
}

TEST(Store, TakingOverKeepsTheSizeLimit) {
  Store old = make_store();
  ASSERT_TRUE(old.apply({set("title", std::string(100, 'x'))}).ok());
  Store next = std::move(Store::create(declarations(), {}, 90)).take();
  EXPECT_THAT(refusal(next.take_over(old)), HasSubstr("at most 90 are allowed"));
}

}  // namespace
}  // namespace nexus::state
