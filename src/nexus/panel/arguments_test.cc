#include "nexus/panel/arguments.h"

#include <gtest/gtest.h>

#include "nexus/value/json.h"

namespace nexus::panel {
namespace {

using value::DataType;
using value::List;
using value::Object;
using value::Value;

nxml::Arg arg(std::string name, DataType type, bool required = true) {
  nxml::Arg arg;
  arg.name = std::move(name);
  arg.type = type;
  arg.required = required;
  return arg;
}

class ArgumentsTest : public testing::Test {
 protected:
  ArgumentsTest() {
    tool_.name = "add";
    tool_.args.push_back(arg("text", DataType::kString));
    tool_.args.push_back(arg("count", DataType::kNumber, false));
    tool_.args.back().fallback = Value(1);
    tool_.args.push_back(arg("tags", DataType::kList, false));
  }
  std::string bound(Value sent) {
    return value::to_json(bind_arguments(tool_, std::move(sent)).value());
  }
  std::string refusal(Value sent) {
    const auto result = bind_arguments(tool_, std::move(sent));
    EXPECT_FALSE(result.ok());
    if (result.ok()) return {};
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    return result.error().message;
  }
  nxml::Tool tool_;
};

TEST_F(ArgumentsTest, ByNameByPositionAndAsAScalarMeanTheSame) {
  EXPECT_EQ(bound(Object{{"count", 2}, {"text", "a"}}), R"({"text":"a","count":2})");
  EXPECT_EQ(bound(List{"a", 2}), R"({"text":"a","count":2})");
  EXPECT_EQ(bound("a"), R"({"text":"a","count":1})");
}

TEST_F(ArgumentsTest, MissingOnesTakeTheirDefaultOrStayAway) {
  EXPECT_EQ(bound(Object{{"text", "a"}}), R"({"text":"a","count":1})");
  EXPECT_EQ(bound(List{"a", 2, List{"x"}}), R"({"text":"a","count":2,"tags":["x"]})");
}

TEST_F(ArgumentsTest, AMissingRequiredOneIsNamed) {
  const std::string message = "missing required argument \"text\" (string) of tool \"add\"";
  EXPECT_EQ(refusal(Object{{"count", 2}}), message);
  EXPECT_EQ(refusal(List{}), message);
  EXPECT_EQ(refusal(Value()), message);
}

TEST_F(ArgumentsTest, UndeclaredOnesAreDropped) {
  EXPECT_EQ(bound(Object{{"text", "a"}, {"extra", 1}, {"__proto__", 2}}),
            R"({"text":"a","count":1})");
  EXPECT_EQ(bound(List{"a", 2, List{}, "more", "and more"}), R"({"text":"a","count":2,"tags":[]})");
  tool_.args.clear();
  EXPECT_EQ(bound(5), "{}");
}

TEST_F(ArgumentsTest, TextThatMeansANumberIsTakenAsOne) {
  EXPECT_EQ(bound(List{"a", "42"}), R"({"text":"a","count":42})");
}

TEST_F(ArgumentsTest, AWrongTypeNamesToolAndArgument) {
  const std::string message = refusal(Object{{"text", "a"}, {"count", "many"}});
  EXPECT_TRUE(message.starts_with("argument \"count\" of tool \"add\": ")) << message;
  EXPECT_FALSE(bind_arguments(tool_, Object{{"text", "a"}, {"tags", Object{}}}).ok());
}

}  // namespace
}  // namespace nexus::panel
