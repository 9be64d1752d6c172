#include "log_format.h"

#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>

#include "nexus/value/json.h"

namespace nexusd {
namespace {

namespace value = nexus::value;

value::Object members_of(std::string_view message) {
  spdlog::memory_buf_t out;
  make_json_formatter()->format({"nexusd", spdlog::level::warn, {message.data(), message.size()}}, out);
  const std::string_view line(out.data(), out.size());
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  auto parsed = value::parse_json(line.substr(0, line.size() - 1));
  EXPECT_TRUE(parsed.ok()) << line;
  value::Object members = parsed.ok() ? parsed->object() : value::Object{};
  EXPECT_TRUE(members.erase("time")) << line;
  return members;
}

TEST(JsonLog, PairsInFrontOfAMessageAreMembers) {
  EXPECT_EQ(members_of("panel=p handler=run run=42 failed code=TIMEOUT"),
            (value::Object{{"level", "warning"}, {"panel", "p"}, {"handler", "run"}, {"run", "42"},
                           {"message", "failed code=TIMEOUT"}}));
  EXPECT_EQ(members_of("panel=p run=7"), (value::Object{{"level", "warning"}, {"panel", "p"}, {"run", "7"}, {"message", ""}}));
  EXPECT_EQ(members_of("plain words"), (value::Object{{"level", "warning"}, {"message", "plain words"}}));
}

TEST(JsonLog, WhatAHandlerWritesStaysInTheMessage) {
  const value::Object logged = members_of(R"(panel=p handler=h run=1 "level=error run=2 \n{\"x\":1}")");
  EXPECT_EQ(logged.find("run")->string(), "1");
  EXPECT_EQ(logged.find("level")->string(), "warning");
  EXPECT_EQ(logged.find("message")->string(), R"("level=error run=2 \n{\"x\":1}")");
}

TEST(JsonLog, NoPairReplacesWhatTheLineIs) {
  for (const char* text : {"level=error x", "time=0", "message=hi", "=x", "a= b", "Panel=p", "a=\"quoted text\""}) {
    const value::Object logged = members_of(text);
    EXPECT_EQ(logged.find("level")->string(), "warning");
    EXPECT_EQ(logged.find("message")->string(), text);
  }
  EXPECT_EQ(members_of("line\nfeed\x01").find("message")->string(), "line\nfeed\x01");
}

}  // namespace
}  // namespace nexusd
