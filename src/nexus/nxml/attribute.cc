#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "nexus/nxml/attribute_internal.h"
#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/expression_lexer_internal.h"

namespace nexus::nxml {
namespace {

using Kind = Expression::Kind;

// A part of the document's text that knows where it stands.
struct Slice {
  std::string_view text;
  std::uint32_t start = 0;

  Slice part(std::size_t from, std::size_t length = std::string_view::npos) const {
    return {text.substr(from, length), start + static_cast<std::uint32_t>(from)};
  }
};

Slice trimmed(const Slice& slice) {
  std::size_t blank = 0;
  while (blank < slice.text.size() && is_space(slice.text[blank])) ++blank;
  return slice.part(blank, trim_end(slice.text.substr(blank)).size());
}

// What stands between the braces, when one matching pair holds the whole of `slice`.
std::optional<Slice> inside_braces(const Slice& slice) {
  if (slice.text.size() < 2 || slice.text.front() != '{' || slice.text.back() != '}')
    return std::nullopt;
  if (find_closing_brace(slice.text) != slice.text.size() - 1) return std::nullopt;
  const Slice inner = trimmed(slice.part(1, slice.text.size() - 2));
  return inner.text.empty() ? std::nullopt : std::optional(inner);
}

std::optional<Binding> try_binding(const Slice& slice, Arena& arena, ExpressionError& error) {
  const Expression* expression = parse_expression(slice.text, slice.start, arena, error);
  if (expression == nullptr) return std::nullopt;
  return Binding{slice.text, expression};
}

std::optional<Binding> parse_binding(const Slice& slice, Arena& arena, Diagnostics& diagnostics) {
  ExpressionError error;
  std::optional<Binding> binding = try_binding(slice, arena, error);
  if (!binding) diagnostics.error(kInvalidExpression, error.at, std::move(error.message));
  return binding;
}

// Splits text into literal pieces and bindings. Goes on after a bad expression, so that each one is
// reported.
class TemplateParser {
 public:
  TemplateParser(const Slice& slice, Arena& arena, Diagnostics& diagnostics)
      : whole_(slice), arena_(arena), diagnostics_(diagnostics) {}

  // Text when there is no binding in it.
  std::optional<Prop::Value> run() {
    std::size_t open = whole_.text.find('{');
    while (open != std::string_view::npos) open = whole_.text.find('{', read_braces(open));
    if (!good_) return std::nullopt;
    if (parts_.empty()) return Prop::Value(whole_.text);
    flush(whole_.text.size());
    return Prop::Value(Template{arena_.copy(std::span<const Template::Part>(parts_))});
  }

 private:
  // Returns where to go on.
  std::size_t read_braces(std::size_t open) {
    const std::size_t length = find_closing_brace(whole_.text.substr(open));
    if (length == std::string_view::npos) {
      diagnostics_.error(kInvalidExpression, whole_.part(open).start,
                         "'{' has no matching '}'; for the character itself write {'{'}");
      good_ = false;
      return whole_.text.size();
    }
    const std::size_t after = open + length + 1;
    const Slice inner = trimmed(whole_.part(open + 1, length - 1));
    if (inner.text.empty()) return after;  // is text
    const std::optional<Binding> binding = parse_binding(inner, arena_, diagnostics_);
    good_ = good_ && binding.has_value();
    if (!binding) return after;
    flush(open);
    parts_.emplace_back(*binding);
    literal_ = after;
    return after;
  }

  void flush(std::size_t end) {
    if (end > literal_) parts_.emplace_back(whole_.text.substr(literal_, end - literal_));
  }

  Slice whole_;
  Arena& arena_;
  Diagnostics& diagnostics_;
  std::vector<Template::Part> parts_;
  std::size_t literal_ = 0;  // where the literal text at hand starts
  bool good_ = true;
};

// The name that one link of a chain asks for. Positions in lists are refused: a list may change
// under the reader, and <Iterate> gives its items names.
std::optional<std::string_view> step_of(const Expression& link) {
  if (link.optional) return std::nullopt;
  if (link.kind == Kind::kMember) return link.text;
  if (link.kind != Kind::kIndex) return std::nullopt;
  const Expression& key = *link.children[1];
  return key.is_literal(Expression::Literal::kString) ? std::optional(key.text) : std::nullopt;
}

// False when the expression is no path.
bool read_path(const Expression& expression, Arena& arena, BindPath& path) {
  std::size_t links = 0;
  const Expression* link = &expression;
  for (; link->kind != Kind::kName; link = link->children.front(), ++links)
    if (!step_of(*link)) return false;
  if (links == 0 || (link->text != "$scope" && link->text != "$state")) return false;
  path.root = link->text == "$scope" ? BindPath::Root::kScope : BindPath::Root::kState;
  const std::span<std::string_view> steps = arena.make_list<std::string_view>(links);
  link = &expression;
  for (; links > 0; link = link->children.front()) steps[--links] = *step_of(*link);
  path.steps = steps;
  return true;
}

}  // namespace

bool is_prototype_name(std::string_view name) {
  return name == "__proto__" || name == "constructor" || name == "prototype";
}

std::optional<Prop::Value> parse_text_value(std::string_view text, std::uint32_t start,
                                            Arena& arena, Diagnostics& diagnostics) {
  if (text.find('{') == std::string_view::npos) return Prop::Value(text);
  const Slice slice{text, start};
  if (const auto inner = inside_braces(trimmed(slice))) {
    const std::optional<Binding> binding = parse_binding(*inner, arena, diagnostics);
    return binding ? std::optional<Prop::Value>(*binding) : std::nullopt;
  }
  return TemplateParser(slice, arena, diagnostics).run();
}

std::optional<Binding> parse_expression_value(std::string_view text, std::uint32_t start,
                                              Arena& arena, Diagnostics& diagnostics) {
  const Slice whole = trimmed({text, start});
  const std::optional<Slice> inner = inside_braces(whole);
  if (!inner) return parse_binding(whole, arena, diagnostics);
  ExpressionError error;
  if (const auto binding = try_binding(*inner, arena, error)) return binding;
  // The braces may be those of an object literal. When that does not hold either, the reading that
  // got further is the one the author meant.
  ExpressionError as_object;
  if (const auto object = try_binding(whole, arena, as_object)) return object;
  if (as_object.at > error.at) error = std::move(as_object);
  diagnostics.error(kInvalidExpression, error.at, std::move(error.message));
  return std::nullopt;
}

std::optional<BindPath> parse_bind_path(std::string_view text, std::uint32_t start, Arena& arena,
                                        Diagnostics& diagnostics) {
  Slice slice = trimmed({text, start});
  if (const auto inner = inside_braces(slice)) slice = *inner;
  ExpressionError error;
  const Expression* expression = parse_expression(slice.text, slice.start, arena, error);
  BindPath path;
  if (expression == nullptr || !read_path(*expression, arena, path)) {
    diagnostics.error(
        kInvalidBinding, expression == nullptr ? error.at : slice.start,
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
