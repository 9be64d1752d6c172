#include "nexus/trace/trace_context.h"

#include <gtest/gtest.h>

namespace nexus::trace {
namespace {

constexpr std::string_view kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, TheTraceIsKeptAndTheStepIsNew) {
  const TraceContext step = next_step(kGood, false);
  EXPECT_EQ(step.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(step.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(step.flags, "01");
  const auto again = parse_traceparent(to_string(step));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->span_id, step.span_id);
}

TEST(TraceContext, AStepKnowsItsParentAndWhetherItIsRecorded) {
  EXPECT_EQ(next_step(kGood, false).parent_id, "00f067aa0ba902b7");
  EXPECT_TRUE(next_step(kGood, false).sampled());
  const std::string unsampled = std::string(kGood.substr(0, 53)) + "00";
  EXPECT_FALSE(next_step(unsampled, true).sampled());
  const TraceContext first = next_step(TraceContext{}, true);
  EXPECT_TRUE(first.sampled());
  EXPECT_EQ(first.parent_id, "");
  EXPECT_FALSE(next_step("", false).sampled());
  EXPECT_EQ(next_step(first, false).trace_id, first.trace_id);
  EXPECT_EQ(next_step(first, false).parent_id, first.span_id);
}

TEST(TraceContext, ALaterVersionMayAppend) {
  const std::string later = "cc" + std::string(kGood.substr(2)) + "-what-comes";
  ASSERT_TRUE(parse_traceparent(later).has_value());
  EXPECT_EQ(parse_traceparent(later)->flags, "01");
}

TEST(TraceContext, WhatIsIllFormedBeginsANewTrace) {
  const std::string good(kGood);
  const std::string table[] = {
      "",
      "00",
      good.substr(0, 54),
      good + "-more",
      "ff" + good.substr(2),
      "00_" + good.substr(3),
      "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
  };
  for (const std::string& field : table) {
    EXPECT_FALSE(parse_traceparent(field).has_value()) << field;
    const TraceContext fresh = next_step(field, false);
    EXPECT_TRUE(parse_traceparent(to_string(fresh)).has_value()) << field;
    EXPECT_NE(next_step(field, false).trace_id, fresh.trace_id);
  }
}

}  // namespace
}  // namespace nexus::trace
