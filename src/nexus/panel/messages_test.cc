#include "nexus/panel/messages.h"

#include <gtest/gtest.h>

#include "nexus/panel/doubles_internal.h"
#include "nexus/panel/panel_state.h"

namespace nexus::panel {
namespace {

using doubles::set_key;
using value::List;
using value::Object;
using value::Value;

TEST(Messages, ConnectedCarriesTheStateAsItIs) {
  EXPECT_EQ(encode_connected("p", 3, "e1", R"({"n":1})")->json(),
            R"({"type":"CONNECTED","panelId":"p","version":3,"epoch":"e1","state":{"n":1}})");
}

TEST(Messages, PatchListsSetsAndDeletes) {
  const std::vector<engine::Mutation> mutations = {set_key("a", Object{{"x", List{1, "\"\n"}}}),
                                                   {engine::Mutation::Operation::kDelete, "b", {}}};
  const PanelState state(
      state::Store::create({}).take(),
      std::make_shared<const ComputedValues>(nxml::Document{}, engine::Limits{}), "p");
  EXPECT_EQ(
      encode_mutations(7, mutations, state, 1700000000123)->json(),
      R"({"type":"PATCH","version":7,"mutations":[{"operation":"set","key":"a","value":{"x":[1,"\"\n"]}},)"
      R"({"operation":"delete","key":"b"}],"timestamp":1700000000123})");
}

TEST(Messages, AsJsonPatchAKeyIsAMemberOfTheState) {
  const std::vector<engine::Mutation> mutations = {
      set_key("a", 1), {engine::Mutation::Operation::kDelete, "b", {}, {}}};
  EXPECT_EQ(encode_patch(7, mutations, 5)->json(),
            R"({"type":"PATCH","version":7,"patch":[{"op":"add","path":"/a","value":1},)"
            R"({"op":"remove","path":"/b"}],"timestamp":5})");
}

TEST(Messages, EventAndView) {
  EXPECT_EQ(
      encode_event(1, {"toast", Object{{"message", "hi"}}, 5})->json(),
      R"({"type":"EVENT","version":1,"event":{"name":"toast","payload":{"message":"hi"},"timestamp":5}})");
  EXPECT_EQ(
      encode_view(1, {{"focus", "name", Object{}}, {"custom", {}, Object{{"a", 1}}}})->json(),
      R"({"type":"VIEW","version":1,"commands":[{"type":"focus","componentId":"name","args":{}},)"
      R"({"type":"custom","args":{"a":1}}]})");
}

TEST(Messages, TimesAreIso8601InUtc) {
  const auto at = [](std::int64_t ms) {
    return iso_time(Clock::Wall(std::chrono::milliseconds{ms}));
  };
  EXPECT_EQ(at(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(at(1'700'000'000'123), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(at(-1), "1969-12-31T23:59:59.999Z");
}

TEST(Messages, InfoDescribesToolsAndLife) {
  auto document = std::make_shared<nxml::Document>();
  document->meta.title = "T";
  nxml::Tool tool;
  tool.name = "add";
  tool.description = "adds";
  nxml::Arg by;
  by.name = "by";
  by.type = value::DataType::kNumber;
  by.required = false;
  by.fallback = Value(2);
  tool.args.push_back(by);
  document->tools.push_back(std::move(tool));
  Program program;
  program.document = document;
  PanelFacts facts{.id = "p", .status = "running", .version = 4, .epoch = "e", .clients = 2};
  const std::string common =
      R"({"id":"p","title":"T","status":"running","version":4,"epoch":"e","tools":[{"name":"add",)"
      R"("description":"adds","args":[{"name":"by","type":"number","required":false,"default":2}]}],)"
      R"("createdAt":"1970-01-01T00:00:00.000Z","lastActivity":"1970-01-01T00:00:00.000Z","clientCount":2)";
  EXPECT_EQ(encode_info(program, facts), common + "}");

  engine::RunError error;
  error.code = ErrorCode::kTimeout;
  error.message = "too slow";
  error.stack = "secret";
  facts.mount_error = &error;
  EXPECT_EQ(encode_info(program, facts),
            common + R"(,"mountError":{"code":"TIMEOUT","message":"too slow"}})");
}

ExecutionResult failed_run() {
  ExecutionResult result{"r1", doubles::failure("r1", ErrorCode::kExecutionError, "boom")};
  result.outcome.error->stack = "at x";
  result.outcome.error->location = Location{3, 7};
  result.outcome.error->snippet = "> boom();";
  result.outcome.error->snippet_line = 1;
  result.outcome.metrics.total_us = 12;
  result.outcome.metrics.duration_us = 5;
  result.outcome.metrics.host_calls["state_get"] = 2;
  result.outcome.metrics.compile_us = 9;
  return result;
}

TEST(ExecutionResultJson, DetailsOfAnErrorStayInsideUnlessDebugging) {
  const std::string metrics =
      R"("metrics":{"durationUs":12,"memoryUsedBytes":0,"memoryPeakBytes":0,"hostCalls":{"state_get":2},)"
      R"("compilationTimeUs":9,"cacheHit":false}})";
  const std::string head =
      R"({"executionId":"r1","status":"error","stateMutations":[],"events":[],"viewCommands":[],)"
      R"("error":{"code":"EXECUTION_ERROR","message":"boom")";
  std::string safe, full;
  write_json(failed_run(), false, safe);
  EXPECT_EQ(safe, head + "}," + metrics);
  write_json(failed_run(), true, full);
  EXPECT_EQ(full, head +
                      R"(,"location":{"line":3,"column":7},"snippet":{"code":"> boom();",)"
                      R"("highlightLine":1},"stack":"at x"},)" +
                      metrics);
}

TEST(ExecutionResultJson, TellsWhichCallsWereDenied) {
  ExecutionResult result{"r", doubles::success("r", {})};
  result.outcome.denials = {{"state:write:count", "writing $state.count", 3}};
  std::string out;
  write_json(result, false, out);
  EXPECT_NE(out.find(R"("denials":[{"operation":"writing $state.count","token":"state:write:count","times":3}])"),
            std::string::npos)
      << out;
}

TEST(ExecutionResultJson, UndefinedIsNoReturnValueAndNullIsOne) {
  ExecutionResult result{"r", doubles::success("r", {set_key("n", 1)})};
  std::string out;
  write_json(result, false, out);
  EXPECT_EQ(out.find("returnValue"), std::string::npos);
  EXPECT_NE(out.find(R"("stateMutations":[{"operation":"set","key":"n","value":1}])"),
            std::string::npos);
  result.outcome.has_return_value = true;
  out.clear();
  write_json(result, false, out);
  EXPECT_NE(out.find(R"("returnValue":null)"), std::string::npos);
}

}  // namespace
}  // namespace nexus::panel
