#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nexus/auth/identity.h"
#include "nexus/base/result.h"

namespace nexus::auth {

// Tickets with which a page opens one WebSocket without putting its token into an address. Each is
// random, works once and for a short time, and only for the panel it names, if it names one. They
// live in memory: a restart forgets them. One thread at a time.
class TicketBook {
 public:
  static constexpr std::chrono::seconds kLifetime{30};

  explicit TicketBook(std::size_t max_tickets = 10'000, std::size_t max_per_subject = 100)
      : max_tickets_(max_tickets), max_per_subject_(max_per_subject) {}

  // Error kResourceLimit when too many wait to be used, of this identity or in all.
  Result<std::string> issue(const Identity& identity, std::optional<std::string> panel,
                            Clock::Steady now);

  // Takes the ticket out of the book: whoever holds it is this identity. nullopt for one that is
  // unknown, was used, is too old or is for another panel, all the same to the caller.
  std::optional<Identity> redeem(std::string_view ticket, std::string_view panel,
                                 Clock::Steady now);

  std::size_t open() const { return tickets_.size(); }

 private:
  struct Ticket {
    Identity identity;
    std::optional<std::string> panel;
    Clock::Steady expires;
  };
  using Tickets = std::unordered_map<std::string, Ticket>;  // by the ticket's hash

  void drop_expired(Clock::Steady now);
  void remove(Tickets::iterator found);

  const std::size_t max_tickets_;
  const std::size_t max_per_subject_;
  Tickets tickets_;
  std::unordered_map<std::string, std::size_t> per_subject_;
  std::deque<std::pair<Clock::Steady, std::string>> by_age_;  // hashes, also of those used since
};

}  // namespace nexus::auth
