#include "nexus/auth/ticket_book.h"

#include <gtest/gtest.h>

#include <set>

namespace nexus::auth {
namespace {

constexpr Clock::Steady kStart{};

Identity someone(std::string subject = "ann") {
  Identity identity;
  identity.subject = std::move(subject);
  identity.workspace = "w";
  return identity;
}

TEST(TicketBook, ATicketWorksOnce) {
  TicketBook book;
  const auto ticket = book.issue(someone(), std::nullopt, kStart);
  ASSERT_TRUE(ticket.ok());
  const auto identity = book.redeem(*ticket, "p", kStart);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->subject, "ann");
  EXPECT_FALSE(book.redeem(*ticket, "p", kStart));
  EXPECT_EQ(book.open(), 0u);
}

TEST(TicketBook, ATicketOfOnePanelOpensNoOtherAndIsUsedUpByTheAttempt) {
  TicketBook book;
  const auto ticket = book.issue(someone(), "p", kStart);
  EXPECT_FALSE(book.redeem(*ticket, "q", kStart));
  EXPECT_FALSE(book.redeem(*ticket, "p", kStart));
  const auto other = book.issue(someone(), "p", kStart);
  EXPECT_TRUE(book.redeem(*other, "p", kStart));
}

TEST(TicketBook, TicketsGrowOldAndAreForgotten) {
  TicketBook book;
  const auto ticket = book.issue(someone(), std::nullopt, kStart);
  EXPECT_FALSE(book.redeem(*ticket, "p", kStart + TicketBook::kLifetime));
  EXPECT_EQ(book.open(), 0u);
}

TEST(TicketBook, NobodyGuessesAndTheyAllDiffer) {
  TicketBook book;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(*book.issue(someone(), std::nullopt, kStart));
  EXPECT_EQ(seen.size(), 100u);
  for (const char* guess :
       {"", "x", "0000000000000000000000000000000000000000000000000000000000000000"})
    EXPECT_FALSE(book.redeem(guess, "p", kStart));
  EXPECT_FALSE(book.redeem(*seen.begin() + "0", "p", kStart));
}

TEST(TicketBook, TicketsAreBoundedInAllAndForEachCaller) {
  TicketBook book(3, 2);
  EXPECT_TRUE(book.issue(someone("a"), std::nullopt, kStart).ok());
  const auto second = book.issue(someone("a"), std::nullopt, kStart);
  EXPECT_TRUE(second.ok());
  const auto refused = book.issue(someone("a"), std::nullopt, kStart);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceLimit);
  EXPECT_TRUE(book.issue(someone("b"), std::nullopt, kStart).ok());
  EXPECT_FALSE(book.issue(someone("c"), std::nullopt, kStart).ok()) << "the book is full";
  EXPECT_TRUE(book.redeem(*second, "p", kStart));
  EXPECT_TRUE(book.issue(someone("a"), std::nullopt, kStart).ok()) << "a used one makes room";
}

}  // namespace
}  // namespace nexus::auth
