#include "nexus/panel/grants.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/base/closest.h"
#include "nexus/capability/inference.h"

namespace nexus::panel {
namespace {

using capability::GrantSet;
using capability::Kind;
using capability::Token;
using nxml::Diagnostic;

constexpr std::string_view kEvery = "*";

// A place in the handler's text as a place in the file.
Location in_file(Location start, Location inside) {
  if (inside.line <= 1) return {start.line, start.column + inside.column - 1};
  return {start.line + inside.line - 1, inside.column};
}

std::vector<std::string_view> keys_of(
    const std::map<std::string, std::string, std::less<>>& entries) {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : entries) keys.push_back(key);
  return keys;
}

std::string hint(std::string_view name, const std::vector<std::string_view>& declared) {
  const std::string_view meant = closest(name, declared);
  return meant.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", meant);
}

class HandlerCheck {
 public:
  HandlerCheck(const nxml::Handler& handler, const DeclaredNames& names,
               std::vector<Diagnostic>& diagnostics)
      : handler_(handler),
        names_(names),
        diagnostics_(diagnostics),
        analysis_(capability::analyze_handler(handler.code)) {}

  void check_names();
  std::vector<Token> parse_declared(const std::vector<nxml::CapabilityDecl>& declared);
  std::vector<Token> inferred() const;
  GrantSet default_grants() const;
  // What each use needs must be in all of them; else the diagnostic has the reason of the first that
  // lacks it.
  struct Limit {
    const GrantSet* allowed;
    std::string_view why;
  };
  void check_covered(const std::vector<Limit>& limits);

 private:
  void report(std::string_view code, std::string message, Location inside, std::size_t length);
  bool is_extension_segment(std::string_view segment) const;
  Token resolve_alias(const Token& token) const;
  bool covers(const GrantSet& allowed, const Token& need) const;

  const nxml::Handler& handler_;
  const DeclaredNames& names_;
  std::vector<Diagnostic>& diagnostics_;
  const capability::HandlerAnalysis analysis_;
};

void HandlerCheck::report(std::string_view code, std::string message, Location inside,
                          std::size_t length) {
  const Location start = in_file(handler_.start, inside);
  const Location end = {start.line, start.column + static_cast<int>(length)};
  diagnostics_.push_back(
      {nxml::Severity::kError, std::string(code), std::move(message), {start, end}});
}

void HandlerCheck::check_names() {
  for (const auto& use : analysis_.forbidden_globals)
    report("FORBIDDEN_GLOBAL", fmt::format("\"{}\" is not available in handlers", use.name),
           use.location, use.name.size());
  for (const auto& use : analysis_.extensions)
    if (!names_.extensions.contains(use.name))
      report("UNDECLARED_EXTENSION",
             fmt::format("\"$ext.{}\" is used, but no Extension declares the alias \"{}\"{}",
                         use.name, use.name, hint(use.name, keys_of(names_.extensions))),
             use.location, use.name.size());
  for (const auto& use : analysis_.state_keys)
    if (!names_.state_keys.contains(use.name))
      report("UNDEFINED_STATE_REFERENCE",
             fmt::format("\"$state.{}\" is used, but no State declares \"{}\"{}", use.name,
                         use.name,
                         hint(use.name, {names_.state_keys.begin(), names_.state_keys.end()})),
             use.location, use.name.size());
}

bool HandlerCheck::is_extension_segment(std::string_view segment) const {
  return std::any_of(names_.extensions.begin(), names_.extensions.end(),
                     [&](const auto& entry) { return entry.second == segment; });
}

std::vector<Token> HandlerCheck::parse_declared(const std::vector<nxml::CapabilityDecl>& declared) {
  std::vector<Token> tokens;
  for (const auto& declaration : declared) {
    auto token = capability::parse_token(declaration.token);
    std::string problem;
    if (!token.ok()) {
      problem = token.error().message;
    } else if (token->kind == Kind::kExtension && token->scope != kEvery &&
               !is_extension_segment(token->scope)) {
      problem = fmt::format(
          "capability \"{}\" names no extension that this panel declares; use the "
          "last segment of the extension's name, not its alias",
          declaration.token);
    } else {
      tokens.push_back(std::move(token).take());
      continue;
    }
    diagnostics_.push_back(
        {nxml::Severity::kError, "INVALID_CAPABILITY", std::move(problem), declaration.span});
  }
  return tokens;
}

// Aliases are the author's choice, so tokens never speak of them.
Token HandlerCheck::resolve_alias(const Token& token) const {
  if (token.kind != Kind::kExtension) return token;
  const auto found = names_.extensions.find(token.scope);
  return found == names_.extensions.end() ? token : Token{Kind::kExtension, found->second};
}

std::vector<Token> HandlerCheck::inferred() const {
  std::vector<Token> tokens;
  for (const auto& need : analysis_.needs) tokens.push_back(resolve_alias(need.token));
  return tokens;
}

GrantSet HandlerCheck::default_grants() const {
  std::vector<Token> tokens;
  for (const Kind kind :
       {Kind::kStateRead, Kind::kStateWrite, Kind::kEventsEmit, Kind::kViewUpdate})
    tokens.push_back({kind, std::string(kEvery)});
  for (const auto& [alias, segment] : names_.extensions)
    tokens.push_back({Kind::kExtension, segment});
  return GrantSet(std::move(tokens));
}

// A panel reaches no extension but those it declares, so who may use each of them may use any.
bool HandlerCheck::covers(const GrantSet& allowed, const Token& need) const {
  if (allowed.covers(need)) return true;
  return need.kind == Kind::kExtension && need.scope == kEvery &&
         std::all_of(names_.extensions.begin(), names_.extensions.end(), [&](const auto& entry) {
           return allowed.allows(Kind::kExtension, entry.second);
         });
}

void HandlerCheck::check_covered(const std::vector<Limit>& limits) {
  for (const auto& need : analysis_.needs) {
    const bool undeclared = need.token.kind == Kind::kExtension && need.token.scope != kEvery &&
                            !names_.extensions.contains(need.token.scope);
    const Token token = resolve_alias(need.token);
    if (undeclared) continue;
    const auto lacking = std::find_if(limits.begin(), limits.end(), [&](const Limit& limit) {
      return limit.allowed != nullptr && !covers(*limit.allowed, token);
    });
    if (lacking == limits.end()) continue;
    report("PERMISSION_DENIED",
           fmt::format("permission denied: this needs the capability \"{}\", {}", to_string(token),
                       lacking->why),
           need.location, 1);
  }
}

}  // namespace

GrantSet grant_handler(const nxml::Handler& handler,
                       const std::vector<nxml::CapabilityDecl>* declared,
                       const DeclaredNames& names, const Bounds& bounds,
                       std::vector<Diagnostic>& diagnostics) {
  HandlerCheck check(handler, names, diagnostics);
  check.check_names();
  const GrantSet wanted(declared == nullptr ? check.inferred() : check.parse_declared(*declared));
  const GrantSet granted = bounds.grants ? *bounds.grants : check.default_grants();
  check.check_covered({{&wanted, "which its Capabilities do not list"},
                       {&granted, "which this panel was not granted"},
                       {bounds.policy ? &*bounds.policy : nullptr,
                        "which the operator's CAPABILITY_POLICY does not allow"}});
  const GrantSet effective = wanted.intersect(granted);
  return bounds.policy ? effective.intersect(*bounds.policy) : effective;
}

}  // namespace nexus::panel
