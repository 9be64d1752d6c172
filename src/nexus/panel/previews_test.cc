#include "nexus/panel/previews.h"

#include "nexus/panel/workspace_fixture_internal.h"

namespace nexus::panel {
namespace {

using doubles::kSource;
using std::chrono::milliseconds;

class PreviewsTest : public doubles::WorkspaceTest {
 protected:
  PreviewsTest() {
    settings_.preview_grace = milliseconds(1000);
    settings_.max_panels = 100;
    open_workspace();
  }

  std::string preview(const std::string& owner = "default") {
    CreateRequest request{kSource, {}, {}, owner};
    request.preview = true;
    auto created = create(std::move(request));
    if (!created || created->index() == 1) return "";
    return std::get<Panel*>(*created)->id();
  }
  bool lives(const std::string& id) { return workspace_->find(id) != nullptr; }
  void pass(int ms) {
    loop_.advance(milliseconds(ms));
    settle();
  }
};

struct Onlooker : Client {
  void send(const Frame&) override {}
  void close(std::uint16_t, std::string_view) override {}
};

TEST_F(PreviewsTest, APreviewIsNotListed) {
  open_panel();
  const std::string id = preview();
  EXPECT_TRUE(lives(id));
  ASSERT_EQ(workspace_->list().size(), 1u);
  EXPECT_EQ(workspace_->list()[0]->id(), "p");
}

TEST_F(PreviewsTest, APreviewNobodyLooksAtEndsAfterTheGrace) {
  const std::string id = preview();
  pass(1000);
  EXPECT_TRUE(lives(id)) << "its page may still be on the way";
  pass(1000);
  EXPECT_FALSE(lives(id));
  pass(1000);
  EXPECT_EQ(loop_.armed(), 0u) << "nothing is left to look after";
}

TEST_F(PreviewsTest, APreviewLivesWhileSomebodyLooks) {
  const std::string id = preview();
  Onlooker page;
  workspace_->find(id)->attach(&page);
  for (int i = 0; i < 5; ++i) pass(1000);
  ASSERT_TRUE(lives(id));
  workspace_->find(id)->detach(&page);
  pass(1000);
  EXPECT_TRUE(lives(id)) << "a page that reconnects finds it again";
  pass(1000);
  EXPECT_FALSE(lives(id));
}

TEST_F(PreviewsTest, OnePanelMoreThanAnOwnerMayHaveEndsTheOldestUnattended) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < Previews::kMaxPerOwner; ++i) ids.push_back(preview());
  Onlooker page;
  workspace_->find(ids[0])->attach(&page);
  EXPECT_NE(preview("other"), "") << "another owner is not in the way";
  EXPECT_NE(preview(), "");
  settle();
  EXPECT_TRUE(lives(ids[0]));
  EXPECT_FALSE(lives(ids[1]));
  EXPECT_TRUE(lives(ids[2]));
  workspace_->find(ids[0])->detach(&page);
}

TEST_F(PreviewsTest, WhenAllAreLookedAtTheNextIsRefused) {
  Onlooker page;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < Previews::kMaxPerOwner; ++i) {
    ids.push_back(preview());
    workspace_->find(ids.back())->attach(&page);
  }
  CreateRequest request{kSource, {}, {}};
  request.preview = true;
  EXPECT_EQ(refusal(std::move(request)).code, ErrorCode::kResourceLimit);
  for (const auto& id : ids) workspace_->find(id)->detach(&page);
}

TEST_F(PreviewsTest, TheNextVersionOfItsDocumentTakesItsPlaceAndKeepsTheState) {
  const auto make = [this](std::string source) {
    CreateRequest request{std::move(source), "mine", {}};
    request.preview = true;
    return create(std::move(request));
  };
  Panel* const first = std::get<Panel*>(*make(kSource));
  trigger(first, "a");
  settle();
  std::string renamed = kSource;
  renamed.replace(renamed.find("title=\"P\""), 9, "title=\"Q\"");
  Panel* const second = std::get<Panel*>(*make(renamed));
  EXPECT_EQ(second, first);
  EXPECT_EQ(second->meta().title, "Q");
  EXPECT_EQ(second->state_json(), R"({"n":1,"text":""})");
}

TEST_F(PreviewsTest, APreviewNeverTakesThePlaceOfAnOrdinaryPanel) {
  open_panel(kSource, "p");
  CreateRequest request{kSource, "p", {}};
  request.preview = true;
  EXPECT_EQ(refusal(std::move(request)).code, ErrorCode::kPanelExists);
}

TEST_F(PreviewsTest, OrdinaryPanelsStay) {
  open_panel();
  preview();
  for (int i = 0; i < 5; ++i) pass(1000);
  EXPECT_TRUE(lives("p"));
}

}  // namespace
}  // namespace nexus::panel
