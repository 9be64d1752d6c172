#include "nexus/capability/capability.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace nexus::capability {
namespace {

constexpr std::size_t kMaxScopeBytes = 128;
constexpr std::size_t kMaxQuotedBytes = 64;
constexpr std::string_view kWildcard = "*";

struct KindName {
  Kind kind;
  std::string_view prefix;
};

// In the order of the enumerators.
constexpr std::array<KindName, 5> kKindNames{{{Kind::kStateRead, "state:read:"},
                                              {Kind::kStateWrite, "state:write:"},
                                              {Kind::kEventsEmit, "events:emit:"},
                                              {Kind::kViewUpdate, "view:update:"},
                                              {Kind::kExtension, "ext:"}}};

std::string_view prefix_of(Kind kind) { return kKindNames[static_cast<std::size_t>(kind)].prefix; }

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

// Author's text for a message: short and printable.
std::string quoted(std::string_view text) {
  std::string shown(text.substr(0, kMaxQuotedBytes));
  std::replace_if(shown.begin(), shown.end(), is_control, '?');
  return '"' + shown + (text.size() > kMaxQuotedBytes ? "...\"" : "\"");
}

Error bad_scope(std::string_view text, std::string_view scope) {
  std::string message = "capability token " + quoted(text);
  if (scope.empty())
    return {ErrorCode::kInvalidArgument, message + " has no scope: add a name or *"};
  if (scope.size() > kMaxScopeBytes) {
    return {ErrorCode::kInvalidArgument, message + " has a scope of " +
                                             std::to_string(scope.size()) + " bytes, limit " +
                                             std::to_string(kMaxScopeBytes)};
  }
  return {ErrorCode::kInvalidArgument,
          message + " has a scope with ':' or a control character: use one plain name or *"};
}

// Orders tokens against a (kind, scope) pair without building a Token.
struct ScopeOrder {
  using Key = std::pair<Kind, std::string_view>;
  bool operator()(const Token& token, const Key& key) const {
    return Key(token.kind, token.scope) < key;
  }
};

}  // namespace

std::string to_string(const Token& token) { return to_string(token.kind, token.scope); }

std::string to_string(Kind kind, std::string_view scope) {
  return std::string(prefix_of(kind)).append(scope);
}

bool is_scope(std::string_view scope) {
  if (scope.empty() || scope.size() > kMaxScopeBytes) return false;
  return std::none_of(scope.begin(), scope.end(),
                      [](unsigned char c) { return c == ':' || is_control(c); });
}

Result<Token> parse_token(std::string_view text) {
  for (const KindName& name : kKindNames) {
    if (!text.starts_with(name.prefix)) continue;
    const std::string_view scope = text.substr(name.prefix.size());
    if (!is_scope(scope)) return bad_scope(text, scope);
    return Token{name.kind, std::string(scope)};
  }
  return Error{ErrorCode::kInvalidArgument,
               "unknown capability token " + quoted(text) +
                   ": use state:read:KEY, state:write:KEY, events:emit:NAME, view:update:ID or "
                   "ext:NAME, with * for all"};
}

GrantSet::GrantSet(std::vector<Token> tokens) : tokens_(std::move(tokens)) {
  std::array<bool, kKindNames.size()> all{};
  for (const Token& token : tokens_) {
    if (token.scope == kWildcard) all[static_cast<std::size_t>(token.kind)] = true;
  }
  std::erase_if(tokens_, [&all](const Token& token) {
    return all[static_cast<std::size_t>(token.kind)] && token.scope != kWildcard;
  });
  std::sort(tokens_.begin(), tokens_.end());
  tokens_.erase(std::unique(tokens_.begin(), tokens_.end()), tokens_.end());
}

GrantSet GrantSet::everything() {
  std::vector<Token> tokens;
  for (const KindName& name : kKindNames) tokens.push_back({name.kind, std::string(kWildcard)});
  return GrantSet(std::move(tokens));
}

bool GrantSet::allows(Kind kind, std::string_view scope) const {
  const auto first = std::lower_bound(tokens_.begin(), tokens_.end(),
                                      ScopeOrder::Key(kind, std::string_view()), ScopeOrder());
  if (first == tokens_.end() || first->kind != kind) return false;
  // A wildcard is the only token of its kind: the constructor dropped what it covers.
  if (first->scope == kWildcard) return true;
  const auto found =
      std::lower_bound(first, tokens_.end(), ScopeOrder::Key(kind, scope), ScopeOrder());
  return found != tokens_.end() && found->kind == kind && found->scope == scope;
}

GrantSet GrantSet::intersect(const GrantSet& other) const {
  std::vector<Token> both;
  std::copy_if(tokens_.begin(), tokens_.end(), std::back_inserter(both),
               [&other](const Token& token) { return other.covers(token); });
  std::copy_if(other.tokens_.begin(), other.tokens_.end(), std::back_inserter(both),
               [this](const Token& token) { return covers(token); });
  return GrantSet(std::move(both));
}

}  // namespace nexus::capability
