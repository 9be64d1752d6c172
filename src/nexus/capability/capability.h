#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"

namespace nexus::capability {

// What a class of host call is allowed to touch (reference.md section 7.1).
enum class Kind { kStateRead, kStateWrite, kEventsEmit, kViewUpdate, kExtension };

// One token, for example "state:write:count" or "ext:*". The scope "*" matches every name of its
// kind; it never crosses kinds, there is no prefix wildcard, and write does not imply read.
struct Token {
  Kind kind;
  std::string scope;
  bool operator==(const Token&) const = default;
  auto operator<=>(const Token&) const = default;
};

// The token's text form, for example "state:read:*".
std::string to_string(const Token& token);
// The text form of the token that a use of `scope` needs; for messages.
std::string to_string(Kind kind, std::string_view scope);

// Whether a token can name `scope`: "*", or 1..128 bytes without ':' and without control
// characters. A use of any other name, such as the event "system:error", is allowed by the wildcard
// only.
bool is_scope(std::string_view scope);

// Parses the text form. Error kInvalidArgument for anything outside the grammar: an unknown token
// is refused, never reinterpreted.
Result<Token> parse_token(std::string_view text);

// A set of tokens. Empty allows nothing. Frozen after construction: any thread may ask.
class GrantSet {
 public:
  GrantSet() = default;
  explicit GrantSet(std::vector<Token> tokens);

  // Every token of every kind; for trusted tools such as tests, never for a panel.
  static GrantSet everything();

  // True when a token of `kind` has the scope `scope` or "*". No allocation. A `scope` of "*" asks
  // for the wildcard itself, as listing all keys does.
  bool allows(Kind kind, std::string_view scope) const;
  // True when every use that `token` stands for is allowed.
  bool covers(const Token& token) const { return allows(token.kind, token.scope); }

  // The tokens allowed by both sets; a wildcard on one side keeps the other's narrower tokens.
  GrantSet intersect(const GrantSet& other) const;

  // Sorted, without duplicates, and without tokens that a wildcard of the set already covers.
  const std::vector<Token>& tokens() const { return tokens_; }

 private:
  std::vector<Token> tokens_;
};

}  // namespace nexus::capability
