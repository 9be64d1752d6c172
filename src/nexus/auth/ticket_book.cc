#include "nexus/auth/ticket_book.h"

#include "nexus/base/random.h"
#include "nexus/base/sha256.h"

namespace nexus::auth {
namespace {

constexpr std::size_t kHexDigits = 64;  // 256 bits

std::string caller(const Identity& identity) {
  return identity.workspace + '\n' + identity.subject;
}

}  // namespace

Result<std::string> TicketBook::issue(const Identity& identity, std::optional<std::string> panel,
                                      Clock::Steady now) {
  drop_expired(now);
  std::size_t& open_of_caller = per_subject_[caller(identity)];
  if (tickets_.size() >= max_tickets_ || open_of_caller >= max_per_subject_)
    return Error{ErrorCode::kResourceLimit, "too many tickets wait to be used; use one or wait"};
  ++open_of_caller;
  std::string ticket = random_hex(kHexDigits);
  // By its hash: how long the look-up takes tells nothing about the tickets there are.
  const std::string hash = sha256_hex(ticket);
  by_age_.emplace_back(now + kLifetime, hash);
  tickets_.emplace(hash, Ticket{identity, std::move(panel), now + kLifetime});
  return ticket;
}

std::optional<Identity> TicketBook::redeem(std::string_view ticket, std::string_view panel,
                                           Clock::Steady now) {
  drop_expired(now);
  const auto found = tickets_.find(sha256_hex(ticket));
  if (found == tickets_.end()) return std::nullopt;
  const Ticket taken = found->second;
  remove(found);
  if (taken.panel && *taken.panel != panel) return std::nullopt;
  return taken.identity;
}

void TicketBook::drop_expired(Clock::Steady now) {
  for (; !by_age_.empty() && by_age_.front().first <= now; by_age_.pop_front()) {
    const auto found = tickets_.find(by_age_.front().second);
    if (found != tickets_.end()) remove(found);
  }
}

void TicketBook::remove(Tickets::iterator found) {
  const auto count = per_subject_.find(caller(found->second.identity));
  if (--count->second == 0) per_subject_.erase(count);
  tickets_.erase(found);
}

}  // namespace nexus::auth
