#include "nexus/panel/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

namespace nexus::panel {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Takes the place of the server's log.
class RunLogTest : public testing::Test {
 protected:
  RunLogTest() : before_(spdlog::default_logger()) {
    auto log = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(text_));
    log->set_pattern("%l %v");
    spdlog::set_default_logger(std::move(log));
  }
  ~RunLogTest() override { spdlog::set_default_logger(before_); }

  std::ostringstream text_;
  const std::shared_ptr<spdlog::logger> before_;
};

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

TEST_F(RunLogTest, AFailureHasWhatTheAuthorNeeds) {
  engine::RunError error = engine::run_error(ErrorCode::kTimeout, "too long");
  error.location = Location{3, 4};
  log_failure("p", "save", "r1", error);
  EXPECT_THAT(text_.str(), StartsWith("info panel=p handler=save run=r1 failed code=TIMEOUT line=3 column=4"));
}

}  // namespace
}  // namespace nexus::panel
