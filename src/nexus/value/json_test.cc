#include "nexus/value/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "nexus/value/json_diagnosis.h"

namespace nexus::value {
namespace {

using testing::HasSubstr;

Value parsed(std::string_view text) {
  Result<Value> result = parse_json(text);
  EXPECT_TRUE(result.ok()) << text << ": " << result.error().message;
  return result.ok() ? std::move(result).take() : Value();
}

std::string printed(double number) {
  std::string out;
  write_json_number(number, out);
  return out;
}

std::string nested_lists(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

// The expected texts are what JavaScript's String(number) gives.
TEST(JsonWriter, PrintsNumbersAsJavaScriptDoes) {
  const std::pair<double, const char*> cases[] = {
      {0.0, "0"},
      {-0.0, "0"},
      {1, "1"},
      {-1, "-1"},
      {42.5, "42.5"},
      {0.1, "0.1"},
      {0.1 + 0.2, "0.30000000000000004"},
      {-0.001, "-0.001"},
      {1.0 / 3, "0.3333333333333333"},
      {100, "100"},
      {1e5, "100000"},
      {123456.789, "123456.789"},
      {0.000001, "0.000001"},
      {0.0000012, "0.0000012"},
      {1e-7, "1e-7"},
      {1.5e-7, "1.5e-7"},
      {-1.25e-10, "-1.25e-10"},
      {1e20, "100000000000000000000"},
      {123456789012345680000.0, "123456789012345680000"},
      {-123456789012345680000.0, "-123456789012345680000"},
      {999999999999999900000.0, "999999999999999900000"},
      {1e21, "1e+21"},
      {-1e21, "-1e+21"},
      {1.5e21, "1.5e+21"},
      {1e22, "1e+22"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {2.2250738585072014e-308, "2.2250738585072014e-308"},
      {5e-324, "5e-324"},
      {9007199254740991.0, "9007199254740991"},
      {-9007199254740991.0, "-9007199254740991"},
      {9007199254740992.0, "9007199254740992"},
      {9007199254740994.0, "9007199254740994"},
      {9223372036854775808.0, "9223372036854776000"},
      {18446744073709551616.0, "18446744073709552000"},
      {4294967295.0, "4294967295"},
      {2147483648.5, "2147483648.5"},
      {4.35, "4.35"},
      {0.5, "0.5"},
      {1234567890123456.7, "1234567890123456.8"},
      {1e300, "1e+300"},
      {12345e-320, "1.2345e-316"},
      {std::numeric_limits<double>::quiet_NaN(), "null"},
      {std::numeric_limits<double>::infinity(), "null"},
      {-std::numeric_limits<double>::infinity(), "null"},
  };
  for (const auto& [number, text] : cases) EXPECT_EQ(printed(number), text);
}

TEST(JsonWriter, EscapesStringsAsJsonStringifyDoes) {
  std::string out;
  write_json_string(std::string_view("\"\\/\b\f\n\r\t\0\x01\x1f\x7f", 12), out);
  EXPECT_EQ(out, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(to_json("h\xc3\xa9 \xe2\x80\xa8 \xf0\x9f\x98\x80"),
            "\"h\xc3\xa9 \xe2\x80\xa8 \xf0\x9f\x98\x80\"");
}

TEST(JsonWriter, WritesWellFormedTextEvenForIllFormedStrings) {
  EXPECT_EQ(to_json(Value("a\xed\xa0\x80z\n")), "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\\n\"");
  EXPECT_EQ(to_json(Object{{"\xff", 1}}), "{\"\xef\xbf\xbd\":1}");
}

TEST(JsonWriter, WritesCompactContainersInInsertionOrder) {
  EXPECT_EQ(to_json(Object{{"z", List{1, nullptr, true, false}}, {"a", Object{}}, {"", List{}}}),
            R"({"z":[1,null,true,false],"a":{},"":[]})");
}

TEST(JsonWriter, AppendsToWhatIsThere) {
  std::string out = "data: ";
  write_json(List{1}, out);
  EXPECT_EQ(out, "data: [1]");
}

TEST(JsonParser, ReadsEveryKindOfValue) {
  EXPECT_EQ(parsed("null"), Value());
  EXPECT_EQ(parsed(" true "), Value(true));
  EXPECT_EQ(parsed("false"), Value(false));
  EXPECT_EQ(parsed("-12.5e-1"), Value(-1.25));
  EXPECT_EQ(parsed(R"("\u00e9\ud83d\ude00\/\n")"), Value("\xc3\xa9\xf0\x9f\x98\x80/\n"));
  EXPECT_EQ(parsed("\t[1, [ ] ,{}]\r\n"), Value(List{1, List{}, Object{}}));
  EXPECT_EQ(parsed(R"({"a":{"b":[null]}})"), Value(Object{{"a", Object{{"b", List{nullptr}}}}}));
}

TEST(JsonParser, ReadsNumbersAsJavaScriptDoes) {
  EXPECT_EQ(parsed("123456789012345680000"), Value(123456789012345680000.0));
  EXPECT_EQ(parsed("18446744073709551616"), Value(18446744073709551616.0));
  EXPECT_EQ(parsed("1e-400"), Value(0));
  EXPECT_TRUE(std::signbit(parsed("-0").number()));
  EXPECT_EQ(parsed("0." + std::string(2000, '0') + "1"), Value(0));
  EXPECT_EQ(parsed("1" + std::string(308, '0')), Value(1e308));
}

// Each of these came out wrong from the parsing library's own conversion.
TEST(JsonParser, ReadsLongFractionsAndExponentsExactly) {
  EXPECT_EQ(parsed("0.99999999999999999999999999"), Value(1));
  EXPECT_EQ(parsed("0.30000000000000000000000000004"), Value(0.3));
  EXPECT_EQ(parsed("[0.123456789012345678901234567890 ]"), Value(List{0.12345678901234568}));
  EXPECT_EQ(parsed("[1e-0000000000000000000000005, 5]"), Value(List{1e-5, 5}));
  EXPECT_EQ(parsed("5e-77777777777777777777777"), Value(0));
  EXPECT_EQ(parsed("0e77777777777777777777777"), Value(0));
}

TEST(JsonParser, TellsTooSmallFromTooLarge) {
  const std::string zeros(400, '0');
  EXPECT_EQ(parsed("0." + zeros + "1e50"), Value(0));
  EXPECT_EQ(parsed("-0.1e-400"), Value(0));
  EXPECT_EQ(parsed("0." + zeros + "1e401"), Value(1));
  EXPECT_EQ(parsed("1" + zeros + "e-400"), Value(1));
  EXPECT_EQ(parsed("1" + zeros + "e-800"), Value(0));
  EXPECT_EQ(parsed("5e-324"), Value(5e-324));
  EXPECT_EQ(parsed("1e-310"), Value(1e-310));
  EXPECT_EQ(parsed("2e-324"), Value(0));
  EXPECT_FALSE(parse_json("1" + zeros + "e-10").ok());
  EXPECT_FALSE(parse_json("0." + zeros + "1e999").ok());
  EXPECT_FALSE(parse_json("1.8e308").ok());
}

TEST(JsonParser, KeepsKeyOrderAndLetsTheLastDuplicateWin) {
  EXPECT_EQ(to_json(parsed(R"({"b":1,"a":2,"b":3,"\u0061":4})")), R"({"b":3,"a":4})");
}

TEST(JsonParser, KeepsEmbeddedNulCharacters) {
  EXPECT_EQ(parsed(R"("a\u0000b")").string(), std::string("a\0b", 3));
}

struct Refusal {
  std::string_view text;
  std::string_view message;
};

TEST(JsonParser, SaysWhereATextIsWrongAndWhatItExpected) {
  const Refusal cases[] = {
      {"", "at byte 0: expected a value but found the end"},
      {"  ", "at byte 2: expected a value but found the end"},
      {"]", "at byte 0: expected a value but found ']'"},
      {"1 2", "at byte 2: expected the end but found '2'"},
      {"1,2", "at byte 1: expected the end but found ','"},
      {"[1]]", "at byte 3: expected the end but found ']'"},
      {"1],[2", "at byte 1: expected the end but found ']'"},
      {"1]", "at byte 1: expected the end but found ']'"},
      {"[1", "at byte 2: expected ',' or ']' but found the end"},
      {"[1}", "at byte 2: expected ',' or ']' but found '}'"},
      {"[1,]", "at byte 3: expected a value but found ']'"},
      {"[,1]", "at byte 1: expected a value but found ','"},
      {"[1 2]", "at byte 3: expected ',' or ']' but found '2'"},
      {"{\"a\":1,}", "at byte 7: expected a key in double quotes but found '}'"},
      {"{a:1}", "at byte 1: expected a key in double quotes but found 'a'"},
      {"{\"a\" 1}", "at byte 5: expected ':' but found '1'"},
      {"{\"a\":}", "at byte 5: expected a value but found '}'"},
      {"{\"a\":1 \"b\":2}", "at byte 7: expected ',' or '}' but found '\"'"},
      {"{\"a\":1", "at byte 6: expected ',' or '}' but found the end"},
      {"'a'", "at byte 0: expected a value but found '''"},
      {"nul", "at byte 0: expected \"null\" but found 'n'"},
      {"truex", "at byte 4: expected the end but found 'x'"},
      {"NaN", "at byte 0: expected a value but found 'N'"},
      {"undefined", "at byte 0: expected a value but found 'u'"},
      {"01", "at byte 1: expected the end but found '1'"},
      {"1.", "at byte 2: expected a digit but found the end"},
      {"[.5]", "at byte 1: expected a value but found '.'"},
      {"+1", "at byte 0: expected a value but found '+'"},
      {"-", "at byte 1: expected a digit but found the end"},
      {"[1e]", "at byte 3: expected a digit but found ']'"},
      {"1e999", "at byte 0: the number is beyond the range"},
      {"[-1e309]", "at byte 1: the number is beyond the range"},
      {"\"abc", "at byte 4: expected '\"' at the end of the string but found the end"},
      {"\"a\nb\"", "at byte 2: a control character in a string must be escaped"},
      {"\"\\x\"", "at byte 2: expected an escape such as \\n or \\u0041 but found 'x'"},
      {"\"\\u12\"", "at byte 5: expected a hexadecimal digit but found '\"'"},
      {"\"\\ud800\"", "at byte 1: the escape is half of a surrogate pair"},
      {"\"a\\udc00\"", "at byte 2: the escape is half of a surrogate pair"},
      {"\"\\ud800\\u0041\"", "at byte 1: the escape is half of a surrogate pair"},
      {"\"\\ud800\\ue000\"", "at byte 1: the escape is half of a surrogate pair"},
      {"\"\xff\"", "at byte 1: the string is not valid UTF-8"},
      {"\"\xed\xa0\x80\"", "at byte 1: the string is not valid UTF-8"},
      {"\xef\xbb\xbf[]", "at byte 0: expected a value but found the byte 0xef"},
      {"[1]//", "at byte 3: expected the end but found '/'"},
  };
  for (const Refusal& refusal : cases) {
    const Result<Value> result = parse_json(refusal.text);
    ASSERT_FALSE(result.ok()) << refusal.text;
    EXPECT_EQ(result.error().code, ErrorCode::kParseError) << refusal.text;
    EXPECT_THAT(result.error().message, HasSubstr(refusal.message)) << refusal.text;
  }
}

TEST(JsonParser, RefusesNulBytesOutsideStrings) {
  EXPECT_FALSE(parse_json(std::string_view("1\0", 2)).ok());
  EXPECT_FALSE(parse_json(std::string_view("[1\0]", 4)).ok());
}

TEST(JsonParser, BlamesTheHugeNumberAndNotTheTinyOne) {
  const Result<Value> result = parse_json("[1e-999,0.0e1,1e999]");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, HasSubstr("at byte 14: the number is beyond the range"));
}

TEST(JsonParser, CountsNestingExactly) {
  const ValueLimits limits{.depth = 3};
  EXPECT_TRUE(parse_json("[[[1,2],[]]]", limits).ok());
  EXPECT_TRUE(parse_json(R"({"a":[{}]})", limits).ok());
  const Result<Value> deeper = parse_json("[[[[]]]]", limits);
  ASSERT_FALSE(deeper.ok());
  EXPECT_EQ(deeper.error().code, ErrorCode::kPayloadTooLarge);
  EXPECT_THAT(deeper.error().message, HasSubstr("deeper than the 3 levels allowed, at byte 3"));
  EXPECT_TRUE(parse_json("1", {.depth = 0}).ok());
  EXPECT_FALSE(parse_json("[]", {.depth = 0}).ok());
}

TEST(JsonParser, NeverNestsDeeperThanTheFixedBound) {
  const ValueLimits unlimited{.depth = 1u << 30};
  EXPECT_TRUE(parse_json(nested_lists(kMaxDepth), unlimited).ok());
  EXPECT_FALSE(parse_json(nested_lists(kMaxDepth + 1), unlimited).ok());
  EXPECT_FALSE(parse_json(std::string(1u << 20, '['), unlimited).ok());
}

TEST(JsonParser, BoundsTheSizeOfTheText) {
  const ValueLimits limits{.bytes = 4};
  EXPECT_TRUE(parse_json("1234", limits).ok());
  const Result<Value> longer = parse_json("12345", limits);
  ASSERT_FALSE(longer.ok());
  EXPECT_EQ(longer.error().code, ErrorCode::kPayloadTooLarge);
  EXPECT_THAT(longer.error().message, HasSubstr("5 bytes but at most 4"));
}

TEST(JsonDiagnosis, FindsNothingInGoodText) {
  for (const std::string_view text :
       {"null", "[true,false]", R"({"a":[-0.5e+3,"\ud83d\ude00\u0041\\"]})", " 1e-999 "})
    EXPECT_FALSE(diagnose_json(text, 8).has_value()) << text;
}

TEST(Json, DuplicateKeysCanBeRefusedAtEveryDepth) {
  for (const char* text : {R"({"a":1,"a":2})", R"([{"b":{"a":1,"\u0061":1}}])"}) {
    EXPECT_TRUE(parse_json(text).ok()) << text;
    const auto refused = parse_json(text, {}, DuplicateKeys::kRefuse);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.error().message, "an object has two members of one name");
  }
  EXPECT_TRUE(parse_json(R"({"a":{"a":1}})", {}, DuplicateKeys::kRefuse).ok());
}

}  // namespace
}  // namespace nexus::value
