#include "nexus/nxml/expression.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nexus/nxml/expression_lexer_internal.h"
#include "nexus/nxml/expression_names_internal.h"

namespace nexus::nxml {
namespace {

std::string json_of(std::string_view source) {
  Arena arena;
  ExpressionError error;
  const Expression* expression = parse_expression(source, 0, arena, error);
  if (expression == nullptr) return "error: " + error.message;
  std::string out;
  write_json(*expression, out);
  return out;
}

// The tree as text with every pair of parentheses that JavaScript's precedence implies: what the
// cases below are about.
std::string shape_of(const Expression& node) {
  using Kind = Expression::Kind;
  const auto child = [&](std::size_t i) { return shape_of(*node.children[i]); };
  const std::string text(node.text);
  switch (node.kind) {
    case Kind::kLiteral:
      if (node.literal == Expression::Literal::kNumber)
        return std::to_string(static_cast<int>(node.number));
      if (node.literal == Expression::Literal::kString) return "'" + text + "'";
      return text;
    case Kind::kName:
      return text;
    case Kind::kMember:
      return child(0) + (node.optional ? "?." : ".") + text;
    case Kind::kIndex:
      return child(0) + (node.optional ? "?.[" : "[") + child(1) + "]";
    case Kind::kUnary:
      return "(" + text + " " + child(0) + ")";
    case Kind::kBinary:
    case Kind::kLogical:
      return "(" + child(0) + " " + text + " " + child(1) + ")";
    case Kind::kConditional:
      return "(" + child(0) + " ? " + child(1) + " : " + child(2) + ")";
    case Kind::kArrow:
      return "(=> " + child(0) + ")";
    case Kind::kSpread:
      return "..." + child(0);
    case Kind::kParen:
      return "<" + child(0) + ">";
    default:
      break;
  }
  std::string out = node.kind == Kind::kCall ? "call(" : node.kind == Kind::kArray ? "[" : "{";
  for (std::size_t i = 0; i < node.children.size(); ++i) out += (i > 0 ? " " : "") + child(i);
  return out + (node.kind == Kind::kCall ? ")" : node.kind == Kind::kArray ? "]" : "}");
}

std::string shape(std::string_view source) {
  Arena arena;
  ExpressionError error;
  const Expression* expression = parse_expression(source, 0, arena, error);
  return expression == nullptr ? "error: " + error.message : shape_of(*expression);
}

struct Case {
  std::string_view source;
  std::string_view expected;
};

TEST(Expression, BindsOperatorsAsJavaScriptDoes) {
  const std::vector<Case> cases = {
      {"1 + 2 * 3", "(1 + (2 * 3))"},
      {"1 * 2 + 3", "((1 * 2) + 3)"},
      {"1 - 2 - 3", "((1 - 2) - 3)"},
      {"8 / 4 / 2", "((8 / 4) / 2)"},
      {"7 % 4 * 2", "((7 % 4) * 2)"},
      {"2 ** 3 ** 2", "(2 ** (3 ** 2))"},
      {"2 * 3 ** 2", "(2 * (3 ** 2))"},
      {"(-2) ** 2", "((- 2) ** 2)"},
      {"2 ** -1", "(2 ** (- 1))"},
      {"-1 + 2", "((- 1) + 2)"},
      {"!1 && 2", "((! 1) && 2)"},
      {"!!1", "(! (! 1))"},
      {"- -1", "(- (- 1))"},
      {"typeof 1 === 'number'", "((typeof 1) === 'number')"},
      {"typeof typeof 1", "(typeof (typeof 1))"},
      {"1 < 2 === true", "((1 < 2) === true)"},
      {"1 + 2 < 3 + 4", "((1 + 2) < (3 + 4))"},
      {"1 == 2 != 3", "((1 == 2) != 3)"},
      {"'a' in $state == true", "(('a' in $state) == true)"},
      {"1 || 2 && 3", "(1 || (2 && 3))"},
      {"1 && 2 || 3", "((1 && 2) || 3)"},
      {"1 ?? 2 ?? 3", "((1 ?? 2) ?? 3)"},
      {"(1 || 2) ?? 3", "((1 || 2) ?? 3)"},
      {"1 ?? (2 && 3)", "(1 ?? (2 && 3))"},
      {"1 ?? 2 + 3", "(1 ?? (2 + 3))"},
      {"1 >= 2 && 3 <= 4", "((1 >= 2) && (3 <= 4))"},
      {"1 ? 2 : 3", "(1 ? 2 : 3)"},
      {"1 ? 2 : 3 ? 4 : 5", "(1 ? 2 : (3 ? 4 : 5))"},
      {"1 ? 2 ? 3 : 4 : 5", "(1 ? (2 ? 3 : 4) : 5)"},
      {"1 || 2 ? 3 : 4", "((1 || 2) ? 3 : 4)"},
      {"(1 + 2) * 3", "((1 + 2) * 3)"},
      {"((((1))))", "1"},
      {"1?.5:2", "(1 ? 0 : 2)"},
  };
  for (const Case& c : cases) EXPECT_EQ(shape(c.source), c.expected) << c.source;
}

TEST(Expression, ReadsChains) {
  const std::vector<Case> cases = {
      {"$state.a", "$state.a"},
      {"$state.a.b.c", "$state.a.b.c"},
      {"$state['a']", "$state['a']"},
      {"$state.a[0].b", "$state.a[0].b"},
      {"$state?.a", "$state?.a"},
      {"$state?.['a']", "$state?.['a']"},
      {"$state.a?.b.c", "$state.a?.b.c"},
      {"($state.a?.b).c", "<$state.a?.b>.c"},
      {"($state.a?.b)", "$state.a?.b"},
      {"($state.a.b).c", "$state.a.b.c"},
      {"$state.rows.map(r => r.id)", "call($state.rows.map (=> r.id))"},
      {"$state.rows?.map?.(r => r)", "call($state.rows?.map (=> r))"},
      {"$state.new.class.in", "$state.new.class.in"},
      {"Math.max(1, 2)", "call(Math.max 1 2)"},
      {"Math.PI", "Math.PI"},
      {"Math.max(...$state.list, 1)", "call(Math.max ...$state.list 1)"},
      {"Number('1')", "call(Number '1')"},
      {"$state.list.filter(Boolean)", "call($state.list.filter Boolean)"},
      {"$state.list.map(String).join(', ')", "call(call($state.list.map String).join ', ')"},
      {"(x => x)(1)", "call((=> x) 1)"},
      {"1.5.toFixed(1)", "call(1.toFixed 1)"},
      {"'abc'.length", "'abc'.length"},
      {"[1, 2,].length", "[1 2].length"},
      {"$state.größe", "$state.größe"},
      {"$state\n  .rows\n  .length", "$state.rows.length"},
  };
  for (const Case& c : cases) EXPECT_EQ(shape(c.source), c.expected) << c.source;
}

TEST(Expression, WritesTheNodesOfTheProtocol) {
  const std::vector<Case> cases = {
      {"null", R"({"t":"lit","v":null})"},
      {"undefined", R"({"t":"lit"})"},
      {"true", R"({"t":"lit","v":true})"},
      {"1.50", R"({"t":"lit","v":1.5})"},
      {"0xFf", R"({"t":"lit","v":255})"},
      {"0b101", R"({"t":"lit","v":5})"},
      {"0o17", R"({"t":"lit","v":15})"},
      {".5e1", R"({"t":"lit","v":5})"},
      {"5.", R"({"t":"lit","v":5})"},
      {"1e-400", R"({"t":"lit","v":0})"},
      {R"('a"b')", R"({"t":"lit","v":"a\"b"})"},
      {R"('\n\x41\u0042\u{43}\\\'')", R"({"t":"lit","v":"\nABC\\'"})"},
      {R"('\ud83d\ude00')", "{\"t\":\"lit\",\"v\":\"\xF0\x9F\x98\x80\"}"},
      {"'a\\\nb'", R"({"t":"lit","v":"ab"})"},
      {"NaN", R"({"t":"name","n":"NaN"})"},
      {"$state.n", R"({"t":"mem","o":{"t":"name","n":"$state"},"n":"n"})"},
      {"$state?.n", R"({"t":"mem","o":{"t":"name","n":"$state"},"n":"n","q":true})"},
      {"$state?.[1]",
       R"({"t":"idx","o":{"t":"name","n":"$state"},"i":{"t":"lit","v":1},"q":true})"},
      {"isNaN(1)", R"({"t":"call","c":{"t":"name","n":"isNaN"},"a":[{"t":"lit","v":1}]})"},
      {"isNaN?.()", R"({"t":"call","c":{"t":"name","n":"isNaN"},"a":[],"q":true})"},
      {"!1", R"({"t":"un","op":"!","x":{"t":"lit","v":1}})"},
      {"1 in 2", R"({"t":"bin","op":"in","l":{"t":"lit","v":1},"r":{"t":"lit","v":2}})"},
      {"1 ?? 2", R"({"t":"log","op":"??","l":{"t":"lit","v":1},"r":{"t":"lit","v":2}})"},
      {"1 ? 2 : 3",
       R"({"t":"if","c":{"t":"lit","v":1},"y":{"t":"lit","v":2},"n":{"t":"lit","v":3}})"},
      {"[1, ...[]]", R"({"t":"arr","e":[{"t":"lit","v":1},{"t":"spr","x":{"t":"arr","e":[]}}]})"},
      {"{a: 1, 'b c': 2, 3: 3, [4]: 5, ...{}, \"\": 6}",
       R"({"t":"obj","e":[{"k":"a","v":{"t":"lit","v":1}},{"k":"b c","v":{"t":"lit","v":2}},)"
       R"({"k":"3","v":{"t":"lit","v":3}},{"c":{"t":"lit","v":4},"v":{"t":"lit","v":5}},)"
       R"({"s":{"t":"obj","e":[]}},{"k":"","v":{"t":"lit","v":6}}]})"},
      {"x => ({x})",
       R"({"t":"fn","p":["x"],"b":{"t":"obj","e":[{"k":"x","v":{"t":"name","n":"x"}}]}})"},
      {"() => 1", R"({"t":"fn","p":[],"b":{"t":"lit","v":1}})"},
      {"(a, b) => a", R"({"t":"fn","p":["a","b"],"b":{"t":"name","n":"a"}})"},
      {"``", R"({"t":"tpl","s":[""],"e":[]})"},
      {"`a${1}b${`c${2}`}`",
       R"({"t":"tpl","s":["a","b",""],"e":[{"t":"lit","v":1},{"t":"tpl","s":["c",""],"e":[{"t":"lit","v":2}]}]})"},
      {"`$ {\\`}\r\n`", R"({"t":"tpl","s":["$ {`}\n"],"e":[]})"},
      {"`${{a: 1}.a}`",
       R"({"t":"tpl","s":["",""],"e":[{"t":"mem","o":{"t":"obj","e":[{"k":"a","v":{"t":"lit","v":1}}]},"n":"a"}]})"},
      {"($state.a?.b).c",
       R"({"t":"mem","o":{"t":"par","x":{"t":"mem","o":{"t":"mem","o":{"t":"name","n":"$state"},"n":"a"},"n":"b","q":true}},"n":"c"})"},
  };
  for (const Case& c : cases) EXPECT_EQ(json_of(c.source), c.expected) << c.source;
}

struct BadCase {
  std::string_view source;
  int column;
  std::string_view part;  // of the message
};

TEST(Expression, RefusesWhatTheSubsetLacksAtItsPosition) {
  const std::vector<BadCase> cases = {
      {"", 1, "ends too early"},
      {"1 +", 4, "ends too early"},
      {"1 2", 3, "operator is missing"},
      {"$state.a b", 10, "unexpected 'b'"},
      {"a", 1, "did you mean $state.a?"},
      {"1 + window.x", 5, "unknown name 'window'"},
      {"$emit('x')", 1, "they see $state and $scope"},
      {"$args.x", 1, "they see $state and $scope"},
      {"r => q", 6, "unknown name 'q'"},
      {"[1].map(r => r) + r", 19, "unknown name 'r'"},
      {"this.x", 1, "'this' is not available"},
      {"new Date()", 1, "'new' is not available"},
      {"function(){}", 1, "'function' is not available"},
      {"await 1", 1, "'await' is not available"},
      {"1 instanceof 2", 3, "'instanceof' is not available"},
      {"$state.a = 1", 10, "expressions only read"},
      {"$state.a += 1", 10, "expressions only read"},
      {"$state.a++", 9, "expressions only read"},
      {"--$state.a", 1, "expressions only read"},
      {"$state.a ||= 1", 10, "expressions only read"},
      {"1 & 2", 3, "'&' is not available"},
      {"~1", 1, "'~' is not available"},
      {"1 >>> 2", 3, "'>>>' is not available"},
      {"1, 2", 2, "single expression"},
      {"1;", 2, "single expression"},
      {"/a/.test('a')", 1, "regular expressions"},
      {"1 // one", 4, "regular expressions and comments"},
      {"-1 ** 2", 4, "parentheses, as in (-x) ** 2"},
      {"1 || 2 ?? 3", 1, "parentheses where"},
      {"1 ?? 2 && 3", 1, "parentheses where"},
      {"Math", 1, "'Math' is no value"},
      {"Math.random()", 6, "'Math.random' is not available"},
      {"Math.flor(1)", 6, "did you mean 'floor'?"},
      {"Math['max'](1)", 5, "written with a dot"},
      {"Math.PI()", 1, "is no function"},
      {"Date.now()", 6, "'Date.now' is not available"},
      {"Object.assign({}, 1)", 8, "not available"},
      {"Array(3)", 1, "cannot be called"},
      {"String.fromCharCode(65)", 8, "not available"},
      {"undefined()", 10, "known by name"},
      {"$state()", 1, "cannot be called"},
      {"$state.rows.push(1)", 1, "the method 'push' is not available"},
      {"$state.rows.fliter(1)", 1, "did you mean 'filter'?"},
      {"'x'.constructor('y')", 1, "'constructor' is not available"},
      {"$state.f['call'](1)", 17, "known by name"},
      {"$state.a.map(1)(2)", 16, "known by name"},
      {"(f => f(f))(f => f(f))", 7, "cannot be called"},
      {"([a, b]) => a", 1, "plain names"},
      {"[1].map(({id}) => id)", 9, "plain names"},
      {"(...a) => a", 2, "unexpected '...'"},
      {"({a}, b) => a", 1, "plain names"},
      {"({a})", 3, "unknown name 'a'"},
      {"(a, a) => a", 5, "twice"},
      {"(a b) => a", 2, "unknown name 'a'"},
      {"Math => 1", 1, "cannot be the name of a parameter"},
      {"$state => 1", 1, "cannot be the name of a parameter"},
      {"x => { return x }", 6, "not a block"},
      {"async x => x", 1, "'async' is not available"},
      {"{__proto__: 1}", 2, "'__proto__' cannot be a key"},
      {"{['__proto__' + '']: 1}.x +", 28, "ends too early"},
      {"{a() { }}", 3, "methods are not available"},
      {"{get a() { }}", 6, "unexpected 'a'"},
      {"[1,,2]", 4, "holes"},
      {"[1", 3, "']' is missing"},
      {"(1", 3, "')' is missing"},
      {"Math.max(1", 11, "')' is missing"},
      {"1 ? 2", 6, "':' is missing"},
      {"$state.", 8, "a name is missing after the dot"},
      {"$state.1", 7, "operator is missing"},
      {"'abc", 1, "not closed"},
      {"'a\nb'", 1, "not closed"},
      {"`abc", 2, "not closed with a backtick"},
      {"`a${1", 6, "'}' is missing"},
      {"Math.abs`1`", 9, "tagged templates"},
      {R"('\x4')", 2, "no character"},
      {R"('\u{110000}')", 2, "no character"},
      {R"('\ud800')", 2, "no character"},
      {R"('\1')", 2, "octal"},
      {R"(\"a\")", 1, "single quotes"},
      {"1n", 1, "big integers"},
      {"1e", 1, "exponent has no digits"},
      {"0x", 1, "digits are missing"},
      {"012", 1, "must not start with 0"},
      {"1e999", 1, "too large"},
      {"3px", 2, "digit group"},
      {"1_000", 2, "digit group"},
      {"#a", 1, "unexpected character"},
      {"@a", 1, "unexpected '@'"},
  };
  for (const BadCase& c : cases) {
    Arena arena;
    ExpressionError error;
    EXPECT_EQ(parse_expression(c.source, 0, arena, error), nullptr) << c.source;
    EXPECT_EQ(static_cast<int>(error.at) + 1, c.column) << c.source << ": " << error.message;
    EXPECT_NE(error.message.find(c.part), std::string::npos) << c.source << ": " << error.message;
  }
}

TEST(Expression, CountsPositionsInTheFile) {
  Arena arena;
  ExpressionError error;
  EXPECT_EQ(parse_expression("1 +\n  'ü' + x", 700, arena, error), nullptr);
  EXPECT_EQ(error.at, 713u);
  const Expression* sum = parse_expression("1 +\n $state.a", 700, arena, error);
  ASSERT_NE(sum, nullptr);
  EXPECT_EQ(sum->at, 700u);
  EXPECT_EQ(sum->children[1]->at, 705u);
}

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Expression, BoundsDepthOfEveryKind) {
  const std::vector<std::pair<std::string, std::string>> around = {
      {"(", ")"},    {"[", "]"},       {"!", ""},     {"{a:", "}"},       {"`${", "}`"},
      {"x => ", ""}, {"1 ? 1 : ", ""}, {"1 ** ", ""}, {"Math.abs(", ")"}, {"[...", "]"}};
  for (const auto& [before, after] : around) {
    const auto nested = [&, b = before, a = after](int depth) {
      return repeat(b, depth) + "1" + repeat(a, depth);
    };
    EXPECT_EQ(json_of(nested(20)).find("error"), std::string::npos)
        << before << json_of(nested(20));
    EXPECT_NE(json_of(nested(70)).find("levels"), std::string::npos)
        << before << json_of(nested(70));
    EXPECT_NE(json_of(nested(20000)).find("levels"), std::string::npos) << before;
  }
}

TEST(Expression, BoundsTheDepthOfLeftLeaningTrees) {
  for (const std::string_view link : {"+1", ".a", "[0]", ".concat(1)"}) {
    const std::string start = link == "+1" ? "1" : "$state";
    EXPECT_EQ(json_of(start + repeat(link, 30)).find("error"), std::string::npos) << link;
    EXPECT_NE(json_of(start + repeat(link, 64)).find("64 levels"), std::string::npos) << link;
  }
  // 63 links on top of one name are 64 levels.
  EXPECT_EQ(json_of("$state" + repeat(".a", 63)).find("error"), std::string::npos);
}

TEST(Expression, BoundsTheNumberOfParts) {
  EXPECT_EQ(json_of("[" + repeat("1,", 4095) + "]").find("error"), std::string::npos);
  EXPECT_EQ(json_of("[" + repeat("1,", 4096) + "]"),
            "error: the expression has more than 4096 parts");
}

TEST(Expression, VisitsEveryNodeParentsFirst) {
  Arena arena;
  ExpressionError error;
  const Expression* tree = parse_expression("{a: $state.b, [$state.c]: 1}", 0, arena, error);
  ASSERT_NE(tree, nullptr);
  std::vector<std::string_view> names;
  for_each_node(*tree, [&](const Expression& node) {
    if (node.kind == Expression::Kind::kMember) names.push_back(node.text);
  });
  EXPECT_EQ(names, (std::vector<std::string_view>{"b", "c"}));
}

TEST(Expression, KnowsEveryMemberItOffers) {
  for (const Global& global : globals()) {
    for (const std::string_view function : global.functions) {
      const std::string source = std::string(global.name) + "." + std::string(function) + "(1)";
      EXPECT_EQ(json_of(source).find("error"), std::string::npos) << source;
    }
  }
  for (const std::string_view method : pure_methods()) {
    const std::string source = "$state.x." + std::string(method) + "(1)";
    EXPECT_EQ(json_of(source).find("error"), std::string::npos) << source;
  }
}

TEST(ClosingBrace, SkipsStringsAndTemplates) {
  EXPECT_EQ(find_closing_brace("{a}"), 2u);
  EXPECT_EQ(find_closing_brace("{{}}x"), 3u);
  EXPECT_EQ(find_closing_brace("{'}'}"), 4u);
  EXPECT_EQ(find_closing_brace("{\"\\\"}\"}"), 6u);
  EXPECT_EQ(find_closing_brace("{`}${'}'}`}"), 10u);
  EXPECT_EQ(find_closing_brace("{a} and {b}"), 2u);
  EXPECT_EQ(find_closing_brace("{'}"), std::string_view::npos);
  EXPECT_EQ(find_closing_brace("{a"), std::string_view::npos);
}

}  // namespace
}  // namespace nexus::nxml
