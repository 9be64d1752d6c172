#include "nexus/panel/check.h"

#include "nexus/panel/workspace_fixture_internal.h"
#include "nexus/value/json.h"

namespace nexus::panel {
namespace {

using value::Value;

class CheckTest : public doubles::WorkspaceTest {
 protected:
  Value report(std::string source) {
    if (!workspace_) open_workspace();
    std::optional<Result<std::string>> answer;
    workspace_->check(std::move(source), [&](Result<std::string> given) { answer = std::move(given); });
    settle();
    EXPECT_TRUE(answer && answer->ok());
    auto json = value::parse_json(**answer);
    EXPECT_TRUE(json.ok());
    return std::move(json).take();
  }
};

TEST_F(CheckTest, ADocumentThatLoadsSaysWhatItsHandlersNeed) {
  const Value found = report(doubles::kSource);
  EXPECT_EQ(*found.find("valid"), Value(true));
  const value::List& handlers = found.find("handlers")->list();
  ASSERT_EQ(handlers.size(), 4u);
  EXPECT_EQ(value::to_json(handlers[0]),
            R"({"handler":"a","needs":[{"token":"state:write:n","line":5,"column":29}]})");
  EXPECT_NE(value::to_json(handlers[2]).find(R"("token":"ext:fake")"), std::string::npos);
  EXPECT_TRUE(workspace_->list().empty()) << "a check makes no panel";
}

TEST_F(CheckTest, ABrokenDocumentHasDiagnosticsAndWhatCouldBeRead) {
  std::string source = doubles::kSource;
  source.insert(source.find("</Logic>"), "<Tool name=\"a\"><Handler>window.x = $state.text;</Handler></Tool>");
  const Value found = report(source);
  EXPECT_EQ(*found.find("valid"), Value(false));
  const std::string diagnostics = value::to_json(*found.find("diagnostics"));
  EXPECT_NE(diagnostics.find("FORBIDDEN_GLOBAL"), std::string::npos) << diagnostics;
  EXPECT_EQ(found.find("handlers")->list().size(), 5u);
}

TEST_F(CheckTest, WarningsOfADocumentThatLoadsAreThere) {
  std::string source = doubles::kSource;
  source.insert(source.find("</Data>"), "<State name=\"unused\" type=\"number\"/>");
  const Value found = report(source);
  EXPECT_EQ(*found.find("valid"), Value(true));
  EXPECT_NE(value::to_json(*found.find("diagnostics")).find("UNUSED_STATE"), std::string::npos);
}

TEST_F(CheckTest, WhatIsNoDocumentHasNoHandlers) {
  const Value found = report("hello");
  EXPECT_EQ(*found.find("valid"), Value(false));
  EXPECT_FALSE(found.find("diagnostics")->list().empty());
  EXPECT_TRUE(found.find("handlers")->list().empty());
}

}  // namespace
}  // namespace nexus::panel
