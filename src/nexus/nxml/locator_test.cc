#include "nexus/nxml/locator.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace nexus::nxml {
namespace {

// The obvious way.
Location counted(std::string_view text, std::uint32_t offset) {
  Location at{1, 1};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      at = {at.line + 1, 1};
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++at.column;
    }
  }
  return at;
}

TEST(Locator, AnswersTheSameInAnyOrder) {
  const std::string text = "one\ntwö\n\n\r\n" + std::string(40, 'x') + "ü\nend";
  Locator locator(text);
  std::mt19937 random(20261128);
  for (int i = 0; i < 2000; ++i) {
    const auto offset = static_cast<std::uint32_t>(random() % (text.size() + 1));
    EXPECT_EQ(locator.at(offset), counted(text, offset)) << offset;
  }
}

TEST(Locator, TellsBothEndsOfAPiece) {
  Locator locator("a\nbc");
  const Span span = locator.span({0, 4});
  EXPECT_EQ(span.start, (Location{1, 1}));
  EXPECT_EQ(span.end, (Location{2, 3}));
}

}  // namespace
}  // namespace nexus::nxml
