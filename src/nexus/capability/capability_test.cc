#include "nexus/capability/capability.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {
// Counts allocations of this thread, so that a test can show that a call makes none.
thread_local std::size_t allocations = 0;
}  // namespace

// Kept out of line: inlined halves of the pair look mismatched to the compiler.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace nexus::capability {
namespace {

GrantSet grants(std::initializer_list<std::string_view> texts) {
  std::vector<Token> tokens;
  for (std::string_view text : texts) tokens.push_back(std::move(parse_token(text)).take());
  return GrantSet(std::move(tokens));
}

std::vector<std::string> texts(const GrantSet& set) {
  std::vector<std::string> result;
  for (const Token& token : set.tokens()) result.push_back(to_string(token));
  return result;
}

TEST(Token, TextFormGoesBothWays) {
  for (std::string_view text : {"state:read:count", "state:write:*", "events:emit:saved",
                                "view:update:list-1", "ext:http", "state:read:caf\xc3\xa9"}) {
    const Result<Token> token = parse_token(text);
    ASSERT_TRUE(token.ok()) << text;
    EXPECT_EQ(to_string(token.value()), text);
  }
  EXPECT_EQ(to_string(Kind::kStateRead, "*"), "state:read:*");
}

TEST(Token, RefusesEverythingOutsideTheGrammar) {
  const std::string long_scope(129, 'k');
  for (const std::string& text :
       {std::string(), std::string("*"), std::string("http"), std::string("state"),
        std::string("state:count"), std::string("state:read"), std::string("state:read:"),
        std::string("State:read:a"), std::string(" state:read:a"), std::string("ext:"),
        std::string("ext:a:b"), std::string("ext:a\n"), std::string("ext:\x7f"),
        std::string("state:delete:a"), std::string("events:emit:system:error"), "ext:" + long_scope,
        std::string("ext:a\0b", 7)}) {
    const Result<Token> token = parse_token(text);
    ASSERT_FALSE(token.ok()) << text;
    EXPECT_EQ(token.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(parse_token("ext:" + long_scope.substr(1)).ok());
}

TEST(Token, MessagesNameTheValueTheBoundAndTheWayOut) {
  EXPECT_EQ(parse_token("state:cuont").error().message,
            "unknown capability token \"state:cuont\": use state:read:KEY, state:write:KEY, "
            "events:emit:NAME, view:update:ID or ext:NAME, with * for all");
  EXPECT_EQ(parse_token("ext:").error().message,
            "capability token \"ext:\" has no scope: add a name or *");
  EXPECT_EQ(parse_token("ext:" + std::string(129, 'a')).error().message,
            "capability token \"ext:" + std::string(60, 'a') +
                "...\" has a scope of 129 bytes, limit 128");
  EXPECT_EQ(parse_token("ext:a\nb").error().message,
            "capability token \"ext:a?b\" has a scope with ':' or a control character: use one "
            "plain name or *");
}

TEST(GrantSet, EmptyAllowsNothing) {
  const GrantSet none;
  EXPECT_FALSE(none.allows(Kind::kStateRead, "a"));
  EXPECT_FALSE(none.allows(Kind::kStateRead, "*"));
  EXPECT_FALSE(none.allows(Kind::kExtension, ""));
}

TEST(GrantSet, AllowsExactNamesOfTheSameKindOnly) {
  const GrantSet set = grants({"state:read:count", "events:emit:saved"});
  EXPECT_TRUE(set.allows(Kind::kStateRead, "count"));
  EXPECT_FALSE(set.allows(Kind::kStateRead, "counter"));
  EXPECT_FALSE(set.allows(Kind::kStateRead, "coun"));
  EXPECT_FALSE(set.allows(Kind::kStateRead, "*"));
  EXPECT_FALSE(set.allows(Kind::kStateWrite, "count"));
  EXPECT_FALSE(set.allows(Kind::kStateWrite, "saved"));
  EXPECT_TRUE(set.allows(Kind::kEventsEmit, "saved"));
}

TEST(GrantSet, WriteDoesNotImplyRead) {
  const GrantSet set = grants({"state:write:*"});
  EXPECT_TRUE(set.allows(Kind::kStateWrite, "a"));
  EXPECT_FALSE(set.allows(Kind::kStateRead, "a"));
}

TEST(GrantSet, WildcardCoversItsKindAndNeverCrossesKinds) {
  const GrantSet set = grants({"ext:*", "state:read:a"});
  EXPECT_TRUE(set.allows(Kind::kExtension, "http"));
  EXPECT_TRUE(set.allows(Kind::kExtension, "*"));
  EXPECT_TRUE(set.allows(Kind::kExtension, "not a token:name"));
  EXPECT_FALSE(set.allows(Kind::kViewUpdate, "http"));
  EXPECT_FALSE(set.allows(Kind::kStateRead, "*"));
}

TEST(GrantSet, HasNoPrefixWildcard) {
  const GrantSet set = grants({"ext:ht*", "state:read:!first"});
  EXPECT_FALSE(set.allows(Kind::kExtension, "http"));
  EXPECT_TRUE(set.allows(Kind::kExtension, "ht*"));
  EXPECT_TRUE(set.allows(Kind::kStateRead, "!first"));
  EXPECT_FALSE(set.allows(Kind::kStateRead, "a"));
}

TEST(GrantSet, KeepsTokensSortedOnceAndWithoutWhatAWildcardCovers) {
  EXPECT_EQ(
      texts(grants({"ext:b", "state:read:z", "state:read:*", "ext:a", "ext:b", "state:read:!"})),
      (std::vector<std::string>{"state:read:*", "ext:a", "ext:b"}));
}

TEST(GrantSet, IntersectionKeepsTheNarrowerSide) {
  const GrantSet panel = grants({"state:read:*", "state:write:a", "state:write:b", "ext:http"});
  const GrantSet tool = grants({"state:read:a", "state:write:*", "ext:time", "view:update:*"});
  const std::vector<std::string> expected{"state:read:a", "state:write:a", "state:write:b"};
  EXPECT_EQ(texts(panel.intersect(tool)), expected);
  EXPECT_EQ(texts(tool.intersect(panel)), expected);
  EXPECT_TRUE(panel.intersect(GrantSet()).tokens().empty());
  EXPECT_EQ(texts(panel.intersect(GrantSet::everything())), texts(panel));
}

TEST(GrantSet, EverythingAllowsEveryKind) {
  const GrantSet set = GrantSet::everything();
  for (Kind kind : {Kind::kStateRead, Kind::kStateWrite, Kind::kEventsEmit, Kind::kViewUpdate,
                    Kind::kExtension}) {
    EXPECT_TRUE(set.allows(kind, "x"));
    EXPECT_TRUE(set.allows(kind, "*"));
  }
}

TEST(GrantSet, AsksWithoutAllocating) {
  const GrantSet set =
      grants({"state:read:a-key-too-long-for-the-small-string-buffer", "state:write:b", "ext:*"});
  const std::size_t before = allocations;
  bool all = true;
  for (int i = 0; i < 1000; ++i) {
    all = all && set.allows(Kind::kStateRead, "a-key-too-long-for-the-small-string-buffer");
    all = all && !set.allows(Kind::kStateRead, "another-key-too-long-for-the-small-string-buffer");
    all = all && set.allows(Kind::kExtension, "http");
  }
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(all);
}

}  // namespace
}  // namespace nexus::capability
