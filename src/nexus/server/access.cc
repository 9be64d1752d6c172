#include "nexus/server/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "nexus/auth/authenticator.h"
#include "nexus/server/field_list.h"
#include "nexus/server/subprotocol.h"

namespace nexus::server {
namespace {

using auth::Identity;
using auth::Permission;

constexpr std::string_view kScheme = "bearer ";

Reply with_field(Reply reply, std::string name, std::string value) {
  std::erase_if(reply.fields, [&](const auto& field) { return field.first == name; });
  reply.fields.emplace_back(std::move(name), std::move(value));
  return reply;
}

// RFC 6750 section 3: the challenge names an error only when a token was there. Reasons are our own
// texts, without quotes of their own.
Reply unauthorized(std::string_view reason) {
  std::string description(reason);
  std::replace(description.begin(), description.end(), '"', '\'');
  return with_field(
      error_reply({ErrorCode::kUnauthorized, std::string(reason)}), "WWW-Authenticate",
      fmt::format(R"(Bearer realm="nexus", error="invalid_token", error_description="{}")",
                  description));
}

Reply credentials_missing() {
  return with_field(
      error_reply({ErrorCode::kUnauthorized, "send a token: Authorization: Bearer ..."}),
      "WWW-Authenticate", R"(Bearer realm="nexus")");
}

Reply forbidden(Permission needed) {
  return with_field(error_reply({ErrorCode::kForbidden,
                                 fmt::format("the token does not permit {}", to_string(needed))}),
                    "WWW-Authenticate",
                    fmt::format(R"(Bearer realm="nexus", error="insufficient_scope", scope="{}")",
                                to_string(needed)));
}

Error too_fast(std::string_view who, std::chrono::milliseconds wait) {
  return {ErrorCode::kResourceLimit,
          fmt::format("too many requests of this {}; try again in {} ms", who, wait.count())};
}

Reply too_many(std::string_view who, std::chrono::milliseconds wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
  return with_field(error_reply(too_fast(who, wait)), "Retry-After",
                    std::to_string(seconds.count()));
}

// The credentials of a request, of which it may bring one.
struct Credentials {
  std::optional<std::string> token;
  std::optional<std::string> ticket;
};

bool is_scheme(std::string_view text) {
  return text.size() == kScheme.size() &&
         std::equal(text.begin(), text.end(), kScheme.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

// The tokens that a list of subprotocols carries.
std::vector<std::string> tokens_in(std::string_view protocols) {
  std::vector<std::string> tokens;
  while (!protocols.empty()) {
    const std::string_view entry = take_entry(protocols);
    if (entry.starts_with(kBearerPrefix)) tokens.emplace_back(entry.substr(kBearerPrefix.size()));
  }
  return tokens;
}

// Error kBadRequest when there is more than one: which of them counts must not be a matter of
// taste.
Result<Credentials> read_credentials(const Head& head, const Request& request) {
  std::vector<std::string> tokens;
  if (head.authorization_count > 0) {
    if (!is_scheme(head.authorization.substr(0, kScheme.size())))
      return Error{ErrorCode::kUnauthorized,
                   "the authorization field is not of the form: Bearer TOKEN"};
    tokens.emplace_back(head.authorization.substr(kScheme.size()));
  }
  std::vector<std::string> tickets;
  if (request.match.route == Route::kSocket) {
    for (std::string& token : tokens_in(head.ws_protocols)) tokens.push_back(std::move(token));
    NX_TRY(const std::vector<QueryField> fields, parse_query(request.query));
    for (const QueryField& field : fields)
      if (field.key == "ticket") tickets.push_back(field.value);
  }
  if (head.authorization_count > 1 || tokens.size() + tickets.size() > 1)
    return Error{ErrorCode::kBadRequest, "more than one credential; send one"};
  Credentials credentials;
  if (!tokens.empty()) credentials.token = std::move(tokens.front());
  if (!tickets.empty()) credentials.ticket = std::move(tickets.front());
  return credentials;
}

Identity everybody(const AccessOptions& options) {
  Identity identity;
  identity.subject = "anonymous";
  identity.workspace = options.workspace;
  identity.permissions.add(Permission::kAdmin);
  identity.expires = Clock::Wall::max();
  return identity;
}

std::string caller(const Identity& identity) {
  return identity.workspace + '\n' + identity.subject;
}

}  // namespace

Result<std::shared_ptr<Access>> Access::create(const AccessOptions& options, const Clock& clock) {
  NX_TRY(ProxyList proxies, ProxyList::parse(options.trusted_proxies));
  return std::shared_ptr<Access>(new Access(options, std::move(proxies), clock));
}

Result<void> Access::reload(const AccessOptions& options) {
  NX_TRY(proxies_, ProxyList::parse(options.trusted_proxies));
  options_.authenticator = options.authenticator;
  addresses_.set_rate(options.address_rate);
  identities_.set_rate(options.identity_rate);
  return {};
}

Access::Access(const AccessOptions& options, ProxyList proxies, const Clock& clock)
    : options_(options),
      proxies_(std::move(proxies)),
      clock_(clock),
      everybody_(everybody(options)),
      addresses_(options.address_rate),
      identities_(options.identity_rate) {}

void Access::authorize(const Head& head, const Request& request, const std::string& peer,
                       std::function<void(Verdict)> done) {
  const Guard guard = guard_of(request.match.route, request.method);
  if (guard.exempt) return done(everybody_);
  if (auto refusal = check_address(head, peer)) return done(*std::move(refusal));
  if (!guard.permission || !authenticates()) return done(everybody_);
  const Permission needed = *guard.permission;
  auto credentials = read_credentials(head, request);
  if (!credentials.ok()) {
    const Error& error = credentials.error();
    return done(error.code == ErrorCode::kUnauthorized ? unauthorized(error.message)
                                                       : error_reply(error));
  }
  if (credentials->ticket) {
    auto found = tickets_.redeem(*credentials->ticket, request.match.panel, clock_.now());
    if (!found) return done(unauthorized("the ticket is not valid, or not any more"));
    return done(judge(*std::move(found), needed));
  }
  if (!credentials->token) return done(credentials_missing());
  options_.authenticator->authenticate(
      *std::move(credentials->token),
      [self = shared_from_this(), needed, done = std::move(done)](Result<Identity> found) {
        done(self->judge(std::move(found), needed));
      });
}

// Strangers only: a connection from this machine is its operator's, or a proxy's that should be
// listed.
std::optional<Reply> Access::check_address(const Head& head, const std::string& peer) {
  const Client client = proxies_.client(peer, head.forwarded_for);
  if (client.is_local) return std::nullopt;
  const auto wait = addresses_.admit(client.address, clock_.now());
  return wait ? std::optional(too_many("address", *wait)) : std::nullopt;
}

std::optional<Reply> Access::check_identity(const Identity& identity, Permission needed) {
  if (const auto wait = identities_.admit(caller(identity), clock_.now()))
    return too_many("identity", *wait);
  if (clock_.wall() >= identity.expires) return unauthorized("the token has expired");
  return identity.may(needed) ? std::nullopt : std::optional(forbidden(needed));
}

Access::Verdict Access::judge(Result<Identity> found, Permission needed) {
  if (!found.ok()) {
    const Error& error = found.error();
    return error.code == ErrorCode::kUnauthorized ? unauthorized(error.message)
                                                  : error_reply(error);
  }
  if (auto refusal = check_identity(*found, needed)) return *std::move(refusal);
  return std::move(found).take();
}

Result<std::string> Access::issue_ticket(const Identity& identity,
                                         std::optional<std::string> panel) {
  return tickets_.issue(identity, std::move(panel), clock_.now());
}

Result<void> Access::admit_message(const Identity& identity) {
  if (!authenticates()) return {};
  const auto wait = identities_.admit(caller(identity), clock_.now());
  return wait ? Result<void>(too_fast("identity", *wait)) : Result<void>();
}

}  // namespace nexus::server
