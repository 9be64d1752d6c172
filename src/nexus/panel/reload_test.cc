#include "nexus/panel/workspace_fixture_internal.h"
#include "nexus/value/json.h"

namespace nexus::panel {
namespace {

using doubles::kSource;
using doubles::set_key;
using doubles::Strings;
using doubles::success;
using std::chrono::milliseconds;
using value::Value;

const std::string kNumber = R"(<State name="n" type="number"/>)";

class ReloadTest : public doubles::WorkspaceTest {
 protected:
  ~ReloadTest() override {
    if (panel_ != nullptr) panel_->detach(&client_);
  }

  // The document with its <Data> and the tools that are added.
  static std::string document(const std::string& data, const std::string& logic = "") {
    return R"(<NexusPanel id="p" title="New"><Data>)" + data + "</Data><Logic>" + logic +
           R"(<Tool name="a"><Handler>$state.n = 1;</Handler></Tool></Logic></NexusPanel>)";
  }
  void open(std::string source = kSource) {
    panel_ = open_panel(std::move(source));
    panel_->attach(&client_);
    client_.take();
  }
  // Without letting anything happen.
  void begin(std::string source) {
    CreateRequest request{std::move(source), "p", {}};
    request.may_replace = [](const std::string&) { return true; };
    workspace_->create(std::move(request), [this](auto answer) { answer_ = std::move(answer); });
  }
  void reload(std::string source) {
    begin(std::move(source));
    settle();
  }
  bool reloaded() const { return answer_ && answer_->index() == 0; }
  Error refusal() const {
    EXPECT_TRUE(answer_ && answer_->index() == 1);
    return answer_ && answer_->index() == 1 ? std::get<CreateError>(*answer_).error : Error{};
  }
  std::string connected() const {
    return R"({"type":"CONNECTED","panelId":"p","version":)" + std::to_string(panel_->version()) +
           R"(,"epoch":")" + panel_->epoch() + R"(","state":)" + panel_->state_json() + "}";
  }

