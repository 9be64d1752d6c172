#include "nexus/panel/resolved_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/nxml/nxml.h"
#include "nexus/panel/real_engine_fixture_internal.h"

namespace nexus::panel {
namespace {

using testing::HasSubstr;

class ResolvedViewTest : public RealEngineTest {
 protected:
  // The content of <View> over the states n (number), rows (list) and o (object).
  static std::string resolve(const std::string& view, std::string state) {
    const auto parsed = nxml::parse(
        "<NexusPanel title=\"T\"><Data><State name=\"n\" type=\"number\"/><State name=\"rows\" type=\"list\"/>"
        "<State name=\"o\" type=\"object\"/></Data>"
        "<Logic><Tool name=\"t\"><Handler>return 1</Handler></Tool></Logic><View>" + view + "</View></NexusPanel>");
    EXPECT_TRUE(parsed.document) << nxml::to_json(parsed.diagnostics);
    if (!parsed.document) return "";
    auto resolved = ResolvedView(*parsed.document, limits()).resolve(*engine_, "p", std::move(state));
    return resolved.ok() ? *resolved : std::string(to_string(resolved.error().code)) + resolved.error().message;
  }

};

constexpr const char* kState = R"({"n":3,"rows":[{"id":1,"done":true},{"id":2,"done":false}],"o":{"a":1}})";

TEST_F(ResolvedViewTest, BindingsKeepTheirTypeAndTextIsText) {
  EXPECT_EQ(resolve(R"(<Text id="x" content="{$state.n + 1}" variant="code"/>)", kState),
            R"("root":{"type":"Text","id":"x","props":{"content":4,"variant":"code"},"layout":{"colSpan":12},)"
            R"("children":[]},"diagnostics":[])");
  EXPECT_THAT(resolve(R"(<Text content="{$state.n} of {$state.o} and {$state.o.none}."/>)", kState),
              HasSubstr(R"x("content":"3 of {\"a\":1} and .")x"));
}

TEST_F(ResolvedViewTest, IfAndIterateGiveWayToWhatTheyShow) {
  const std::string view = resolve(R"(<Layout><If condition="{$state.n > 5}"><Text content="big"/></If>
      <Iterate items="{$state.rows}" as="row" key="id">
        <If condition="{$scope.row.done}"><Text content="{$scope.rowIndex}:{$scope.row.id}"/></If>
        <Button label="b" trigger="t" args="[$scope.row.id, $scope.index]"/>
      </Iterate></Layout>)", kState);
  EXPECT_THAT(view, HasSubstr(R"("content":"0:1")"));
  EXPECT_THAT(view, HasSubstr(R"("args":[2,1])"));
  for (const char* gone : {"big", "1:2", "\"If\"", "\"Iterate\""}) EXPECT_EQ(view.find(gone), std::string::npos) << gone;
}

TEST_F(ResolvedViewTest, AnInputShowsItsPathAndItsValue) {
  EXPECT_THAT(resolve(R"(<Input bind="$state.o.a"/>)", kState),
              HasSubstr(R"("bind":{"root":"state","path":["o","a"],"value":1})"));
}

TEST_F(ResolvedViewTest, LayoutSpansAreThoseOfTheDocument) {
  EXPECT_THAT(resolve(R"(<Layout strategy="auto"><Metric label="a" value="1"/><Chart type="line" data="{[]}"/>
                      <Chart type="line" data="{[]}"/></Layout>)", kState),
              testing::AllOf(HasSubstr(R"("layout":{"colSpan":3})"), HasSubstr(R"("layout":{"colSpan":6,"newRow":true})")));
}

TEST_F(ResolvedViewTest, AnExpressionThatThrowsIsNullAndADiagnostic) {
  EXPECT_THAT(resolve("<Layout><Text content=\"{$state.o.x.y}\"/>\n<Text content=\"{0 / 0}\"/></Layout>", kState),
              testing::AllOf(HasSubstr(R"("content":null)"),
                             HasSubstr(R"("message":"content: TypeError: cannot read property 'y' of undefined")"),
                             HasSubstr(R"("message":"content: RangeError: the value is NaN")"),
                             HasSubstr(R"({"line":2,"column":)")));
}

TEST_F(ResolvedViewTest, IsBounded) {
  const std::string many = "<Layout><Iterate items=\"{Array.from({length: 20000})}\"><Text content=\"x\"/></Iterate></Layout>";
  EXPECT_NE(resolve(many, kState).find("the view has more than 10000 components; the rest is left out"),
            std::string::npos);
  const std::string large = "<Layout><Iterate items=\"{Array.from({length: 9000})}\"><Text content=\"{'x'.repeat(1000)}\"/></Iterate></Layout>";
  const std::string code = resolve(large, kState).substr(0, 12);
  EXPECT_TRUE(code == "RESOURCE_LIM" || code == "MEMORY_LIMIT") << code;
}

}  // namespace
}  // namespace nexus::panel
