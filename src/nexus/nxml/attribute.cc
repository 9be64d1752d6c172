#include <algorithm>
#include <string>
#include <utility>

#include "nexus/nxml/attribute_internal.h"
#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/expression_lexer_internal.h"

namespace nexus::nxml {
namespace {

using Kind = Expression::Kind;

// A part of a text that knows where it stands in the file.
struct Slice {
  std::string_view text;
  Location start;

  Slice from(std::size_t offset) const {
    return {text.substr(offset), location_after(start, text.substr(0, offset))};
  }
  Slice first(std::size_t length) const { return {text.substr(0, length), start}; }
};

Slice trimmed(const Slice& slice) {
  std::size_t blank = 0;
  while (blank < slice.text.size() && is_space(slice.text[blank])) ++blank;
  const Slice rest = slice.from(blank);
  return rest.first(trim(rest.text).size());
}

// What stands between the braces, when one matching pair holds the whole of `slice`.
std::optional<Slice> inside_braces(const Slice& slice) {
  if (slice.text.size() < 2 || slice.text.front() != '{') return std::nullopt;
  if (find_closing_brace(slice.text) != slice.text.size() - 1) return std::nullopt;
  const Slice inner = trimmed(slice.from(1).first(slice.text.size() - 2));
  return inner.text.empty() ? std::nullopt : std::optional(inner);
}

bool comes_after(const Location& a, const Location& b) {
  return a.line != b.line ? a.line > b.line : a.column > b.column;
}

std::optional<Binding> try_binding(const Slice& slice, ExpressionError& error) {
  ExpressionPtr expression = parse_expression(slice.text, slice.start, error);
  if (expression == nullptr) return std::nullopt;
  return Binding{std::string(slice.text), std::move(expression)};
}

std::optional<Binding> parse_binding(const Slice& slice, Diagnostics& diagnostics) {
  ExpressionError error;
  std::optional<Binding> binding = try_binding(slice, error);
  if (!binding) diagnostics.error(kInvalidExpression, error.location, std::move(error.message));
  return binding;
}

// Splits text into literal pieces and bindings. Goes on after a bad expression, so that each one is
// reported.
class TemplateParser {
 public:
  TemplateParser(Slice slice, Diagnostics& diagnostics)
      : cursor_(slice.text, slice.start), diagnostics_(diagnostics) {}

  std::optional<Template> run() {
    while (!cursor_.at_end()) {
      const std::string_view rest = cursor_.rest();
      const std::size_t literal = std::min(rest.find('{'), rest.size());
      literal_ += rest.substr(0, literal);
      cursor_.advance(literal);
      if (!cursor_.at_end()) read_braces();
    }
    flush();
    return good_ ? std::optional(std::move(result_)) : std::nullopt;
  }

 private:
  void read_braces() {
    const std::size_t end = find_closing_brace(cursor_.rest());
    if (end == std::string_view::npos) {
      diagnostics_.error(kInvalidExpression, cursor_.location(),
                         "'{' has no matching '}'; for the character itself write {'{'}");
      good_ = false;
      return cursor_.advance(cursor_.rest().size());
    }
    const Slice whole{cursor_.rest().substr(0, end + 1), cursor_.location()};
    cursor_.advance(end + 1);
    const std::optional<Slice> inner = inside_braces(whole);
    if (!inner) {
      literal_ += whole.text;
      return;
    }
    std::optional<Binding> binding = parse_binding(*inner, diagnostics_);
    good_ = good_ && binding.has_value();
    if (!binding) return;
    flush();
    result_.parts.emplace_back(std::move(*binding));
  }

  void flush() {
    if (!literal_.empty()) result_.parts.emplace_back(std::exchange(literal_, {}));
  }

  Cursor cursor_;
  Diagnostics& diagnostics_;
  std::string literal_;
  Template result_;
  bool good_ = true;
};

// The name that one link of a chain asks for. Positions in lists are refused: a list may change
// under the reader, and <Iterate> gives its items names.
std::optional<std::string> step_of(const Expression& link) {
  if (link.optional) return std::nullopt;
  if (link.kind == Kind::kMember) return link.text;
  if (link.kind != Kind::kIndex) return std::nullopt;
  const Expression& key = *link.children[1];
  const std::string* name = std::get_if<std::string>(&key.literal);
  return name == nullptr ? std::nullopt : std::optional(*name);
}

// False when the expression is no path.
bool read_path(const Expression& expression, BindPath& path) {
  const Expression* link = &expression;
  while (link->kind != Kind::kName) {
    std::optional<std::string> step = step_of(*link);
    if (!step) return false;
    path.steps.push_back(std::move(*step));
    link = link->children.front().get();
  }
  std::reverse(path.steps.begin(), path.steps.end());
  path.root = link->text == "$scope" ? BindPath::Root::kScope : BindPath::Root::kState;
  return (link->text == "$scope" || link->text == "$state") && !path.steps.empty();
}

}  // namespace

bool is_prototype_name(std::string_view name) {
  return name == "__proto__" || name == "constructor" || name == "prototype";
}

std::optional<PropValue> parse_text_value(std::string_view text, Location start,
                                          Diagnostics& diagnostics) {
  const Slice slice{text, start};
  if (const auto inner = inside_braces(trimmed(slice))) {
    std::optional<Binding> binding = parse_binding(*inner, diagnostics);
    if (!binding) return std::nullopt;
    return PropValue(std::move(*binding));
  }
  if (text.find('{') == std::string_view::npos) return PropValue(std::string(text));
  std::optional<Template> parsed = TemplateParser(slice, diagnostics).run();
  if (!parsed) return std::nullopt;
  const bool is_plain =
      std::all_of(parsed->parts.begin(), parsed->parts.end(),
                  [](const auto& part) { return std::holds_alternative<std::string>(part); });
  return is_plain ? PropValue(std::string(text)) : PropValue(std::move(*parsed));
}

std::optional<Binding> parse_expression_value(std::string_view text, Location start,
                                              Diagnostics& diagnostics) {
  const Slice whole = trimmed({text, start});
  const std::optional<Slice> inner = inside_braces(whole);
  if (!inner) return parse_binding(whole, diagnostics);
  ExpressionError error;
  if (auto binding = try_binding(*inner, error)) return binding;
  // The braces may be those of an object literal. When that does not hold either, the reading that
  // got further is the one the author meant.
  ExpressionError as_object;
  if (auto object = try_binding(whole, as_object)) return object;
  if (comes_after(as_object.location, error.location)) error = std::move(as_object);
  diagnostics.error(kInvalidExpression, error.location, std::move(error.message));
  return std::nullopt;
}

std::optional<BindPath> parse_bind_path(std::string_view text, Location start,
                                        Diagnostics& diagnostics) {
  Slice slice = trimmed({text, start});
  if (const auto inner = inside_braces(slice)) slice = *inner;
  ExpressionError error;
  const ExpressionPtr expression = parse_expression(slice.text, slice.start, error);
  BindPath path;
  path.source = slice.text;
  if (expression == nullptr || !read_path(*expression, path)) {
    diagnostics.error(
        kInvalidBinding, expression == nullptr ? error.location : slice.start,
        cat({quote(slice.text), " is no path; write $state.name or $scope.item.name"}));
    return std::nullopt;
  }
  if (std::any_of(path.steps.begin(), path.steps.end(), is_prototype_name)) {
    diagnostics.error(kInvalidBinding, slice.start,
                      "a path must not go through __proto__, constructor or prototype");
    return std::nullopt;
  }
  return path;
}

}  // namespace nexus::nxml
