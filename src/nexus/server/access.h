#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "nexus/auth/identity.h"
#include "nexus/auth/rate_limiter.h"
#include "nexus/auth/ticket_book.h"
#include "nexus/base/clock.h"
#include "nexus/server/proxy_list.h"
#include "nexus/server/reply.h"
#include "nexus/server/request.h"
#include "nexus/server/server.h"

namespace nexus::server {

// Who sends a request and whether they may: docs/SECURITY.md, "Who may do what". Which panels they
// reach is asked where the panel is looked up (handlers.h). Lives on the loop.
class Access : public std::enable_shared_from_this<Access> {
 public:
  // `clock` outlives it. Error kInvalidArgument for a trusted proxy that is no address.
  static Result<std::shared_ptr<Access>> create(const AccessOptions& options, const Clock& clock);

  // Takes over rates, proxies and authenticator, for what is asked from now on; tickets and counts stay. Error as from
  // create(), and nothing changed.
  Result<void> reload(const AccessOptions& options);

  using Verdict = std::variant<auth::Identity, Reply>;
  // Calls `done` once, at once or when the signing keys have been read: with the identity, or with
  // the reply that refuses (401, 403, 429, 503). `peer` is the address the connection came from.
  void authorize(const Head& head, const Request& request, const std::string& peer,
                 std::function<void(Verdict)> done);

  // Whether identities come from tokens; otherwise everybody may do everything.
  bool authenticates() const { return options_.authenticator != nullptr; }

  // A ticket for one WebSocket; see auth::TicketBook.
  Result<std::string> issue_ticket(const auth::Identity& identity,
                                   std::optional<std::string> panel);

  // Counts a message of an open socket against its identity; an error of kResourceLimit says when
  // the next may come.
  Result<void> admit_message(const auth::Identity& identity);

 private:
  Access(const AccessOptions& options, ProxyList proxies, const Clock& clock);

  std::optional<Reply> check_address(const Head& head, const std::string& peer);
  std::optional<Reply> check_identity(const auth::Identity& identity, auth::Permission needed);
  Verdict judge(Result<auth::Identity> found, auth::Permission needed);

  AccessOptions options_;
  ProxyList proxies_;
  const Clock& clock_;
  const auth::Identity everybody_;  // while nobody is authenticated
  auth::RateLimiter addresses_;
  auth::RateLimiter identities_;
  auth::TicketBook tickets_;
};

}  // namespace nexus::server
