#include <gtest/gtest.h>

#include <string>

#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/nxml.h"
#include "nexus/value/json.h"

namespace nexus::nxml {
namespace {

Span at(int line, int column) { return {{line, column}, {line, column + 1}}; }

TEST(Diagnostics, FormatsOneLine) {
  const Diagnostic diagnostic{Severity::kError, "PARSE_ERROR", "no root", at(3, 7)};
  EXPECT_EQ(format(diagnostic, "a.nxml"), "a.nxml:3:7: error PARSE_ERROR: no root");
  EXPECT_EQ(format(diagnostic, ""), "3:7: error PARSE_ERROR: no root");
}

TEST(Diagnostics, WritesJson) {
  const std::vector<Diagnostic> diagnostics = {
      {Severity::kWarning, "UNUSED_STATE", "say \"x\"", {{1, 2}, {1, 5}}},
      {Severity::kError, "PARSE_ERROR", "b", at(2, 1)}};
  EXPECT_EQ(
      to_json(diagnostics),
      R"([{"severity":"warning","code":"UNUSED_STATE","message":"say \"x\"","line":1,"column":2,)"
      R"("endLine":1,"endColumn":5},{"severity":"error","code":"PARSE_ERROR","message":"b",)"
      R"("line":2,"column":1,"endLine":2,"endColumn":2}])");
  EXPECT_EQ(to_json(std::vector<Diagnostic>{}), "[]");
}

TEST(Diagnostics, ComeInOrderOfPosition) {
  Diagnostics diagnostics({}, 10);
  diagnostics.error("B", at(2, 1), "b");
  diagnostics.warning("A", at(1, 9), "a");
  diagnostics.error("C", at(2, 3), "c");
  std::string codes;
  for (const Diagnostic& diagnostic : diagnostics.take()) codes += diagnostic.code;
  EXPECT_EQ(codes, "ABC");
}

TEST(Diagnostics, TurnOffsetsIntoLinesAndColumns) {
  Diagnostics diagnostics("a\nü<b>", 10);
  diagnostics.error("E", Range{5, 6}, "e");
  diagnostics.warning("W", 2u, "w");
  const std::vector<Diagnostic> found = diagnostics.take();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].span.start, (Location{2, 1}));
  EXPECT_EQ(found[0].span.end, (Location{2, 2}));
  EXPECT_EQ(found[1].span.start, (Location{2, 3}));
  EXPECT_EQ(found[1].span.end, (Location{2, 4}));
}

TEST(Diagnostics, KeepErrorsRatherThanWarningsAtTheLimit) {
  Diagnostics diagnostics({}, 3);
  for (int i = 1; i <= 5; ++i) diagnostics.warning("W", at(i, 1), "w");
  diagnostics.error("E", at(9, 1), "e");
  const std::vector<Diagnostic> kept = diagnostics.take();
  ASSERT_EQ(kept.size(), 4u);
  EXPECT_EQ(kept[0].code, "W");
  EXPECT_EQ(kept[1].code, "W");
  EXPECT_EQ(kept[2].code, "E");
  EXPECT_EQ(kept[3].code, "TOO_MANY_DIAGNOSTICS");
  EXPECT_EQ(kept[3].message, "3 more were found and left out; the limit is 3");
}

TEST(Diagnostics, SayNothingOfALimitThatWasOnlyReached) {
  Diagnostics diagnostics({}, 3);
  for (int i = 1; i <= 3; ++i) diagnostics.error("E", at(i, 1), "e");
  EXPECT_FALSE(diagnostics.wants(Severity::kError));
  EXPECT_TRUE(diagnostics.wants(Severity::kWarning));
  EXPECT_EQ(diagnostics.take().size(), 3u);
}

TEST(Quote, KeepsMessagesShortAndOnOneLine) {
  EXPECT_EQ(quote("a\nb\tc"), "'a b c'");
  EXPECT_EQ(quote(std::string(40, 'x')), "'" + std::string(40, 'x') + "'");
  EXPECT_EQ(quote(std::string(41, 'x')), "'" + std::string(40, 'x') + "...'");
  std::string umlauts;
  for (int i = 0; i < 41; ++i) umlauts += "ü";
  EXPECT_EQ(quote(umlauts), "'" + umlauts.substr(0, 80) + "...'");
}

TEST(Suggestion, IsAQuestionOrNothing) {
  EXPECT_EQ(did_you_mean("stat", {"State"}), "; did you mean 'State'?");
  EXPECT_EQ(did_you_mean("other", {"State"}), "");
}

}  // namespace
}  // namespace nexus::nxml
