#include "nexus/server/reply.h"

#include <gtest/gtest.h>

namespace nexus::server {
namespace {

TEST(Reply, EveryErrorIsTheEnvelope) {
  const Reply plain = error_reply({ErrorCode::kPanelNotFound, "no panel \"x\""});
  EXPECT_EQ(plain.status, 404);
  EXPECT_EQ(plain.content_type, "application/json");
  EXPECT_EQ(plain.body, R"({"error":{"code":"PANEL_NOT_FOUND","message":"no panel \"x\""}})");
  EXPECT_EQ(error_reply({ErrorCode::kInvalidNxml, "m"}, "[1]").body,
            R"({"error":{"code":"INVALID_NXML","message":"m","details":[1]}})");
}

TEST(Reply, WhatMayBeTriedAgainSaysWhen) {
  const auto retry_fields = [](const Reply& reply) {
    int count = 0;
    for (const auto& [name, value] : reply.fields) count += name == "Retry-After";
    return count;
  };
  EXPECT_EQ(retry_fields(error_reply({ErrorCode::kResourceLimit, "m"})), 1);
  EXPECT_EQ(retry_fields(error_reply({ErrorCode::kUnavailable, "m"})), 1);
  EXPECT_EQ(retry_fields(error_reply({ErrorCode::kParseError, "m"})), 0);
}

TEST(Reply, DetailOfAnErrorStaysInside) {
  Error error{ErrorCode::kInternalError, "broken"};
  error.detail = "secret";
  EXPECT_EQ(error_reply(error).body.find("secret"), std::string::npos);
}

TEST(Reply, ComparesEntityTagsWeakly) {
  EXPECT_TRUE(etag_matches("\"a\"", "\"a\""));
  EXPECT_TRUE(etag_matches("W/\"a\"", "\"a\""));
  EXPECT_TRUE(etag_matches("\"x\" ,\t\"a\"", "\"a\""));
  EXPECT_TRUE(etag_matches("*", "\"a\""));
  EXPECT_FALSE(etag_matches("", "\"a\""));
  EXPECT_FALSE(etag_matches("a", "\"a\""));
  EXPECT_FALSE(etag_matches("\"ab\"", "\"a\""));
  EXPECT_FALSE(etag_matches(",,,", "\"a\""));
}

// The example of RFC 9110 section 5.6.7, and the edges of a day and a leap year.
TEST(Reply, WritesDatesAsHttpDoes) {
  const auto at = [](std::int64_t seconds) { return Clock::Wall(std::chrono::seconds(seconds)); };
  EXPECT_EQ(http_date(at(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(at(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(at(1709251199)), "Thu, 29 Feb 2024 23:59:59 GMT");
}

}  // namespace
}  // namespace nexus::server