  Panel* panel_ = nullptr;
  doubles::RecordingClient client_;
  std::optional<std::variant<Panel*, CreateError>> answer_;
};

TEST_F(ReloadTest, KeepsWhatHasTheSameNameAndTypeAndTellsTheClients) {
  open();
  trigger(panel_, "b");
  settle();
  const std::string epoch = panel_->epoch();
  client_.take();
  reload(document(R"(<State name="n" type="number" default="7"/><State name="text" type="list"/>
                     <State name="new" type="boolean" default="true"/>)"));
  ASSERT_TRUE(reloaded());
  EXPECT_EQ(std::get<Panel*>(*answer_), panel_) << "it is the same panel";
  EXPECT_EQ(panel_->state_json(), R"({"n":2,"text":[],"new":true})");
  EXPECT_EQ(panel_->version(), 2u);
  EXPECT_NE(panel_->epoch(), epoch) << "clients know by it that the AST is another";
  EXPECT_NE(panel_->ast_json().find(R"("title":"New")"), std::string::npos);
  EXPECT_EQ(client_.take(), Strings{connected()});
}

TEST_F(ReloadTest, TheSameSourceChangesNothing) {
  open();
  const std::string epoch = panel_->epoch();
  reload(kSource);
  EXPECT_TRUE(reloaded());
  EXPECT_EQ(panel_->version(), 0u);
  EXPECT_EQ(panel_->epoch(), epoch);
  EXPECT_TRUE(client_.take().empty());
}

TEST_F(ReloadTest, ABrokenDocumentLeavesThePanelAlone) {
  open();
  reload("<NexusPanel title=\"P\"><Data><State/></Data></NexusPanel>");
  EXPECT_EQ(refusal().code, ErrorCode::kInvalidNxml);
  EXPECT_EQ(panel_->version(), 0u);
  EXPECT_TRUE(client_.take().empty());
  const auto answer = trigger(panel_, "a");
  settle();
  EXPECT_EQ(answer->code(), "success");
}

TEST_F(ReloadTest, OnlyAPanelOfTheSameOwnerThatMayBeReplacedIs) {
  open();
  EXPECT_EQ(WorkspaceTest::refusal({document(kNumber), "p", {}}).code, ErrorCode::kPanelExists);
  CreateRequest foreign{document(kNumber), "p", {}};
  foreign.owner = "somebody";
  foreign.may_replace = [](const std::string&) { return true; };
  EXPECT_EQ(WorkspaceTest::refusal(std::move(foreign)).code, ErrorCode::kPanelExists);
  CreateRequest forbidden{document(kNumber), {}, {}};
  forbidden.may_replace = [](const std::string& id) { return id != "p"; };
  EXPECT_EQ(WorkspaceTest::refusal(std::move(forbidden)).code, ErrorCode::kPanelExists);
  EXPECT_EQ(panel_->version(), 0u);
}

TEST_F(ReloadTest, WhatMayReplaceIsANewPanelWhereThereIsNone) {
  settings_.max_panels = 1;
  open_workspace();
  CreateRequest first{kSource, {}, {}};
  first.default_id = "from-file";
  first.may_replace = [](const std::string&) { return true; };
  CreateRequest again = first;
  CreateRequest other = first;
  other.default_id = "other";
  const auto created = create(std::move(first));
  ASSERT_TRUE(created && created->index() == 0);
  EXPECT_EQ(std::get<Panel*>(*created)->id(), "from-file");
  const auto replaced = create(std::move(again));
  EXPECT_TRUE(replaced && replaced->index() == 0) << "a full workspace reloads all the same";
  EXPECT_EQ(WorkspaceTest::refusal(std::move(other)).code, ErrorCode::kResourceLimit);
}

TEST_F(ReloadTest, ComputedValuesAreThoseOfTheNewDocument) {
  open();
  trigger(panel_, "b");
  settle();
  engine_.handlers["computed"] = [](const auto&, const auto& state) {
    auto outcome = success("rc");
    outcome.return_value = value::List{value::to_json(state.get("n")->number() * 2)};
    return outcome;
  };
  reload(document(R"(<State name="n" type="number"/><Computed name="double" value="$state.n * 2"/>)"));
  ASSERT_TRUE(reloaded());
  EXPECT_EQ(panel_->state_json(), R"({"n":2,"double":4})");
  EXPECT_EQ(panel_->version(), 2u);
}

// --- Runs

TEST_F(ReloadTest, WaitsForTheSegmentUnderWayAndGoesBeforeWhatWaits) {
  open();
  const auto first = trigger(panel_, "a");
  const auto second = trigger(panel_, "b");
  begin(document(kNumber));
  settle();
  EXPECT_TRUE(reloaded());
  EXPECT_EQ(first->code(), "success");
  EXPECT_EQ(second->code(), "success") << "what was accepted runs, with the handler it was accepted for";
  EXPECT_EQ(engine_.journal, (Strings{"execute a", "execute b"}));
  EXPECT_EQ(panel_->state_json(), R"({"n":2})");
  EXPECT_EQ(panel_->version(), 3u);
  const auto gone = trigger(panel_, "b");
  settle();
  EXPECT_EQ(gone->code(), "TOOL_NOT_FOUND");
}

TEST_F(ReloadTest, TwoReloadsAreDoneInTheOrderInWhichTheyCame) {
  open();
  trigger(panel_, "a");
  begin(document(kNumber + R"(<State name="one" type="number"/>)"));
  begin(document(kNumber + R"(<State name="two" type="number"/>)"));
  settle();
  EXPECT_EQ(panel_->state_json(), R"({"n":1,"two":0})");
}

TEST_F(ReloadTest, ASuspendedRunGoesOnWithItsHandlerAndItsExtensions) {
  open();
  const auto answer = trigger(panel_, "slow");
  settle();
  engine_.resumes["s1"] = [](const auto&, const auto&) {
    return doubles::suspended("rs", {"s2"}, {set_key("n", 4)});
  };
  engine_.resumes["s2"] = [](const auto&, const auto&) { return success("rs", {set_key("n", 5)}); };
  reload(document(kNumber));  // has no extension
  ASSERT_TRUE(reloaded());
  EXPECT_EQ(panel_->state_json(), R"({"n":3})");
  fake_->answer("s1", Value("x"));
  settle();
  fake_->answer("s2", Value("y"));
  settle();
  EXPECT_EQ(answer->code(), "success");
  EXPECT_EQ(panel_->state_json(), R"({"n":5})");
}

TEST_F(ReloadTest, ARunThatWritesWhatIsGoneEndsWithAnError) {
  open();
  const auto answer = trigger(panel_, "slow");
  settle();
  reload(document(kNumber));
  fake_->answer("s1", Value("x"));  // writes `text`
  settle();
  EXPECT_EQ(answer->code(), "STATE_ERROR");
  EXPECT_EQ(panel_->state_json(), R"({"n":3})");
}

TEST_F(ReloadTest, ABoundInputOfTheOldViewIsToldThatItsKeyIsGone) {
  open();
  reload(document(kNumber));
  const auto refused = set(panel_, {{"text", {}}}, "x");
  ASSERT_TRUE(refused && !refused->ok());
  EXPECT_EQ(refused->error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ReloadTest, APanelThatIsDestroyedIsNotReloaded) {
  open();
  trigger(panel_, "a");
  begin(document(kNumber));
  loop_.drain();
  pool_.run_one();  // the segment; the document is loaded, the reload waits
  panel_->detach(&client_);
  bool destroyed = false;
  workspace_->destroy("p", [&](Result<void> result) { destroyed = result.ok(); });
  settle();
  EXPECT_TRUE(destroyed);
  panel_ = nullptr;
  ASSERT_TRUE(answer_);
}

TEST_F(ReloadTest, AFullExecutorDelaysIt) {
  open();
  begin(document(kNumber));
  pool_.run_one();
  pool_.full = true;
  loop_.drain();
  EXPECT_FALSE(answer_);
  pool_.full = false;
  loop_.advance(milliseconds{10});
  settle();
  EXPECT_TRUE(reloaded());
}

// --- Triggers

TEST_F(ReloadTest, TheTriggersAreThoseOfTheNewDocument) {
  open(document(kNumber, R"(<Tool name="b"><Trigger type="interval" ms="1000"/><Handler>1;</Handler></Tool>)"));
  loop_.advance(milliseconds{1000});
  settle();
  EXPECT_EQ(engine_.journal, Strings{"execute b"});
  reload(document(kNumber, R"(<Tool name="takes"><Trigger type="interval" ms="500"/><Handler>1;</Handler></Tool>)"));
  engine_.journal.clear();
  loop_.advance(milliseconds{1000});
  settle();
  EXPECT_EQ(engine_.journal, Strings{"execute takes"});
}

TEST_F(ReloadTest, ARunOfATriggerThatIsGoneEndsInPeace) {
  const std::string data = kNumber + R"(<State name="text" type="string"/>)";
  open(document(data, R"(<Extension name="nexus.fake" alias="fake"/><Tool name="slow">
    <Trigger type="interval" ms="1000"/><Handler>await $ext.fake.ask('s1');</Handler></Tool>)"));
  loop_.advance(milliseconds{1000});
  settle();
  ASSERT_EQ(fake_->open.size(), 1u);
  reload(document(data));
  fake_->answer("s1", Value("x"));
  settle();
  EXPECT_EQ(panel_->state_json(), R"({"n":3,"text":"done"})");
  EXPECT_EQ(panel_->info_json().find("triggers"), std::string::npos);
}

// --- What clients are told of the file

TEST_F(ReloadTest, ClientsHearWhatIsWrongWithTheFileAndLaterOnesToo) {
  open();
  panel_->report_source("p.nxml", {{nxml::Severity::kError, "PARSE_ERROR", "no", {{2, 3}, {2, 4}}}});
  const std::string told =
      R"({"type":"EVENT","version":0,"event":{"name":"system:reload","payload":{"file":"p.nxml",)"
      R"("diagnostics":[{"severity":"error","code":"PARSE_ERROR","message":"no","line":2,"column":3,)"
      R"("endLine":2,"endColumn":4}]},"timestamp":1700000000123}})";
  EXPECT_EQ(client_.take(), Strings{told});
  doubles::RecordingClient late;
  panel_->attach(&late);
  EXPECT_EQ(late.take(), (Strings{connected(), told}));
  panel_->report_source("p.nxml", {});
  EXPECT_EQ(late.take(), Strings{R"({"type":"EVENT","version":0,"event":{"name":"system:reload",)"
                                 R"("payload":{"file":"p.nxml","diagnostics":[]},"timestamp":1700000000123}})"});
  panel_->detach(&late);
  panel_->attach(&late);
  EXPECT_EQ(late.take(), Strings{connected()});
  panel_->detach(&late);
}

}  // namespace
}  // namespace nexus::panel
