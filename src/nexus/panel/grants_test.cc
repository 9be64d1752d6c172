#include "nexus/panel/grants.h"

#include <gtest/gtest.h>

namespace nexus::panel {
namespace {

using capability::Kind;

class GrantsTest : public testing::Test {
 protected:
  GrantsTest() {
    names_.state_keys = {"n", "items", "total"};
    names_.extensions = {{"web", "http"}};
  }

  capability::GrantSet grant(std::string code) {
    return grant_handler(handler(std::move(code)), nullptr, names_, bounds_, found_);
  }
  capability::GrantSet grant(std::string code, const std::vector<std::string>& declared) {
    std::vector<nxml::CapabilityDecl> list;
    for (const auto& token : declared) list.push_back({token, {{2, 1}, {2, 9}}});
    return grant_handler(handler(std::move(code)), &list, names_, bounds_, found_);
  }
  static nxml::Handler handler(std::string code) { return {std::move(code), {10, 5}}; }

  std::vector<std::string> codes() const {
    std::vector<std::string> result;
    for (const auto& item : found_) result.push_back(item.code);
    return result;
  }

  static capability::GrantSet set_of(const std::vector<std::string>& words) {
    std::vector<capability::Token> tokens;
    for (const auto& word : words) tokens.push_back(capability::parse_token(word).take());
    return capability::GrantSet(std::move(tokens));
  }

  DeclaredNames names_;
  Bounds bounds_;
  std::vector<nxml::Diagnostic> found_;
};

TEST_F(GrantsTest, NobodyMayDoMoreThanThePanelWasGrantedAndTheOperatorAllows) {
  bounds_.grants = set_of({"state:write:n", "ext:http"});
  bounds_.policy = set_of({"state:write:*", "events:emit:*"});
  const auto granted = grant("$state.n = 1;", {"state:write:n", "state:write:items", "ext:http"});
  EXPECT_TRUE(found_.empty());
  EXPECT_EQ(granted.tokens(), set_of({"state:write:n"}).tokens());
  grant("$state.items = [];");
  grant("await $ext.web.get('u');");
  grant("$state.n = 1;", {"state:read:n"});
  ASSERT_EQ(found_.size(), 3u);
  EXPECT_NE(found_[0].message.find("\"state:write:items\", which this panel was not granted"), std::string::npos);
  EXPECT_NE(found_[1].message.find("\"ext:http\", which the operator's CAPABILITY_POLICY"), std::string::npos);
  EXPECT_NE(found_[2].message.find("which its Capabilities do not list"), std::string::npos);
}

TEST_F(GrantsTest, WithoutADeclarationAHandlerMayDoWhatItDoes) {
  const auto granted = grant("$state.n = 1; await $ext.web.get('u'); $emit('e');");
  EXPECT_TRUE(found_.empty()) << found_[0].message;
  EXPECT_TRUE(granted.allows(Kind::kStateWrite, "n"));
  EXPECT_TRUE(granted.allows(Kind::kEventsEmit, "e"));
  EXPECT_TRUE(granted.allows(Kind::kExtension, "http"))
      << "tokens name the extension, not the alias";
  EXPECT_FALSE(granted.allows(Kind::kExtension, "web"));
  EXPECT_FALSE(granted.allows(Kind::kStateWrite, "items"));
}

TEST_F(GrantsTest, ADeclarationIsTheWholeOfIt) {
  const auto granted = grant("$state.n = 1;", {"state:write:n", "state:write:items"});
  EXPECT_TRUE(found_.empty());
  EXPECT_TRUE(granted.allows(Kind::kStateWrite, "items"));
  EXPECT_FALSE(granted.allows(Kind::kStateRead, "n"));
}

TEST_F(GrantsTest, AUseThatIsNotDeclaredIsRefusedAtItsPlace) {
  grant("\n  $state.n = 1;", {});
  ASSERT_EQ(codes(), std::vector<std::string>{"PERMISSION_DENIED"});
  EXPECT_NE(found_[0].message.find("state:write:n"), std::string::npos) << found_[0].message;
  EXPECT_EQ(found_[0].span.start.line, 11);
}

TEST_F(GrantsTest, PositionsOnTheFirstLineStartAtTheHandler) {
  grant("$ext.nope.x();");
  ASSERT_EQ(codes(), std::vector<std::string>{"UNDECLARED_EXTENSION"});
  EXPECT_EQ(found_[0].span.start.line, 10);
  EXPECT_GE(found_[0].span.start.column, 5);
}

TEST_F(GrantsTest, UnknownNamesAndForbiddenGlobalsAreFound) {
  grant("$state.missing; fetch('x'); return $state.total;");
  EXPECT_EQ(codes(), (std::vector<std::string>{"FORBIDDEN_GLOBAL", "UNDEFINED_STATE_REFERENCE"}));
}

TEST_F(GrantsTest, AMisspeltNameIsToldTheOneThatWasMeant) {
  grant("$state.itmes; $ext.wbe.get('u'); $state.different;");
  ASSERT_EQ(found_.size(), 3u);
  EXPECT_EQ(found_[0].message,
            "\"$ext.wbe\" is used, but no Extension declares the alias \"wbe\"; did you mean \"web\"?");
  EXPECT_EQ(found_[1].message,
            "\"$state.itmes\" is used, but no State declares \"itmes\"; did you mean \"items\"?");
  EXPECT_EQ(found_[2].message, "\"$state.different\" is used, but no State declares \"different\"");
}

TEST_F(GrantsTest, ADynamicKeyNeedsTheWildcard) {
  grant("return $state[$args.k];", {"state:read:n"});
  ASSERT_EQ(codes(), std::vector<std::string>{"PERMISSION_DENIED"});
  EXPECT_NE(found_[0].message.find("state:read:*"), std::string::npos);
  found_.clear();
  EXPECT_TRUE(grant("return $state[$args.k];", {"state:read:*"}).allows(Kind::kStateRead, "n"));
  EXPECT_TRUE(found_.empty());
}

TEST_F(GrantsTest, EveryDeclaredExtensionIsEveryExtension) {
  const auto granted = grant("await $ext[$args.k].get('u');", {"ext:http"});
  EXPECT_TRUE(found_.empty()) << found_[0].message;
  EXPECT_TRUE(granted.allows(Kind::kExtension, "http"));
  EXPECT_FALSE(granted.allows(Kind::kExtension, "time"));
}

TEST_F(GrantsTest, BadTokensAreReportedWhereTheyStand) {
  grant("return 1;", {"state:fly:n", "ext:web", "ext:time", "ext:*"});
  EXPECT_EQ(codes(), (std::vector<std::string>{"INVALID_CAPABILITY", "INVALID_CAPABILITY",
                                               "INVALID_CAPABILITY"}));
  EXPECT_EQ(found_[0].span.start.line, 2);
}

}  // namespace
}  // namespace nexus::panel
