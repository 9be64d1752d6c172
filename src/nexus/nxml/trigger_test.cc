#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nexus/nxml/nxml.h"

namespace nexus::nxml {
namespace {

using Type = Trigger::Type;

// A tool with `content` in a document that has the State `a` and the Computed `twice`.
ParseResult read(const std::string& content) {
  return parse(
      "<NexusPanel title=\"T\"><Data><State name=\"a\" type=\"object\"/>"
      "<Computed name=\"twice\" value=\"$state.a\"/></Data><Logic><Tool name=\"t\">" +
      content + "<Handler/></Tool></Logic></NexusPanel>");
}

Trigger trigger(const std::string& attributes) {
  const ParseResult result = read("<Trigger " + attributes + "/>");
  if (result.document == nullptr) {
    ADD_FAILURE() << format(result.diagnostics.front(), "");
    return {};
  }
  return result.document->tools.front().triggers.front();
}

// "CODE: message" of the only diagnostic, "" when there is none.
std::string complaint(const std::string& content) {
  const ParseResult result = read(content);
  if (result.diagnostics.empty()) return "";
  EXPECT_EQ(result.diagnostics.size(), 1u) << content;
  return result.diagnostics.front().code + ": " + result.diagnostics.front().message;
}

TEST(Triggers, AreReadByTheirType) {
  EXPECT_EQ(trigger("type='manual'").type, Type::kManual);
  const Trigger interval = trigger("type='interval' ms=' 250 '");
  EXPECT_EQ(interval.type, Type::kInterval);
  EXPECT_EQ(interval.interval_ms, 250u);
  const Trigger cron = trigger("type='cron' expression='0 9 * * mon-fri' timezone='Europe/Paris'");
  EXPECT_EQ(cron.type, Type::kCron);
  EXPECT_EQ(cron.cron, "0 9 * * mon-fri");
  EXPECT_EQ(cron.schedule.hours, 1u << 9);
  EXPECT_EQ(cron.timezone, "Europe/Paris");
  EXPECT_EQ(trigger("type='cron' expression='* * * * *'").timezone, "UTC");
  EXPECT_EQ(trigger("type='event' pattern='order:*'").pattern, "order:*");
}

TEST(Triggers, WatchAStateOrAPlaceInsideIt) {
  using Path = std::vector<std::string>;
  EXPECT_EQ(trigger("type='state_change' path='a'").path, Path{"a"});
  EXPECT_EQ(trigger("type='state_change' path=' a.b.c '").path, (Path{"a", "b", "c"}));
  EXPECT_EQ(trigger("type='state_change' path='$state.a.b'").path, (Path{"a", "b"}));
  EXPECT_EQ(trigger("type='state_change' path=\"{$state.a['b c']}\"").path, (Path{"a", "b c"}));
}

TEST(Triggers, StandSeveralInOneTool) {
  const ParseResult result = read("<Trigger type='manual'/><Trigger type='interval' ms='100'/>");
  ASSERT_NE(result.document, nullptr);
  EXPECT_EQ(result.document->tools.front().triggers.size(), 2u);
  std::string many;
  for (int i = 0; i < 16; ++i) many += "<Trigger type='manual'/>";
  EXPECT_EQ(complaint(many), "");
  EXPECT_EQ(complaint(many + "<Trigger type='manual'/>"),
            "INVALID_TRIGGER: a tool has at most 16 triggers; split the tool");
}

TEST(Triggers, CountAsAUseOfTheirTool) {
  EXPECT_EQ(complaint("<Trigger type='manual'/>"), "");
  EXPECT_EQ(complaint("").substr(0, 11), "UNUSED_TOOL");
}

TEST(Triggers, HaveBoundsOnTheirInterval) {
  for (const char* ms : {"100", "86400000"})
    EXPECT_EQ(complaint(std::string("<Trigger type='interval' ms='") + ms + "'/>"), "");
  for (const char* ms : {"99", "86400001", "0", "-1", "1e3", "", "100.5", "99999999999"}) {
    EXPECT_EQ(complaint(std::string("<Trigger type='interval' ms='") + ms + "'/>").substr(0, 16),
              "INVALID_TRIGGER:")
        << ms;
  }
}

TEST(Triggers, NameTimeZones) {
  for (const char* zone : {"UTC", "Etc/GMT+1", "America/Argentina/Buenos_Aires", "EST5EDT"})
    EXPECT_EQ(
        trigger(std::string("type='cron' expression='* * * * *' timezone='") + zone + "'").timezone,
        zone);
  for (const char* zone : {"", "+01:00", "Europe/", "/Paris", "../etc/passwd", "Europe Paris"}) {
    EXPECT_NE(complaint(std::string("<Trigger type='cron' expression='* * * * *' timezone='") +
                        zone + "'/>"),
              "")
        << zone;
  }
}

TEST(Triggers, SayWhatIsWrongWithThem) {
  EXPECT_EQ(complaint("<Trigger/>"), "MISSING_REQUIRED: this <Trigger> needs the attribute 'type'");
  EXPECT_EQ(complaint("<Trigger type='intervall' ms='100'/>"),
            "INVALID_TRIGGER: 'intervall' is no trigger; use manual, interval, cron, event or "
            "state_change; did you mean 'interval'?");
  EXPECT_EQ(complaint("<Trigger type='interval'/>"),
            "MISSING_REQUIRED: this <Trigger> needs the attribute 'ms'");
  EXPECT_EQ(complaint("<Trigger type='event' pattern=''/>"),
            "INVALID_TRIGGER: a pattern has 1 to 128 bytes, not 0");
  EXPECT_EQ(complaint("<Trigger type='event' pattern='*********'/>"),
            "INVALID_TRIGGER: a pattern has at most 8 stars");
  EXPECT_EQ(complaint("<Trigger type='state_change' path='b'/>"),
            "UNDEFINED_STATE_REFERENCE: no State or Computed is named 'b'");
  EXPECT_EQ(complaint("<Trigger type='state_change' path='twice'/>"),
            "INVALID_TRIGGER: 'twice' is computed; watch a State that it reads");
  for (const char* path : {"", "a..b", "a[0]", "a + b", "$scope.a", "a.__proto__"}) {
    EXPECT_EQ(
        complaint(std::string("<Trigger type='state_change' path='") + path + "'/>").substr(0, 16),
        "INVALID_TRIGGER:")
        << path;
  }
}

TEST(Triggers, WarnAboutAttributesOfOtherTypes) {
  EXPECT_EQ(complaint("<Trigger type='manual' ms='100'/>"),
            "UNKNOWN_ATTRIBUTE: <Trigger> has no attribute 'ms'");
}

TEST(Triggers, OfTimeGiveNoArguments) {
  const std::string interval = "<Trigger type='interval' ms='100'/>";
  EXPECT_EQ(
      complaint(interval + "<Arg name='x'/>"),
      "INVALID_TRIGGER: time gives no arguments, and 'x' of the tool 't' is required; give it "
      "a default");
  EXPECT_EQ(complaint(interval + "<Arg name='x' default='1'/><Arg name='y' required='false'/>"),
            "");
  EXPECT_EQ(complaint("<Trigger type='event' pattern='e'/><Arg name='x'/>"), "");
}

TEST(Triggers, AreInTheJsonOfTheDocument) {
  const ParseResult result = read(
      "<Trigger type='interval' ms='100'/><Trigger type='cron' expression='0 0 1 * *'/>"
      "<Trigger type='event' pattern='*'/><Trigger type='state_change' path='a.b'/>");
  ASSERT_NE(result.document, nullptr);
  const std::string json = to_json(*result.document);
  for (const char* part :
       {R"("triggers":[{"type":"interval","ms":100,)",
        R"({"type":"cron","expression":"0 0 1 * *","timezone":"UTC",)",
        R"({"type":"event","pattern":"*",)", R"({"type":"state_change","path":["a","b"],)"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
  }
}

TEST(EventPattern, MatchesStarsAndNothingElse) {
  EXPECT_TRUE(matches_event("a", "a"));
  EXPECT_FALSE(matches_event("a", "A"));
  EXPECT_FALSE(matches_event("a", "ab"));
  EXPECT_FALSE(matches_event("ab", "a"));
  EXPECT_TRUE(matches_event("*", ""));
  EXPECT_TRUE(matches_event("order:*", "order:paid"));
  EXPECT_FALSE(matches_event("order:*", "orders:paid"));
  EXPECT_TRUE(matches_event("*:paid", "order:paid:paid"));
  EXPECT_FALSE(matches_event("*:paid", "order:paid:not"));
  EXPECT_TRUE(matches_event("a*b*c", "axxbyyc"));
  EXPECT_TRUE(matches_event("a*b*c", "abbcbc"));
  EXPECT_FALSE(matches_event("a*b*c", "acb"));
  EXPECT_TRUE(matches_event("a**", "a"));
  EXPECT_FALSE(matches_event("a.c", "abc"));
}

TEST(Computed, ListsWhatItReadsAndTheOrder) {
  const ParseResult result = parse(
      "<NexusPanel title=\"T\"><Data><State name=\"a\"/><State name=\"b\"/>"
      "<Computed name=\"z\" value=\"$state.y + $state.a + $state['y']\"/>"
      "<Computed name=\"y\" value=\"$state.x\"/><Computed name=\"x\" value=\"$state.b\"/>"
      "<Computed name=\"all\" value=\"Object.keys($state)\"/></Data></NexusPanel>");
  ASSERT_NE(result.document, nullptr);
  using Names = std::vector<std::string>;
  EXPECT_EQ(result.document->computed[0].reads, (Names{"y", "a"}));
  EXPECT_EQ(result.document->computed[3].reads, (Names{"a", "b"}));
  EXPECT_EQ(result.document->computed_order, (std::vector<std::size_t>{2, 3, 1, 0}));
}

}  // namespace
}  // namespace nexus::nxml
