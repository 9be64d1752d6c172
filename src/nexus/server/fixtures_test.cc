#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "nexus/engine/no_state.h"
#include "nexus/panel/messages.h"
#include "nexus/server/messages.h"
#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

// The messages of protocol/fixtures, which the browser client's tests read and write too.
namespace nexus::server {
namespace {

namespace fs = std::filesystem;
using engine::Mutation;
using value::List;
using value::Object;
using Kind = value::PatchOperation::Kind;

constexpr std::int64_t kTime = 1700000000123;

fs::path folder(std::string_view side) {
  return fs::path(NEXUS_SOURCE_DIR) / "protocol" / "fixtures" / side;
}

std::string fixture(std::string_view side, const std::string& name) {
  std::ifstream in(folder(side) / (name + ".json"), std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::size_t count(std::string_view side) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder(side)), fs::directory_iterator()));
}

Mutation set_key(std::string key, value::Value value) {
  return {Mutation::Operation::kSet, std::move(key), std::move(value), {}};
}

Mutation change(std::string key, std::vector<value::PatchOperation> operations) {
  return {Mutation::Operation::kSet, std::move(key), {}, std::move(operations)};
}

Mutation delete_key(std::string key) {
  return {Mutation::Operation::kDelete, std::move(key), {}, {}};
}

std::string merged(bool json_patch, const char* part) {
  return panel::encode_merged_patch(5, 9, {std::make_shared<const std::string>(part)}, json_patch, kTime)
      ->json();
}

panel::ExecutionResult ended(std::string id, engine::Status status) {
  panel::ExecutionResult result;
  result.execution_id = std::move(id);
  result.outcome.status = status;
  result.outcome.metrics.total_us = 12;
  return result;
}

TEST(Fixtures, TheServerWritesEachOfItsMessages) {
  const engine::NoState state;
  auto success = ended("run-1", engine::Status::kSuccess);
  success.outcome.has_return_value = true;
  success.outcome.return_value = Object{{"ok", true}};
  success.outcome.mutations = {set_key("n", 1)};
  success.outcome.metrics.host_calls["state_get"] = 2;
  success.outcome.metrics.cache_hit = true;
  auto failure = ended("run-2", engine::Status::kError);
  failure.patches = true;
  failure.outcome.error = engine::run_error(ErrorCode::kTimeout, "too slow");
  const panel::WaitingCall call{"s1", "http", "get", {}};
  const panel::WaitingCall loading{"s1", "http", "get", Object{{"received", 512}, {"total", 2048}}};

  const std::vector<Mutation> whole = {
      set_key("rows", List{Object{{"id", 1}, {"name", "Brest \u2014 \u00e9"}}}), delete_key("busy")};
  const std::vector<Mutation> inside = {
      change("rows", {{Kind::kAdd, {1}, Object{{"id", 2}}}, {Kind::kReplace, {0, "name"}, "a/b"}}),
      delete_key("busy")};
  const std::pair<std::string, std::string> written[] = {
      {"connected", panel::encode_connected("tides", 3, "0123456789abcdef",
                                            R"({"port":"Brest","rows":[],"busy":false,"height":4.25})")
                        ->json()},
      {"connected_resumed", panel::encode_resumed("tides", 3, "0123456789abcdef")->json()},
      {"patch", panel::encode_mutations(4, whole, state, kTime)->json()},
      {"patch_operations", panel::encode_patch(5, inside, kTime)->json()},
      {"patch_merged", merged(false, R"({"operation":"set","key":"busy","value":true})")},
      {"patch_operations_merged", merged(true, R"({"op":"add","path":"/busy","value":true})")},
      {"event", panel::encode_event(5, {"toast", Object{{"message", "done"}}, kTime})->json()},
      {"view", panel::encode_view(5, {{"focus", "name", Object{}}, {"custom", {}, Object{{"a", 1}}}})->json()},
      {"progress", encode_progress(5, "run-1", {call}, "r7")},
      {"progress_reported", encode_progress(5, "run-1", {loading}, std::nullopt)},
      {"result", encode_result(5, success, false, "r7")},
      {"result_error", encode_result(5, failure, false, std::nullopt)},
      {"error", encode_error(5, {ErrorCode::kToolNotFound, "panel \"tides\" has no tool \"load\""}, "r8")},
      {"pong", encode_pong(5)},
  };
  EXPECT_EQ(std::size(written), count("server"));
  for (const auto& [name, text] : written) EXPECT_EQ(text, fixture("server", name)) << name;
}

// As JSON, and as the same value in MessagePack.
std::vector<ClientMessage> read(const std::string& name) {
  const std::string text = fixture("client", name);
  const auto value = value::parse_json(text);
  EXPECT_TRUE(value.ok()) << name;
  std::vector<ClientMessage> messages;
  messages.push_back(parse_client_message(text, Encoding::kJson));
  messages.push_back(parse_client_message(value::to_msgpack(*value), Encoding::kMsgpack));
  return messages;
}

TEST(Fixtures, TheServerReadsEachMessageOfClients) {
  EXPECT_EQ(count("client"), 6u);
  for (const ClientMessage& message : read("trigger")) {
    const auto& trigger = std::get<TriggerMessage>(message);
    EXPECT_EQ(trigger.tool, "load");
    EXPECT_EQ(value::to_json(trigger.args), R"({"days":2})");
    EXPECT_EQ(trigger.request_id, "r7");
  }
  for (const ClientMessage& message : read("trigger_by_position")) {
    const auto& trigger = std::get<TriggerMessage>(message);
    EXPECT_EQ(value::to_json(trigger.args), R"([2,"Brest"])");
    EXPECT_FALSE(trigger.request_id.has_value());
  }
  for (const ClientMessage& message : read("set")) {
    const auto& set = std::get<SetMessage>(message);
    ASSERT_EQ(set.path.size(), 3u);
    EXPECT_EQ(set.path[0].key, "rows");
    EXPECT_EQ(set.path[1].index, 0u);
    EXPECT_EQ(set.value, value::Value("Brest"));
  }
  for (const ClientMessage& message : read("subscribe")) {
    const auto& more = std::get<SubscribeMessage>(message);
    EXPECT_EQ(more.topics.size(), panel::kTopicCount);
    EXPECT_EQ(more.keys, (std::vector<std::string>{"rows", "busy"}));
    EXPECT_EQ(more.request_id, "s1");
  }
  for (const ClientMessage& message : read("unsubscribe"))
    EXPECT_EQ(std::get<UnsubscribeMessage>(message).keys, std::vector<std::string>{"*"});
  for (const ClientMessage& message : read("ping"))
    EXPECT_TRUE(std::holds_alternative<PingMessage>(message));
}

}  // namespace
}  // namespace nexus::server
