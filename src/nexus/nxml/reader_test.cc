#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "nexus/nxml/nxml.h"
#include "nexus/nxml/references_internal.h"

namespace nexus::nxml {
namespace {

// A panel whose one tool has this between <Handler> and </Handler>; the code's first line is line
// 1, column 58.
std::string with_handler(std::string_view code) {
  return "<NexusPanel title=\"T\"><Logic><Tool name=\"t\"><Handler>     " + std::string(code) +
         "</Handler></Tool></Logic><View><Button label=\"b\" trigger=\"t\"/></View></NexusPanel>";
}
constexpr int kFirstColumn = 59;

Handler handler_of(std::string_view code) {
  const ParseResult result = parse(with_handler(code));
  if (result.document == nullptr) return {format(result.diagnostics.front(), "failed"), {}};
  return result.document->tools.front().handler;
}

TEST(Handler, IsRawText) {
  const Handler handler = handler_of("if (a < b && c > d) s = '<Text/>&lt;' + \"<x\";");
  EXPECT_EQ(handler.code, "if (a < b && c > d) s = '<Text/>&lt;' + \"<x\";");
  EXPECT_EQ(handler.start, (Location{1, kFirstColumn}));
}

TEST(Handler, StartsAtItsFirstCharacter) {
  EXPECT_EQ(handler_of("a").start, (Location{1, kFirstColumn}));
  EXPECT_EQ(handler_of("\n\t a").start, (Location{2, 3}));
  EXPECT_EQ(handler_of("\r\n a").start, (Location{2, 2}));
  EXPECT_EQ(handler_of("<![CDATA[a]]>").start, (Location{1, kFirstColumn + 9}));
  EXPECT_EQ(handler_of("<![CDATA[\n  a]]>").start, (Location{2, 3}));
  EXPECT_EQ(handler_of("<!-- ü\n --> a").start, (Location{2, 6}));
}

TEST(Handler, IsTrimmedAtBothEnds) {
  EXPECT_EQ(handler_of("\n a;\n b;\n \n").code, "a;\n b;");
  EXPECT_EQ(handler_of(" \n ").code, "");
  EXPECT_EQ(handler_of("<![CDATA[ a; ]]> ").code, "a;");
}

TEST(Handler, JoinsTextAndCdata) {
  EXPECT_EQ(handler_of("a <![CDATA[< b]]> && c").code, "a < b && c");
  EXPECT_EQ(handler_of("<![CDATA[return '</Handler>';]]>").code, "return '</Handler>';");
  EXPECT_EQ(handler_of("<![CDATA[a[b[0]]]]><![CDATA[>1]]>").code, "a[b[0]]>1");
  EXPECT_EQ(handler_of("<![CDATA[]]>").code, "");
}

TEST(Handler, KeepsColumnsAfterAMarkerThatBeginsALine) {
  EXPECT_EQ(handler_of("a;\n<![CDATA[b;\n  ]]> c;").code, "a;\n         b;\n      c;");
}

TEST(Handler, DropsOnlyLeadingComments) {
  EXPECT_EQ(handler_of("<!-- </Handler> --> <!-- 2 --> a").code, "a");
  EXPECT_EQ(handler_of("a = '<!-- kept -->'").code, "a = '<!-- kept -->'");
}

TEST(Handler, EndsOnlyAtItsOwnClosingTag) {
  EXPECT_EQ(handler_of("a </Handlers> b </Hand").code, "a </Handlers> b </Hand");
  const ParseResult spaced = parse(
      "<NexusPanel title='T'><Logic><Lifecycle on='mount'><Handler>a</Handler\n "
      "></Lifecycle></Logic></NexusPanel>");
  ASSERT_NE(spaced.document, nullptr);
  EXPECT_EQ(spaced.document->lifecycles.front().handler.code, "a");
}

TEST(Attribute, KeepsItsTextAsWritten) {
  const ParseResult result = parse(
      "<NexusPanel title=\"a &lt; b > c\" author='\"x\"' version=\"a \\\" b\" description = "
      "\"1\n2\"></NexusPanel>");
  ASSERT_NE(result.document, nullptr);
  const Meta& meta = result.document->meta;
  EXPECT_EQ(meta.title, "a &lt; b > c");
  EXPECT_EQ(meta.author, "\"x\"");
  EXPECT_EQ(meta.version, "a \\\" b");
  EXPECT_EQ(meta.description, "1\n2");
}

std::vector<std::string> lines_of(std::string_view source, const ReadLimits& limits = {}) {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : parse(source, limits).diagnostics)
    lines.push_back(format(diagnostic, ""));
  return lines;
}

TEST(Reader, PointsIntoAttributesOverLinesAndCodePoints) {
  const std::vector<std::string> lines = lines_of(
      "<NexusPanel title=\"T\"><View><Text content=\"ü {1}\n\t{$state.ä}\"/></View></NexusPanel>");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "2:3: error UNDEFINED_STATE_REFERENCE: no State or Computed is named 'ä'");
}

