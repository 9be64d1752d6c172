#include "nexus/value/data_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/value/json.h"

namespace nexus::value {
namespace {

using testing::HasSubstr;
using enum DataType;

constexpr DataType kAll[] = {kString, kNumber, kBoolean, kList, kObject};

// The coerced value as JSON, or the message of the refusal.
std::string text(DataType type, std::string_view literal) {
  const Result<Value> result = coerce_text(type, literal);
  if (result.ok()) return to_json(result.value());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  return result.error().message;
}

std::string value(DataType type, Value from) {
  const Result<Value> result = coerce_value(type, std::move(from));
  if (result.ok()) return to_json(result.value());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  return result.error().message;
}

TEST(DataType, WordsAndTypesMatchBothWays) {
  for (const DataType type : kAll) EXPECT_EQ(parse_data_type(to_string(type)), type);
  for (const std::string_view word : {"", "String", "array", "any", "numbers"})
    EXPECT_FALSE(parse_data_type(word).has_value()) << word;
}

TEST(DataType, HasADefaultOfItsOwnType) {
  EXPECT_EQ(to_json(type_default(kString)), "\"\"");
  EXPECT_EQ(to_json(type_default(kNumber)), "0");
  EXPECT_EQ(to_json(type_default(kBoolean)), "false");
  EXPECT_EQ(to_json(type_default(kList)), "[]");
  EXPECT_EQ(to_json(type_default(kObject)), "{}");
}

TEST(CoerceText, EmptyTextIsTheDefaultOfTheType) {
  for (const DataType type : kAll) EXPECT_EQ(text(type, ""), to_json(type_default(type)));
  for (const DataType type : {kNumber, kBoolean, kList, kObject})
    EXPECT_EQ(text(type, " \n\t"), to_json(type_default(type)));
}

TEST(CoerceText, KeepsStringsAsTheyAre) {
  EXPECT_EQ(text(kString, " 12 "), "\" 12 \"");
  EXPECT_EQ(text(kString, "[1]"), "\"[1]\"");
}

TEST(CoerceText, ReadsNumbersAsJavaScriptLiterals) {
  EXPECT_EQ(text(kNumber, "42"), "42");
  EXPECT_EQ(text(kNumber, " -1.5e3 "), "-1500");
  EXPECT_EQ(text(kNumber, "+.5"), "0.5");
  EXPECT_EQ(text(kNumber, "5."), "5");
  EXPECT_EQ(text(kNumber, "007"), "7");
  EXPECT_EQ(text(kNumber, "0x1F"), "31");
  EXPECT_EQ(text(kNumber, "0b101"), "5");
  EXPECT_EQ(text(kNumber, "0o17"), "15");
}

TEST(CoerceText, RefusesWhatIsNoNumber) {
  for (const std::string_view bad : {"abc", "1,5", "12px", "--1", "+-1", "1e", "0x", "0xg", "0x-1",
                                     "-0x10", ".", "NaN", "Infinity", "inf", "1e999", "1 2"})
    EXPECT_THAT(text(kNumber, bad), HasSubstr("expected number but found \"")) << bad;
}

TEST(CoerceText, ReadsTheWordsOfBooleans) {
  for (const std::string_view yes : {"true", "TRUE", "yes", "1", "On", " true "})
    EXPECT_EQ(text(kBoolean, yes), "true") << yes;
  for (const std::string_view no : {"false", "False", "no", "0", "OFF"})
    EXPECT_EQ(text(kBoolean, no), "false") << no;
  EXPECT_EQ(text(kBoolean, "maybe"), "expected boolean but found \"maybe\": write true or false");
}

TEST(CoerceText, ReadsListsFromJsonOrCommas) {
  EXPECT_EQ(text(kList, "[1, \"a\", {}]"), R"([1,"a",{}])");
  EXPECT_EQ(text(kList, " [ ] "), "[]");
  EXPECT_EQ(text(kList, "7"), "[7]");
  EXPECT_EQ(text(kList, "{\"a\":1}"), R"([{"a":1}])");
  EXPECT_EQ(text(kList, "red, green ,blue"), R"(["red","green","blue"])");
  EXPECT_EQ(text(kList, "a,"), R"(["a",""])");
}

TEST(CoerceText, RefusesBrokenLists) {
  EXPECT_THAT(text(kList, "[1, 2"), HasSubstr("invalid JSON at byte 5: expected ',' or ']'"));
  EXPECT_THAT(text(kList, "{a, b}"), HasSubstr("expected list but found \"{a, b}\": invalid JSON"));
  EXPECT_EQ(text(kList, "word"),
            "expected list but found \"word\": write a JSON list or words with commas");
}

TEST(CoerceText, ReadsObjectsAndNothingElse) {
  EXPECT_EQ(text(kObject, " {\"b\":1,\"a\":[]} "), R"({"b":1,"a":[]})");
  EXPECT_EQ(text(kObject, "[1]"), "expected object but found a list");
  EXPECT_EQ(text(kObject, "12"), "expected object but found a number");
  EXPECT_THAT(text(kObject, "{a:1}"), HasSubstr("expected a key in double quotes"));
}

TEST(CoerceText, MessagesDoNotGrowWithTheInput) {
  EXPECT_LT(text(kNumber, std::string(100000, 'x')).size(), 100u);
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "\xe2\x82\xac";
  EXPECT_THAT(text(kNumber, "x" + wide), HasSubstr("\xe2\x82\xac\"..."));
}

TEST(CoerceValue, KeepsValuesOfTheType) {
  EXPECT_EQ(value(kString, "x"), "\"x\"");
  EXPECT_EQ(value(kNumber, 1.5), "1.5");
  EXPECT_EQ(value(kBoolean, true), "true");
  EXPECT_EQ(value(kList, List{1}), "[1]");
  EXPECT_EQ(value(kObject, Object{{"a", 1}}), R"({"a":1})");
}

TEST(CoerceValue, TurnsNullIntoTheDefault) {
  for (const DataType type : kAll) EXPECT_EQ(value(type, nullptr), to_json(type_default(type)));
}

TEST(CoerceValue, ConvertsScalarsWhereNothingIsLost) {
  EXPECT_EQ(value(kString, 0.1), "\"0.1\"");
  EXPECT_EQ(value(kString, false), "\"false\"");
  EXPECT_EQ(value(kNumber, " 12 "), "12");
  EXPECT_EQ(value(kNumber, true), "1");
  EXPECT_EQ(value(kBoolean, "no"), "false");
  EXPECT_EQ(value(kBoolean, 1), "true");
  EXPECT_EQ(value(kBoolean, 0), "false");
}

TEST(CoerceValue, RefusesWhatWouldLoseSomething) {
  EXPECT_EQ(value(kNumber, "abc"), "expected number but found the string \"abc\"");
  EXPECT_EQ(value(kNumber, ""), "expected number but found the string \"\"");
  EXPECT_EQ(value(kBoolean, 2), "expected boolean but found the number 2");
  EXPECT_EQ(value(kBoolean, ""), "expected boolean but found the string \"\"");
}

TEST(CoerceValue, NeverTurnsContainersIntoAnythingOrAnythingIntoThem) {
  const Value scalars[] = {true, 1, "[]", "{}"};
  for (const Value& scalar : scalars) {
    EXPECT_THAT(value(kList, scalar), HasSubstr("expected list but found the "));
    EXPECT_THAT(value(kObject, scalar), HasSubstr("expected object but found the "));
  }
  for (const DataType type : {kString, kNumber, kBoolean, kObject})
    EXPECT_THAT(value(type, List{}), HasSubstr("but found a list"));
  for (const DataType type : {kString, kNumber, kBoolean, kList})
    EXPECT_THAT(value(type, Object{}), HasSubstr("but found an object"));
}

}  // namespace
}  // namespace nexus::value
