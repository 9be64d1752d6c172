#include "nexus/replay/recording.h"

#include "nexus/replay/replay_fixture_internal.h"
#include "nexus/value/json.h"

namespace nexus::replay {
namespace {

class RecordingTest : public ReplayTest {};

TEST_F(RecordingTest, HoldsAllThatTheRunLearned) {
  auto asked = request("return [Date.now(), $state.count, await $ext.api.get(1)];");
  asked.capabilities = capability::GrantSet({{capability::Kind::kStateRead, "count"}, {capability::Kind::kExtension, "http"}});
  asked.limits.host_calls = 77;
  const auto outcome = record(asked, {{.success = true, .value = "yes", .error = {}}});
  const Recording recording = only_recording();
  EXPECT_EQ(recording.run_id, outcome.run_id);
  EXPECT_EQ(recording.guest, engine::guest_build_hash());
  EXPECT_EQ(recording.request.source.text, asked.source.text);
  EXPECT_EQ(recording.request.source.start, (Location{12, 5}));
  EXPECT_EQ(recording.request.args, asked.args);
  EXPECT_EQ(recording.request.capabilities.tokens(), asked.capabilities.tokens());
  EXPECT_EQ(recording.request.extensions->at("api").scope, "http");
  EXPECT_EQ(recording.request.limits.host_calls, 77u);
  EXPECT_EQ(recording.request.limits.timeout, asked.limits.timeout);
  EXPECT_EQ(recording.request.limits.payload.bytes, asked.limits.payload.bytes);
  ASSERT_EQ(recording.segments.size(), 2u);
  EXPECT_EQ(recording.segments[0].reads.values.at("count"), value::Value(3));
  ASSERT_TRUE(recording.segments[1].answer.has_value());
  EXPECT_EQ(recording.segments[1].answer->call_id, recording.segments[0].started_calls.at(0));
  EXPECT_EQ(recording.segments[1].answer->result.value, value::Value("yes"));
  ASSERT_TRUE(recording.segments[1].inputs.has_value());
  EXPECT_FALSE(recording.segments[1].inputs->clock.empty());
  EXPECT_FALSE(recording.cut.has_value());
}

TEST_F(RecordingTest, AFileThatEndsInsideASegmentIsReadUpToThere) {
  record(request("return await $ext.api.get(1);"), {{.success = true, .value = 1, .error = {}}});
  const std::string bytes = read(files()[0]);
  const auto recording = decode_recording(std::string_view(bytes).substr(0, bytes.size() - 1));
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_EQ(recording->segments.size(), 1u);
  EXPECT_EQ(recording->cut, "it ends inside a segment");
}

TEST_F(RecordingTest, DamageIsFoundWhereverItIs) {
  record(request("return 1;"));
  const std::string bytes = read(files()[0]);
  EXPECT_EQ(decode_recording("something else").error().message, "this is no recording of nexusd");
  EXPECT_EQ(decode_recording("NEXUSRUN").error().message, "the recording is damaged: it ends inside its header");
  std::size_t refused = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] = static_cast<char>(other[i] ^ 0x55);
    refused += decode_recording(other).ok() ? 0 : 1;  // must not crash
  }
  EXPECT_GT(refused, bytes.size() / 4);
  std::string outcome = bytes;
  const auto at = outcome.rfind("success");
  ASSERT_NE(at, std::string::npos);
  outcome[at] = 'S';
  EXPECT_EQ(decode_recording(outcome).error().message, "the recording is damaged: an outcome and its hash disagree");
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_recording(std::string_view(bytes).substr(0, length)).ok()) << length;
}

}  // namespace
}  // namespace nexus::replay
