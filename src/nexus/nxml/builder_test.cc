#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nexus/nxml/builder_internal.h"
#include "nexus/nxml/nxml.h"

// What the AST's JSON does not show: handlers' surroundings never leave the server.
namespace nexus::nxml {
namespace {

std::string with_tool(const std::string& attributes, const std::string& content) {
  return "<NexusPanel title=\"T\"><Logic><Tool name=\"t\" " + attributes + ">" + content +
         "<Handler/></Tool></Logic></NexusPanel>";
}

Tool tool_of(const std::string& attributes, const std::string& content) {
  const ParseResult result = parse(with_tool(attributes, content));
  if (result.document == nullptr) {
    ADD_FAILURE() << format(result.diagnostics.front(), "");
    return {};
  }
  return result.document->tools.front();
}

std::string first_error(const std::string& source) {
  for (const Diagnostic& diagnostic : parse(source).diagnostics)
    if (diagnostic.severity == Severity::kError) return format(diagnostic, "");
  return "";
}

std::vector<std::string> tokens_of(const std::string& declarations) {
  std::vector<std::string> tokens;
  const Tool tool = tool_of("", "<Capabilities>" + declarations + "</Capabilities>");
  if (tool.capabilities)
    for (const CapabilityDecl& decl : *tool.capabilities) tokens.push_back(decl.token);
  return tokens;
}

TEST(Capabilities, AreAbsentOrEmptyAsWritten) {
  EXPECT_FALSE(tool_of("", "").capabilities.has_value());
  const Tool none = tool_of("", "<Capabilities/>");
  ASSERT_TRUE(none.capabilities.has_value());
  EXPECT_TRUE(none.capabilities->empty());
}

TEST(Capabilities, BecomeTokensEachOnce) {
  using Tokens = std::vector<std::string>;
  EXPECT_EQ(tokens_of("<Capability type='state:read' scope='n'/>"), Tokens{"state:read:n"});
  EXPECT_EQ(tokens_of("<Capability type='state:write' scope=' a, b ,a'/>"),
            (Tokens{"state:write:a", "state:write:b"}));
  EXPECT_EQ(tokens_of("<Capability type='ext:http' scope='*'/>"), Tokens{"ext:http"});
  EXPECT_EQ(tokens_of("<Capability type='ext:http'/><Capability type='ext' scope='http'/>"),
            Tokens{"ext:http"});
  EXPECT_EQ(tokens_of("<Capability type='ext' scope='*'/>"), Tokens{"ext:*"});
  EXPECT_EQ(tokens_of("<Capability type='events:emit' scope='a b-c.d'/>"),
            Tokens{"events:emit:a b-c.d"});
}

TEST(Capabilities, AreBoundedInLengthAndNumber) {
  const auto scope = [](std::size_t length) {
    return "<Capability type='ext' scope='" + std::string(length, 'x') + "'/>";
  };
  EXPECT_EQ(tokens_of(scope(128)).size(), 1u);
  EXPECT_NE(first_error(with_tool("", "<Capabilities>" + scope(129) + "</Capabilities>")), "");

  const auto many = [](int count) {
    std::string scopes = "s0";
    for (int i = 1; i < count; ++i) scopes += ",s" + std::to_string(i);
    return "<Capability type='state:read' scope='" + scopes + "'/>";
  };
  EXPECT_EQ(tokens_of(many(256)).size(), 256u);
  EXPECT_NE(first_error(with_tool("", "<Capabilities>" + many(257) + "</Capabilities>"))
                .find("at most 256 capabilities"),
            std::string::npos);
}

TEST(Capabilities, PointAtWhatDeclaresThem) {
  const Tool tool =
      tool_of("", "<Capabilities>\n  <Capability type='ext' scope='a'/></Capabilities>");
  EXPECT_EQ(tool.capabilities->front().span.start, (Location{2, 33}));
}

TEST(ToolLimits, AreWholeNumbersAboveZero) {
  const Tool tool = tool_of("timeoutMs='1' memoryLimitMb=' 16 ' maxHostCalls='4294967295'", "");
  EXPECT_EQ(tool.timeout_ms, 1u);
  EXPECT_EQ(tool.memory_limit_mb, 16u);
  EXPECT_EQ(tool.max_host_calls, 4294967295u);
  EXPECT_FALSE(tool_of("", "").timeout_ms.has_value());
  for (const std::string bad : {"0", "-1", "1.5", "1s", "", "true", "4294967296"}) {
    EXPECT_NE(first_error(with_tool("timeoutMs='" + bad + "'", "")).find("SCHEMA_ERROR"),
              std::string::npos)
        << bad;
  }
}

TEST(Arg, IsRequiredUnlessItSaysFalse) {
  EXPECT_TRUE(tool_of("", "<Arg name='a'/>").args.front().required);
  EXPECT_TRUE(tool_of("", "<Arg name='a' required/>").args.front().required);
  EXPECT_TRUE(tool_of("", "<Arg name='a' required='no'/>").args.front().required);
  EXPECT_FALSE(tool_of("", "<Arg name='a' required='false'/>").args.front().required);
}

TEST(Arg, KeepsItsTypedDefault) {
  const Arg arg = tool_of("", "<Arg name='a' type='number' default='3'/>").args.front();
  EXPECT_EQ(arg.type, DataType::kNumber);
  EXPECT_EQ(arg.fallback, value::Value(3));
  EXPECT_FALSE(tool_of("", "<Arg name='a'/>").args.front().fallback.has_value());
  // An empty default is the type's own.
  EXPECT_EQ(tool_of("", "<Arg name='a' type='list' default=''/>").args.front().fallback,
            value::Value(value::List{}));
}

TEST(Handler, LastOneOfAToolWins) {
  const Tool tool = tool_of("", "<Handler>first</Handler><Handler>second</Handler>");
  EXPECT_EQ(tool.handler.code, "");  // the <Handler/> that with_tool adds
}

TEST(Meta, KeepsDurabilityAndTags) {
  const ParseResult result =
      parse("<NexusPanel title='T' durability='async' tags=' a ,, b'></NexusPanel>");
  ASSERT_NE(result.document, nullptr);
  EXPECT_EQ(result.document->meta.durability, "async");
  EXPECT_EQ(result.document->meta.tags, (std::vector<std::string>{"a", "b"}));
}

TEST(Meta, BoundsThePanelId) {
  const auto with_id = [](const std::string& id) {
    return first_error("<NexusPanel title='T' id='" + id + "'></NexusPanel>");
  };
  EXPECT_EQ(with_id(std::string(64, 'a')), "");
  EXPECT_EQ(with_id("9.a_b-C"), "");
  for (const std::string bad : {"", ".a", "a/b", "a b", "\xC3\xA9"})
    EXPECT_NE(with_id(bad), "") << bad;
  EXPECT_NE(with_id(std::string(65, 'a')), "");
}

TEST(Computed, CarriesItsTreeWithPositionsOfTheFile) {
  const ParseResult result = parse(
      "<NexusPanel title='T'><Data><State name='n'/>\n<Computed name='c' value='1 + "
      "$state.n'/></Data></NexusPanel>");
  ASSERT_NE(result.document, nullptr);
  const Computed& computed = result.document->computed.front();
  ASSERT_NE(computed.expression, nullptr);
  EXPECT_EQ(computed.source, "1 + $state.n");
  EXPECT_EQ(Locator(result.document->text).at(computed.expression->children[1]->at),
            (Location{2, 31}));
}

TEST(Extension, IsNamedByItsLastWordUnlessItHasAnAlias) {
  const ParseResult result = parse(
      "<NexusPanel title='T'><Logic><Extension name='nexus.http'/><Extension name='time' "
      "alias='t1'/>"
      "</Logic></NexusPanel>");
  ASSERT_NE(result.document, nullptr);
  EXPECT_EQ(result.document->extensions[0].alias, "http");
  EXPECT_EQ(result.document->extensions[1].alias, "t1");
}

TEST(Extension, HasABaseUrlThatClientsDoNotSee) {
  const ParseResult result = parse(
      "<NexusPanel title='T'><Logic><Extension name='nexus.http' baseURL='http://a.test/v1'/></Logic></NexusPanel>");
  ASSERT_NE(result.document, nullptr);
  EXPECT_EQ(result.document->extensions[0].base_url, "http://a.test/v1");
  EXPECT_EQ(to_json(*result.document).find("a.test"), std::string::npos);
}

}  // namespace
}  // namespace nexus::nxml