TEST(Reader, IgnoresWhatFollowsTheRoot) {
  EXPECT_NE(parse("<NexusPanel title='T'></NexusPanel> <x y='").document, nullptr);
}

TEST(Reader, ReportsIndependentMistakesInOneGo) {
  const std::vector<std::string> lines = lines_of(R"(<NexusPanel title="T">
  <Data><State nam="a"/><State name="b" type="nmber"/></Data>
  <Logic><Tool name="t"></Tool><Extension name="9"/></Logic>
  <View><Layout><Text content="{x}"/><Buton/><If/></Layuot></View>
</NexusPanel>)");
  EXPECT_EQ(lines.size(), 9u) << testing::PrintToString(lines);
}

TEST(Limits, HoldAtTheirBounds) {
  const auto panel = [](const std::string& view) {
    return "<NexusPanel title='T'><View>" + view + "</View></NexusPanel>";
  };
  const auto fits = [](const std::string& source, const ReadLimits& limits) {
    return parse(source, limits).document != nullptr;
  };
  ReadLimits limits;
  const std::string text = panel("<Text content='x'/>");
  limits.bytes = text.size();
  EXPECT_TRUE(fits(text, limits));
  limits.bytes = text.size() - 1;
  EXPECT_FALSE(fits(text, limits));

  limits = {};
  limits.depth = 3;
  EXPECT_TRUE(fits(panel("<Layout/>"), limits));
  EXPECT_FALSE(fits(panel("<Layout><Layout/></Layout>"), limits));

  limits = {};
  limits.nodes = 4;
  EXPECT_TRUE(fits(panel("<Layout><Layout/></Layout>"), limits));
  EXPECT_FALSE(fits(panel("<Layout><Layout/><Layout/></Layout>"), limits));

  limits = {};
  limits.attributes = 2;
  EXPECT_TRUE(fits(panel("<Text content='x' id='a'/>"), limits));
  EXPECT_FALSE(fits(panel("<Text content='x' id='a' variant='h1'/>"), limits));

  limits = {};
  limits.attribute_bytes = 3;
  EXPECT_TRUE(fits(panel("<Text content='xyz'/>"), limits));
  EXPECT_FALSE(fits(panel("<Text content='wxyz'/>"), limits));

  limits = {};
  limits.diagnostics = 2;
  EXPECT_EQ(lines_of(panel("<Layout><If/><If/></Layout>"), limits).size(), 2u);
  EXPECT_EQ(lines_of(panel("<Layout><If/><If/><If/></Layout>"), limits).size(), 3u);
}

TEST(ParseResult, OffersADraftOnlyOfDocumentsWithErrors) {
  const ParseResult good = parse("<NexusPanel title='T'></NexusPanel>");
  EXPECT_NE(good.document, nullptr);
  EXPECT_EQ(good.draft, nullptr);
  const ParseResult bad = parse(
      "<NexusPanel title='T'><Logic><Tool "
      "name='t'><Handler>f()</Handler></Tool></Logic><View><If/></View></NexusPanel>");
  EXPECT_EQ(bad.document, nullptr);
  ASSERT_NE(bad.draft, nullptr);
  ASSERT_NE(bad.draft->find_tool("t"), nullptr);
  EXPECT_EQ(bad.draft->find_tool("t")->handler.code, "f()");
  EXPECT_EQ(bad.draft->find_tool("u"), nullptr);
  EXPECT_EQ(parse("").draft, nullptr);
}

HandlerMentions mentions_of(std::string_view code) {
  HandlerMentions mentions;
  find_mentions(code, mentions);
  return mentions;
}

TEST(HandlerMentions, FindNamesByDotAndInQuotes) {
  const HandlerMentions found =
      mentions_of("$state.a++; $state ?. b; $state\n.c; x = ['d', \"e\", `f`, g]; my$state.h");
  for (const char* name : {"a", "b", "c", "d", "e", "f"})
    EXPECT_EQ(found.names.count(name), 1u) << name;
  EXPECT_EQ(found.names.count("g"), 0u);
  EXPECT_EQ(found.names.count("h"), 0u);
  EXPECT_FALSE(found.everything);
}

TEST(HandlerMentions, TakeOtherUsesForUsesOfEverything) {
  EXPECT_TRUE(mentions_of("const { a } = $state;").everything);
  EXPECT_TRUE(mentions_of("$state[key] = 1").everything);
  EXPECT_TRUE(mentions_of("Object.keys($state)").everything);
  EXPECT_TRUE(mentions_of("$state").everything);
}

}  // namespace
}  // namespace nexus::nxml
