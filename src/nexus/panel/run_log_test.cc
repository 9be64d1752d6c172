#include "nexus/panel/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sstream>

#include "nexus/panel/workspace_fixture_internal.h"

namespace nexus::panel {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Takes the place of the server's log.
class CapturedLog {
 public:
  CapturedLog() : before_(spdlog::default_logger()) {
    auto log = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(text_));
    log->set_pattern("%l %v");
    spdlog::set_default_logger(std::move(log));
  }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  std::string str() const { return text_.str(); }

 private:
  std::ostringstream text_;
  const std::shared_ptr<spdlog::logger> before_;
};

class RunLogTest : public testing::Test {
 protected:
  const CapturedLog text_;
};

class LoadLogTest : public doubles::WorkspaceTest {
 protected:
  static std::string source_of(const std::string& tool) {
    return "<NexusPanel title=\"P\"><Data><State name=\"n\" type=\"number\"/></Data><Logic>\n<Tool name=\"save\">" +
           tool + "</Tool></Logic></NexusPanel>";
  }

  const CapturedLog text_;
};

TEST_F(LoadLogTest, AHandlerRefusedForItsCapabilitiesIsAWarningWithItsPlace) {
  open_workspace();
  const Error error = refusal({source_of("<Capabilities/><Handler>$state.n = 1</Handler>"), "p", {}});
  EXPECT_EQ(error.code, ErrorCode::kInvalidNxml);
  EXPECT_THAT(text_.str(), HasSubstr("warning panel=p denied at load line=2 column="));
  EXPECT_THAT(text_.str(), HasSubstr("capability \\\"state:write:n\\\""));
}

TEST_F(LoadLogTest, AnOtherMistakeIsNoDenial) {
  open_workspace();
  refusal({source_of("<Handler>fetch('x')</Handler>"), "p", {}});
  EXPECT_THAT(text_.str(), testing::Not(HasSubstr("denied")));
}

TEST_F(LoadLogTest, AFloodOfRefusalsIsToldInPart) {
  RateLimit limit(20, std::chrono::hours(1));
  const std::vector<nxml::Diagnostic> many(50, {nxml::Severity::kError, "PERMISSION_DENIED", "no", {{1, 1}, {1, 2}}});
  log_refused_load("p", many, limit);
  const std::string text = text_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 20);
}

TEST_F(RunLogTest, ADenialIsAWarningWithPanelHandlerActionAndToken) {
  engine::Outcome outcome;
  outcome.run_id = "r1";
  outcome.denials = {{"state:write:a", "writing $state.a", 3, 7}};
  log_denials("p", "save", outcome);
  EXPECT_EQ(text_.str(),
            "warning panel=p handler=save run=r1 denied action=\"writing $state.a\" "
            "token=\"state:write:a\" times=3 unreported=7\n");
}

TEST_F(RunLogTest, WhatAHandlerNamesCannotPassForALineOfTheServer) {
  engine::Outcome outcome;
  outcome.denials = {{"events:emit:a\nerror panel=p", "emitting 'a\nerror panel=p'", 1, 0}};
  log_denials("p", "save", outcome);
  EXPECT_THAT(text_.str(), HasSubstr("a\\nerror"));
  const std::string text = text_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST_F(RunLogTest, ACallThatAnExtensionRefusesIsADenialToo) {
  RateLimit limit(1, std::chrono::hours(1));
  const WaitingCall call{"s1", "http", "get", {}};
  log_refused_call("p", "save", "r1", call, {ErrorCode::kTimeout, "late"}, limit);
  EXPECT_EQ(text_.str(), "");
  for (int i = 0; i < 3; ++i)
    log_refused_call("p", "save", "r1", call, {ErrorCode::kPermissionDenied, "host \"x\" is not allowed"}, limit);
  EXPECT_EQ(text_.str(),
            "warning panel=p handler=save run=r1 denied call=http.get "
            "message=\"host \\\"x\\\" is not allowed\" unreported=0\n");
}

TEST_F(LoadLogTest, ARefusedCallReachesTheAuditLog) {
  Panel* panel = open_panel();
  trigger(panel, "slow");
  settle();
  fake_->answer("s1", Error{ErrorCode::kPermissionDenied, "no"});
  settle();
  EXPECT_THAT(text_.str(), HasSubstr("warning panel=p handler=slow run=rs denied call=fake.ask message=\"no\""));
}

TEST_F(RunLogTest, AFailureHasWhatTheAuthorNeeds) {
  engine::RunError error = engine::run_error(ErrorCode::kTimeout, "too long");
  error.location = Location{3, 4};
  log_failure("p", "save", "r1", error);
  EXPECT_THAT(text_.str(), StartsWith("info panel=p handler=save run=r1 failed code=TIMEOUT line=3 column=4"));
}

}  // namespace
}  // namespace nexus::panel
