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

bool read(const Slice& slice, BuildContext& context, Binding& binding, ExpressionError& error) {
  return context.expressions.read(slice.text, slice.start, binding, error);
}

bool parse_binding(const Slice& slice, BuildContext& context, Binding& binding) {
  ExpressionError error;
  const bool good = read(slice, context, binding, error);
  if (!good) context.diagnostics.error(kInvalidExpression, error.at, std::move(error.message));
  return good;
}

// Splits text into literal pieces and bindings. Goes on after a bad expression, so that each one is
// reported.
class TextParser {
 public:
  TextParser(const Slice& slice, BuildContext& context) : whole_(slice), context_(context) {}

  // `open`: where the first brace is. False after an error.
  bool run(std::size_t open, Prop::Value& value) {
    // Read into its place, because most texts with braces are one binding.
    Binding& binding = value.emplace<Binding>();
    while (open != std::string_view::npos) {
      const Slice inside = whole_.part(open + 1);
      const std::size_t length = context_.expressions.read_braced(inside.text, inside.start, binding);
      if (length == whole_.text.size() - 1) return true;
      open = whole_.text.find('{', length > 0 ? add(binding, open, open + 1 + length) : read_others(open, inside));
    }
    if (bindings_ > 0) flush(whole_.text.size());
    if (!good_) {
      parts_.clear();
    } else if (bindings_ == 0) {
      value = whole_.text;
    } else if (const Binding* only = only_binding()) {
      value = *only;
      parts_.clear();
    } else {
      value = Template{parts_.take()};
    }
    return good_;
  }

 private:
  // Braces that hold no good expression; `inside` starts behind the first. Returns where to go on.
  std::size_t read_others(std::size_t open, const Slice& inside) {
    const std::size_t length = find_closing_brace(whole_.text.substr(open));
    if (length == std::string_view::npos) {
      context_.diagnostics.error(kInvalidExpression, whole_.part(open).start,
                                 "'{' has no matching '}'; for the character itself write {'{'}");
      good_ = false;
      return whole_.text.size();
    }
    const std::size_t after = open + length + 1;
    const Slice inner = trimmed(inside.part(0, length - 1));
    if (inner.text.empty()) return after;  // is text
    Binding binding;
    if (parse_binding(inner, context_, binding)) return add(binding, open, after);
    good_ = false;
    return after;
  }

  std::size_t add(const Binding& binding, std::size_t open, std::size_t after) {
    flush(open);
    parts_.add(binding);
    ++bindings_;
    literal_ = after;
    return after;
  }

  void flush(std::size_t end) {
    if (end > literal_) parts_.add(whole_.text.substr(literal_, end - literal_));
  }

  // The one binding, when there are only blanks around it.
  const Binding* only_binding() const {
    const Binding* found = nullptr;
    for (const Template::Part& part : parts_.items()) {
      const auto* text = std::get_if<std::string_view>(&part);
      if (text != nullptr && !trim(*text).empty()) return nullptr;
      if (text == nullptr) found = &std::get<Binding>(part);
    }
    return bindings_ == 1 ? found : nullptr;
  }

  Slice whole_;
  BuildContext& context_;
  ArenaListMaker<Template::Part>& parts_ = context_.parts;
  std::size_t literal_ = 0;  // where the literal text at hand starts
  int bindings_ = 0;
  bool good_ = true;
};

// In a function of its own, because most texts have no braces.
[[gnu::noinline]] bool parse_interpolation(const Slice& slice, std::size_t open, BuildContext& context,
                                           Prop::Value& value) {
  return TextParser(slice, context).run(open, value);
}

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
  if (links == 0 || link->root == Expression::Root::kNone) return false;
  path.root = link->root;
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

bool parse_text_value(std::string_view text, std::uint32_t start, BuildContext& context,
                      Prop::Value& value) {
  const std::size_t open = text.find('{');
  if (open != std::string_view::npos) return parse_interpolation({text, start}, open, context, value);
  value = text;
  return true;
}

bool parse_expression_value(std::string_view text, std::uint32_t start, BuildContext& context, Binding& binding) {
  const Slice whole = trimmed({text, start});
  if (whole.text.starts_with('{')) {
    const Slice inside = whole.part(1);
    const std::size_t length = context.expressions.read_braced(inside.text, inside.start, binding);
    if (length > 0 && length == inside.text.size()) return true;
  }
  const std::optional<Slice> inner = inside_braces(whole);
  if (!inner) return parse_binding(whole, context, binding);
  ExpressionError error;
  if (read(*inner, context, binding, error)) return true;
  // The braces may be those of an object literal. When that does not hold either, the reading that
  // got further is the one the author meant.
  ExpressionError as_object;
  if (read(whole, context, binding, as_object)) return true;
  if (as_object.at > error.at) error = std::move(as_object);
  context.diagnostics.error(kInvalidExpression, error.at, std::move(error.message));
  return false;
}

std::optional<BindPath> parse_bind_path(std::string_view text, std::uint32_t start, BuildContext& context) {
  Slice slice = trimmed({text, start});
  if (const auto inner = inside_braces(slice)) slice = *inner;
  ExpressionError error;
  Binding binding;
  const bool good = read(slice, context, binding, error);
  BindPath path;
  if (!good || !read_path(*binding.expression, context.arena, path)) {
    context.diagnostics.error(
        kInvalidBinding, good ? slice.start : error.at,
        cat({quote(slice.text), " is no path; write $state.name or $scope.item.name"}));
    return std::nullopt;
  }
  if (std::any_of(path.steps.begin(), path.steps.end(), is_prototype_name)) {
    context.diagnostics.error(kInvalidBinding, slice.start,
                      "a path must not go through __proto__, constructor or prototype");
    return std::nullopt;
  }
  return path;
}

}  // namespace nexus::nxml
