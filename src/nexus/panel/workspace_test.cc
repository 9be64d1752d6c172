#include <algorithm>

#include "nexus/panel/workspace_fixture_internal.h"

namespace nexus::panel {
namespace {

using doubles::failure;
using doubles::kSource;
using doubles::set_key;
using doubles::Strings;
using doubles::success;
using doubles::suspended;
using doubles::with_lifecycle;
using value::Object;
using value::Value;

using WorkspaceTest = doubles::WorkspaceTest;

// --- Creation

TEST_F(WorkspaceTest, APanelIsFoundUnderItsId) {
  Panel* panel = open_panel();
  EXPECT_EQ(panel->id(), "p");
  EXPECT_EQ(workspace_->find("p"), panel);
  EXPECT_EQ(workspace_->find("q"), nullptr);
  EXPECT_EQ(panel->state_json(), R"({"n":0,"text":""})");
  EXPECT_EQ(panel->version(), 0u);
}

TEST_F(WorkspaceTest, APanelKeepsTheOwnerItWasCreatedFor) {
  EXPECT_EQ(open_panel(kSource, "p")->owner(), kDefaultOwner);
  const auto created = create({kSource, "q", {}, "acme"});
  EXPECT_EQ(std::get<Panel*>(*created)->owner(), "acme");
}

TEST_F(WorkspaceTest, IdsComeFromTheRequestTheDocumentOrChance) {
  open_workspace();
  std::string with_id = kSource;
  with_id.insert(with_id.find(" title"), " id=\"doc\"");
  auto by_document = create({with_id, {}, {}});
  EXPECT_EQ(std::get<Panel*>(*by_document)->id(), "doc");
  auto by_chance = create({kSource, {}, {}});
  const std::string id = std::get<Panel*>(*by_chance)->id();
  EXPECT_EQ(id.size(), 14u);
  EXPECT_TRUE(id.starts_with("panel_")) << id;
}

TEST_F(WorkspaceTest, BadAndDuplicateIdsAreRefused) {
  open_panel();
  for (const char* id : {"", ".a", "a b", "a/b", "\xc3\xa9"})
    EXPECT_EQ(refusal({kSource, id, {}}).code, ErrorCode::kInvalidArgument) << id;
  EXPECT_EQ(refusal({kSource, std::string(65, 'x'), {}}).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal({kSource, "p", {}}).code, ErrorCode::kPanelExists);
  open_panel(kSource, std::string(64, 'x'));
}

TEST_F(WorkspaceTest, TwoLoadsOfOneIdMakeOnePanel) {
  open_workspace();
  std::vector<std::size_t> outcomes;
  for (int i = 0; i < 2; ++i)
    workspace_->create({kSource, "p", {}},
                       [&](auto created) { outcomes.push_back(created.index()); });
  settle();
  EXPECT_EQ(outcomes, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(workspace_->list().size(), 1u);
}

TEST_F(WorkspaceTest, AQuietOwnerDoesNotWaitBehindANoisyOne) {
  settings_.max_panels = 11;
  settings_.max_running = 2;
  settings_.max_running_per_owner = 1;
  open_workspace();
  std::vector<Panel*> panels;
  for (int i = 0; i < 10; ++i)
    panels.push_back(std::get<Panel*>(*create({kSource, "n" + std::to_string(i), {}, "noisy"})));
  panels.push_back(std::get<Panel*>(*create({kSource, "q", {}, "quiet"})));
  Strings order;
  for (Panel* panel : panels) {
    TriggerRequest request;
    request.tool = "a";
    request.on_done = [&, id = panel->id()](auto) { order.push_back(id); };
    panel->trigger(std::move(request));
  }
  settle();
  ASSERT_EQ(order.size(), 11u);
  EXPECT_EQ(order[0], "n0");
  EXPECT_EQ(order[1], "q");
  EXPECT_EQ(order[2], "n1");
}

TEST_F(WorkspaceTest, WhatWaitsInThePanelsOfOneOwnerIsBounded) {
  settings_.queue_per_owner = 2;
  settings_.max_running = 1;
  open_workspace();
  const auto open = [&](const char* id, const char* owner) {
    return std::get<Panel*>(*create({kSource, id, {}, owner}));
  };
  Panel* const panels[] = {open("n1", "noisy"), open("n2", "noisy"), open("q", "quiet")};
  std::map<std::string, Strings> answers;
  for (int i = 0; i < 3; ++i)
    for (Panel* panel : panels) {
      TriggerRequest request;
      request.tool = "a";
      request.on_done = [&, id = panel->id()](const Result<ExecutionResult>& result) {
        answers[id].push_back(result.ok() ? "ran" : std::string(to_string(result.error().code)));
      };
      panel->trigger(std::move(request));
    }
  settle();
  // One of each panel is under way, which is not waiting; of noisy's others two wait.
  EXPECT_EQ(answers["q"], (Strings{"ran", "ran", "ran"}));
  Strings noisy = answers["n1"];
  noisy.insert(noisy.end(), answers["n2"].begin(), answers["n2"].end());
  EXPECT_EQ(std::count(noisy.begin(), noisy.end(), "RESOURCE_LIMIT"), 2);
  EXPECT_EQ(std::count(noisy.begin(), noisy.end(), "ran"), 4);
}

TEST_F(WorkspaceTest, ThePanelsOfOneOwnerAreBounded) {
  settings_.max_panels_per_owner = 2;
  open_workspace();
  for (const char* id : {"a", "b"}) open_panel(kSource, id);
  EXPECT_EQ(refusal({kSource, "c", {}}).code, ErrorCode::kResourceLimit);
  const auto other = create({kSource, "c", {}, "other"});
  EXPECT_TRUE(std::holds_alternative<Panel*>(*other));
}

TEST_F(WorkspaceTest, PanelsAreBoundedAndListedInOrder) {
  for (const char* id : {"c", "a", "b"}) open_panel(kSource, id);
  EXPECT_EQ(refusal({kSource, "d", {}}).code, ErrorCode::kResourceLimit);
  Strings ids;
  for (Panel* panel : workspace_->list()) ids.push_back(panel->id());
  EXPECT_EQ(ids, (Strings{"c", "a", "b"}));
}

TEST_F(WorkspaceTest, AllDiagnosticsComeTogetherInOrder) {
  open_workspace();
  engine_.syntax_errors["const ;"] = {
      ErrorCode::kCompilationError, "unexpected token", {}, Location{4, 30}};
  auto created = create({R"(<NexusPanel title="P">
  <Data><State name="n" type="number"/></Data>
  <Logic><Extension name="nexus.fkae" alias="fake"/>
    <Tool name="bad"><Handler>const ;</Handler></Tool>
    <Tool name="worse"><Handler>$state.m = fetch('x');</Handler></Tool>
  </Logic></NexusPanel>)",
                         {},
                         {}});
  const auto& error = std::get<CreateError>(*created);
  EXPECT_EQ(error.error.code, ErrorCode::kInvalidNxml);
  Strings codes;
  for (const auto& item : error.diagnostics)
    if (item.severity == nxml::Severity::kError) codes.push_back(item.code);
  EXPECT_EQ(codes, (Strings{"EXTENSION_NOT_FOUND", "COMPILATION_ERROR", "UNDEFINED_STATE_REFERENCE",
                            "FORBIDDEN_GLOBAL"}));
  EXPECT_EQ(error.diagnostics.back().severity, nxml::Severity::kWarning) << "warnings come last";
  EXPECT_TRUE(workspace_->list().empty());
}

TEST_F(WorkspaceTest, ADocumentWithErrorsHasItsHandlersReadAllTheSame) {
  open_workspace();
  auto created = create({R"(<NexusPanel title="P">
  <Data><State name="n" type="number"/><State name="n"/></Data>
  <Logic><Tool name="t"><Handler>fetch("x");</Handler></Tool></Logic></NexusPanel>)",
                         {},
                         {}});
  const auto& diagnostics = std::get<CreateError>(*created).diagnostics;
  ASSERT_GE(diagnostics.size(), 2u);
  EXPECT_EQ(diagnostics[0].code, "DUPLICATE_STATE");
  EXPECT_EQ(diagnostics[1].code, "FORBIDDEN_GLOBAL");
}

TEST_F(WorkspaceTest, TheInitialStateMustFitTheDeclarations) {
  open_workspace();
  auto good = create({kSource, "p", Value(Object{{"n", 41}})});
  EXPECT_EQ(std::get<Panel*>(*good)->state_json(), R"({"n":41,"text":""})");
  const Error bad = refusal({kSource, "q", Value(Object{{"n", "many"}})});
  EXPECT_NE(bad.message.find("n"), std::string::npos);
  EXPECT_EQ(http_status(bad.code), 422);
}

TEST_F(WorkspaceTest, ABusyExecutorRefusesTheLoad) {
  open_workspace();
  pool_.full = true;
  EXPECT_EQ(refusal({kSource, "p", {}}).code, ErrorCode::kResourceLimit);
  pool_.full = false;
  open_panel();
}

// --- Mount

TEST_F(WorkspaceTest, MountRunsBeforeThePanelIsHandedOver) {
  engine_.handlers["mount"] = [](const auto&, const auto&) {
    return success("rm", {set_key("n", 9)});
  };
  EXPECT_EQ(open_panel(with_lifecycle("mount"))->state_json(), R"({"n":9,"text":""})");
}

TEST_F(WorkspaceTest, AFailedMountLeavesAPanelThatSaysSo) {
  engine_.handlers["mount"] = [](const auto&, const auto&) {
    return failure("rm", ErrorCode::kExecutionError, "no luck");
  };
  Panel* panel = open_panel(with_lifecycle("mount"));
  ASSERT_NE(panel, nullptr);
  EXPECT_NE(
      panel->info_json().find(R"("mountError":{"code":"EXECUTION_ERROR","message":"no luck"})"),
      std::string::npos);
  EXPECT_NE(panel->info_json().find(R"("status":"running")"), std::string::npos);
}

TEST_F(WorkspaceTest, AMountThatWaitsHoldsTheAnswerUpForAWhileOnly) {
  open_workspace();
  engine_.handlers["mount"] = [](const auto&, const auto&) { return suspended("rm", {"s1"}); };
  int answers = 0;
  workspace_->create({with_lifecycle("mount"), "p", {}}, [&](auto created) {
    EXPECT_EQ(created.index(), 0u);
    ++answers;
  });
  settle();
  EXPECT_EQ(answers, 0);
  loop_.advance(settings_.lifecycle_wait);
  EXPECT_EQ(answers, 1);
  fake_->answer("s1", Value(1));
  settle();
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(workspace_->find("p")->state_json(), R"({"n":0,"text":"done"})");
}

TEST_F(WorkspaceTest, DestroyedWhileMountingIsACreateError) {
  open_workspace();
  engine_.handlers["mount"] = [](const auto&, const auto&) { return suspended("rm", {"s1"}); };
  std::optional<std::variant<Panel*, CreateError>> result;
  workspace_->create({with_lifecycle("mount"), "p", {}},
                     [&](auto created) { result = std::move(created); });
  settle();
  EXPECT_TRUE(destroy("p"));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(std::get<CreateError>(*result).error.code, ErrorCode::kCancelled);
}

// --- The end

TEST_F(WorkspaceTest, DestroyingAnswersEverybodyAndClosesTheClients) {
  Panel* panel = open_panel();
  doubles::RecordingClient client;
  panel->attach(&client);
  const auto slow = trigger(panel, "slow");
  settle();
  const auto running = trigger(panel, "a");
  const auto waiting = trigger(panel, "b");
  bool destroyed = false;
  workspace_->destroy("p", [&](Result<void> result) { destroyed = result.ok(); });
  EXPECT_EQ(workspace_->find("p"), nullptr);
  EXPECT_EQ(slow->code(), "CANCELLED");
  EXPECT_EQ(slow->result->execution_id, "rs");
  EXPECT_TRUE(waiting->error.has_value());
  EXPECT_EQ(waiting->code(), "CANCELLED");
  EXPECT_FALSE(destroyed) << "a's segment is still under way";
  settle();
  EXPECT_EQ(running->code(), "CANCELLED");
  EXPECT_EQ(running->result->execution_id, "ra");
  EXPECT_TRUE(running->result->outcome.mutations.empty());
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(client.closed_with, 1000);
  for (const auto& answer : {slow, running, waiting}) EXPECT_EQ(answer->times, 1);
  EXPECT_TRUE(fake_->open.empty());
  EXPECT_EQ(loop_.armed(), 0u);
}

TEST_F(WorkspaceTest, AnIdIsFreeAgainOnceItsPanelIsGone) {
  open_panel();
  workspace_->destroy("p", [](Result<void>) {});
  EXPECT_EQ(refusal({kSource, "p", {}}).code, ErrorCode::kPanelExists);
  open_panel();
}

TEST_F(WorkspaceTest, UnmountIsTheLastRun) {
  engine_.handlers["unmount"] = [](const auto&, const auto&) {
    return success("ru", {set_key("n", 9)});
  };
  Panel* panel = open_panel(with_lifecycle("unmount"));
  doubles::RecordingClient client;
  panel->attach(&client);
  trigger(panel, "a");
  EXPECT_TRUE(destroy("p"));
  EXPECT_EQ(engine_.journal, (Strings{"execute a", "execute unmount"}));
  EXPECT_NE(client.frames.back().find(R"("value":9)"), std::string::npos) << "clients see it";
  EXPECT_EQ(client.closed_with, 1000);
}

TEST_F(WorkspaceTest, AnUnmountThatWaitsIsGivenUp) {
  engine_.handlers["unmount"] = [](const auto&, const auto&) { return suspended("ru", {"s1"}); };
  open_panel(with_lifecycle("unmount"));
  bool destroyed = false;
  workspace_->destroy("p", [&](Result<void>) { destroyed = true; });
  settle();
  EXPECT_FALSE(destroyed);
  loop_.advance(settings_.lifecycle_wait);
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(engine_.journal.back(), "cancel ru");
}

TEST_F(WorkspaceTest, DestroyingFromInsideACallbackIsSafe) {
  Panel* panel = open_panel();
  bool destroyed = false;
  TriggerRequest request;
  request.tool = "slow";
  request.on_progress = [&](const std::string&, const std::vector<WaitingCall>&) {
    workspace_->destroy("p", [&](Result<void>) { destroyed = true; });
  };
  int answers = 0;
  request.on_done = [&](Result<ExecutionResult> result) {
    ++answers;
    EXPECT_EQ(result.value().outcome.error->code, ErrorCode::kCancelled);
  };
  panel->trigger(std::move(request));
  settle();
  EXPECT_EQ(answers, 1);
  EXPECT_TRUE(destroyed);
  EXPECT_TRUE(fake_->open.empty()) << "no call is started for a run that has ended";
  EXPECT_EQ(engine_.journal.back(), "cancel rs");
}

TEST_F(WorkspaceTest, DestroyingFromAWritesCallbackIsSafe) {
  Panel* panel = open_panel();
  bool destroyed = false;
  panel->set({{{"n", {}}}, 5, [&](Result<void>) {
                workspace_->destroy("p", [&](Result<void>) { destroyed = true; });
              }});
  settle();
  EXPECT_TRUE(destroyed);
}

TEST_F(WorkspaceTest, AClientThatLeavesWhileBeingSentToIsForgotten) {
  Panel* panel = open_panel();
  doubles::RecordingClient slow, other;
  panel->attach(&slow);
  panel->attach(&other);
  slow.on_send = [&] {
    panel->detach(&slow);
    panel->detach(&other);
  };
  other.take();
  trigger(panel, "a");
  settle();
  EXPECT_TRUE(other.take().empty());
  EXPECT_NE(panel->info_json().find(R"("clientCount":0)"), std::string::npos);
}

TEST_F(WorkspaceTest, ShutdownEndsEverythingWithTheGivenCode) {
  Panel* first = open_panel(with_lifecycle("unmount"), "p");
  Panel* second = open_panel(kSource, "q");
  doubles::RecordingClient client;
  first->attach(&client);
  const auto slow = trigger(first, "slow");
  settle();
  const auto running = trigger(second, "a");
  bool over = false;
  workspace_->shutdown(1001, "going away", [&] { over = true; });
  EXPECT_EQ(client.closed_with, 1001);
  EXPECT_EQ(client.close_reason, "going away");
  EXPECT_EQ(slow->code(), "CANCELLED");
  EXPECT_FALSE(over);
  settle();
  EXPECT_TRUE(over);
  EXPECT_EQ(running->code(), "CANCELLED");
  EXPECT_EQ(std::count(engine_.journal.begin(), engine_.journal.end(), "execute unmount"), 0)
      << "the server ends, the panel does not";
  EXPECT_EQ(refusal({kSource, "r", {}}).code, ErrorCode::kUnavailable);
}

TEST_F(WorkspaceTest, ShutdownWaitsForLoadsAndGivesUpUnmounts) {
  engine_.handlers["unmount"] = [](const auto&, const auto&) { return suspended("ru", {"s1"}); };
  open_panel(with_lifecycle("unmount"));
  workspace_->destroy("p", [](Result<void>) {});
  settle();
  std::optional<std::variant<Panel*, CreateError>> late;
  workspace_->create({kSource, "late", {}}, [&](auto created) { late = std::move(created); });
  bool over = false;
  workspace_->shutdown(1001, "going away", [&] { over = true; });
  EXPECT_FALSE(over);
  settle();
  EXPECT_TRUE(over);
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(std::get<CreateError>(*late).error.code, ErrorCode::kUnavailable);
}

TEST_F(WorkspaceTest, AWorkspaceThatIsGoneAnswersOnceAndHearsNoMore) {
  Panel* panel = open_panel();
  const auto slow = trigger(panel, "slow");
  settle();
  const auto running = trigger(panel, "slow");
  const auto waiting = trigger(panel, "a");
  workspace_.reset();
  for (const auto& answer : {slow, running, waiting}) EXPECT_EQ(answer->code(), "CANCELLED");
  settle();
  for (const auto& answer : {slow, running, waiting}) EXPECT_EQ(answer->times, 1);
  EXPECT_EQ(engine_.journal.back(), "cancel rs") << "the segment that came back is cancelled";
}

TEST_F(WorkspaceTest, DestroyingWhatIsNotThereIsAnError) {
  open_workspace();
  std::optional<ErrorCode> code;
  workspace_->destroy("p", [&](Result<void> result) { code = result.error().code; });
  EXPECT_FALSE(code.has_value());
  settle();
  EXPECT_EQ(code, ErrorCode::kPanelNotFound);
}

// --- Settings of extensions

TEST_F(WorkspaceTest, TheDocumentSetsWhatTheRequestMayReplace) {
  std::string source = kSource;
  source.insert(source.find("alias=\"fake\""), "baseURL=\"http://document.test\" ");
  Panel* panel = open_panel(source);
  trigger(panel, "slow");
  settle();
  EXPECT_EQ(*fake_->contexts.back().settings, (value::Object{{"baseURL", "http://document.test"}}));

  CreateRequest request{source, "q", {}};
  request.extensions = value::Object{{"fake", value::Object{{"baseURL", "http://request.test"}}}};
  auto created = create(std::move(request));
  ASSERT_TRUE(created && created->index() == 0);
  trigger(std::get<Panel*>(*created), "slow");
  settle();
  EXPECT_EQ(*fake_->contexts.back().settings, (value::Object{{"baseURL", "http://request.test"}}));
}

TEST_F(WorkspaceTest, WrongSettingsOfExtensionsAreRefused) {
  open_workspace();
  CreateRequest unknown{kSource, "p", {}};
  unknown.extensions = value::Object{{"other", value::Object{}}};
  EXPECT_EQ(refusal(std::move(unknown)).message,
            "extensions: the document declares no extension with the alias \"other\"");
  CreateRequest scalar{kSource, "p", {}};
  scalar.extensions = value::Object{{"fake", 1}};
  EXPECT_EQ(refusal(std::move(scalar)).message, "extensions.fake: settings are an object");
  CreateRequest setting{kSource, "p", {}};
  setting.extensions = value::Object{{"fake", value::Object{{"colour", "red"}}}};
  const Error error = refusal(std::move(setting));
  EXPECT_EQ(error.code, ErrorCode::kInvalidNxml);
  EXPECT_NE(error.message.find("nexus.fake has no setting \"colour\""), std::string::npos) << error.message;
}

}  // namespace
}  // namespace nexus::panel
