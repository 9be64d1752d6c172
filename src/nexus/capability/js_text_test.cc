#include <gtest/gtest.h>

#include "nexus/capability/js_text_internal.h"

namespace nexus::capability {
namespace {

TEST(ResolveEscapes, YieldsWhatTheEngineSees) {
  EXPECT_EQ(resolve_escapes("plain"), "plain");
  EXPECT_EQ(resolve_escapes(R"(a\n\t\r\b\f\v\0\\\'\"\q)"),
            std::string("a\n\t\r\b\f\v\0\\'\"q", 12));
  EXPECT_EQ(resolve_escapes(R"(\x41\u0042\u{43}\u{1F600})"), "ABC\xf0\x9f\x98\x80");
  EXPECT_EQ(resolve_escapes(R"(\u00e9\u20AC)"), "\xc3\xa9\xe2\x82\xac");
  EXPECT_EQ(resolve_escapes(R"(\ud83d\ude00)"), "\xf0\x9f\x98\x80");
}

TEST(ResolveEscapes, JoinsContinuedLines) {
  EXPECT_EQ(resolve_escapes("a\\\nb\\\r\nc\\\xe2\x80\xa8"
                            "d\\\xe2\x82\xac"),
            "abcd\xe2\x82\xac");
}

TEST(ResolveEscapes, RefusesWhatHasNoMeaning) {
  for (const char* text : {"\\", "\\x4", "\\xg1", "\\u12", "\\u{}", "\\u{110000}", "\\u{41", "\\01",
                           "\\8", "\\ud83d", "\\ude00", "\\ud83d\\u0041", "\\u{-1}", "\\u+041"}) {
    EXPECT_EQ(resolve_escapes(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace nexus::capability
