#include "nexus/engine/engine_fixture_internal.h"

namespace nexus::engine {
namespace {

TEST_F(EngineTest, ErrorsCarryThePositionInTheAuthorsFile) {
  RunRequest r = request("let a = 1;\n  null.x;");
  r.source.start = {10, 5};
  const Outcome outcome = run(std::move(r));
  ASSERT_TRUE(outcome.error->location.has_value());
  EXPECT_EQ(outcome.error->location->line, 11);
  EXPECT_EQ(outcome.error->location->column, 7);
  EXPECT_THAT(outcome.error->stack, HasSubstr("handler:11:7"));
  EXPECT_THAT(*outcome.error->snippet, HasSubstr(">  11 |   null.x;"));
  EXPECT_EQ(outcome.error->snippet_line, 2);

  RunRequest first_line = request("throw new Error('x')");
  first_line.source.start = {10, 5};
  const Outcome on_first_line = run(std::move(first_line));
  EXPECT_EQ(on_first_line.error->location->line, 10);
  EXPECT_EQ(on_first_line.error->location->column, 20) << "the parenthesis of the call";
}

// The handler itself does not know where it stands in the file; the log does.
TEST_F(EngineTest, StacksThatAHandlerReadsOrLogsNameTheAuthorsLine) {
  RunRequest r = request("let e;\ntry {\n  null.x;\n} catch (caught) { e = caught }\n$log(e);\nreturn e.stack");
  r.source.start = {10, 5};
  const Outcome outcome = run(std::move(r));
  EXPECT_THAT(result(outcome), HasSubstr("handler:3:7"));
  ASSERT_EQ(outcome.logs.size(), 1u);
  EXPECT_THAT(outcome.logs[0].message, HasSubstr("handler:12:7"));
}

TEST_F(EngineTest, SyntaxErrorsCarryThePositionToo) {
  const auto compiled = engine_->precompile({"let a = 1;\nlet b = ;", {20, 3}});
  ASSERT_FALSE(compiled.ok());
  EXPECT_EQ(compiled.error().code, ErrorCode::kCompilationError);
  EXPECT_EQ(compiled.error().location, (Location{21, 9}));
  const auto open = engine_->precompile({"if (a) {\n  b()", {1, 1}});
  ASSERT_FALSE(open.ok());
  EXPECT_EQ(open.error().location->line, 2);
}

TEST_F(EngineTest, ABodyCannotCloseItsWrapper) {
  EXPECT_EQ(run("}); $log('out'); (async () => {").error->code, ErrorCode::kCompilationError);
  EXPECT_EQ(run("} function f() {").error->code, ErrorCode::kCompilationError);
}

TEST_F(EngineTest, WhateverIsThrownIsDescribed) {
  EXPECT_EQ(result(run("throw 'text'")), "EXECUTION_ERROR: text");
  EXPECT_EQ(result(run("throw null")), "EXECUTION_ERROR: null");
  EXPECT_EQ(result(run("throw {}")), "EXECUTION_ERROR: [object Object]");
  EXPECT_EQ(result(run("throw {toString: () => 'own words'}")), "EXECUTION_ERROR: own words");
  EXPECT_EQ(result(run("throw {message: 'plain'}")), "EXECUTION_ERROR: plain");
  EXPECT_EQ(run("throw {get message() { throw 1 }}").error->code, ErrorCode::kExecutionError);
  EXPECT_EQ(run("const e = new Error('x'); e.code = 'TIMEOUT'; throw e").error->code, ErrorCode::kExecutionError);
}

TEST_F(EngineTest, AnUnhandledRejectionIsAWarningInTheLog) {
  const Outcome outcome = run("Promise.reject(new Error('lost')); Promise.reject(1).catch(() => {}); return 1");
  EXPECT_EQ(result(outcome), "1");
  ASSERT_EQ(outcome.logs.size(), 1u);
  EXPECT_EQ(outcome.logs[0].level, LogLevel::kWarn);
  EXPECT_THAT(outcome.logs[0].message, HasSubstr("lost"));
}

}  // namespace
}  // namespace nexus::engine
