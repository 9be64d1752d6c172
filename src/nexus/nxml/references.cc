#include <algorithm>
#include <string>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/references_internal.h"

namespace nexus::nxml {
namespace {

using Kind = Expression::Kind;

class ReferenceChecker {
 public:
  ReferenceChecker(const Document& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics) {
    for (const State& state : document.states) state_names_.insert(state.name);
    for (const Computed& computed : document.computed) computed_names_.insert(computed.name);
    for (const Tool& tool : document.tools) tool_names_.insert(tool.name);
  }

  void run();

 private:
  using Names = std::unordered_set<std::string_view>;

  void visit_triggers(const Tool& tool);
  void visit_node(const ViewNode& node);
  void visit_prop(const Prop& prop);
  void visit_trigger(std::string_view tool, const Span& span);
  void visit_binding(const Binding& binding) { visit_expression(*binding.expression); }
  void visit_expression(const Expression& expression);
  void visit_path(const BindPath& path, const Span& span);
  void visit_watched(const Trigger& trigger);
  void use_state(std::string_view name, Location at);
  bool is_only_computed(const std::string& name) const {
    return computed_names_.count(name) > 0 && state_names_.count(name) == 0;
  }
  void use_scope(std::string_view name, Location at);
  void visit_id(const ViewNode& node);
  void enter_loop(const ViewNode& iterate);
  void warn_unused();
  std::vector<std::string_view> known_state() const;

  const Document& document_;
  Diagnostics& diagnostics_;
  Names state_names_;
  Names computed_names_;
  Names tool_names_;
  Names view_ids_;
  Names used_state_;
  Names used_tools_;
  bool whole_state_used_ = false;
  // What $scope holds here; the names of the loops around this place.
  std::vector<std::string> scope_;
};

void ReferenceChecker::run() {
  for (const Computed& computed : document_.computed)
    if (computed.expression) visit_expression(*computed.expression);
  for (const Tool& tool : document_.tools) visit_triggers(tool);
  visit_node(*document_.view);
  if (!diagnostics_.has_errors()) warn_unused();
}

void ReferenceChecker::visit_triggers(const Tool& tool) {
  if (!tool.triggers.empty()) used_tools_.insert(tool.name);
  for (const Trigger& trigger : tool.triggers) {
    if (trigger.type == Trigger::Type::kStateChange) visit_watched(trigger);
    if (trigger.type != Trigger::Type::kInterval && trigger.type != Trigger::Type::kCron) continue;
    for (const Arg& arg : tool.args) {
      if (!arg.required || arg.fallback) continue;
      diagnostics_.error(kInvalidTrigger, trigger.span,
                         cat({"time gives no arguments, and ", quote(arg.name), " of the tool ",
                              quote(tool.name), " is required; give it a default"}));
    }
  }
}

void ReferenceChecker::visit_watched(const Trigger& trigger) {
  const std::string& name = trigger.path.front();
  use_state(name, trigger.span.start);
  if (!is_only_computed(name)) return;
  diagnostics_.error(kInvalidTrigger, trigger.span,
                     cat({quote(name), " is computed; watch a State that it reads"}));
}

void ReferenceChecker::visit_node(const ViewNode& node) {
  visit_id(node);
  for (const Prop& prop : node.props) visit_prop(prop);
  const std::size_t outer = scope_.size();
  if (node.type == "Iterate") enter_loop(node);
  for (const auto& child : node.children) visit_node(*child);
  scope_.resize(outer);
}

void ReferenceChecker::enter_loop(const ViewNode& iterate) {
  std::string name = "item";
  for (const Prop& prop : iterate.props)
    if (prop.name == "as") name = std::get<std::string>(prop.value);
  scope_.push_back(name + "Index");
  scope_.push_back(std::move(name));
  scope_.push_back("index");
}

void ReferenceChecker::visit_id(const ViewNode& node) {
  if (!node.id || view_ids_.insert(*node.id).second) return;
  diagnostics_.error(kDuplicateViewId, node.span,
                     cat({"another component has the id ", quote(*node.id), "; ids are unique"}));
}

void ReferenceChecker::visit_prop(const Prop& prop) {
  if (const auto* binding = std::get_if<Binding>(&prop.value)) return visit_binding(*binding);
  if (const auto* path = std::get_if<BindPath>(&prop.value)) return visit_path(*path, prop.span);
  if (const auto* text = std::get_if<Template>(&prop.value)) {
    for (const auto& part : text->parts)
      if (const auto* binding = std::get_if<Binding>(&part)) visit_binding(*binding);
    return;
  }
  if (prop.name == "trigger") visit_trigger(std::get<std::string>(prop.value), prop.span);
}

void ReferenceChecker::visit_trigger(std::string_view tool, const Span& span) {
  used_tools_.insert(tool);
  if (tool_names_.count(tool) > 0) return;
  std::vector<std::string_view> known;
  if (diagnostics_.wants(Severity::kError))
    for (const Tool& candidate : document_.tools) known.push_back(candidate.name);
  diagnostics_.error(kUndefinedTool, span,
                     cat({"there is no tool ", quote(tool), did_you_mean(tool, known)}));
}

void ReferenceChecker::visit_expression(const Expression& expression) {
  for (const Reference& reference : find_references(expression)) {
    if (reference.is_state) {
      use_state(reference.name, reference.at);
    } else {
      use_scope(reference.name, reference.at);
    }
  }
}

void ReferenceChecker::visit_path(const BindPath& path, const Span& span) {
  if (path.root == BindPath::Root::kScope) return use_scope(path.steps.front(), span.start);
  const std::string& name = path.steps.front();
  use_state(name, span.start);
  if (!is_only_computed(name)) return;
  diagnostics_.error(kInvalidBinding, span,
                     cat({quote(name), " is computed and cannot be written; bind to a State"}));
}

std::vector<std::string_view> ReferenceChecker::known_state() const {
  std::vector<std::string_view> names;
  for (const State& state : document_.states) names.push_back(state.name);
  for (const Computed& computed : document_.computed) names.push_back(computed.name);
  return names;
}

void ReferenceChecker::use_state(std::string_view name, Location at) {
  if (name.empty()) {
    whole_state_used_ = true;
    return;
  }
  used_state_.insert(name);
  if (state_names_.count(name) > 0 || computed_names_.count(name) > 0) return;
  std::string hint;
  if (diagnostics_.wants(Severity::kError)) hint = did_you_mean(name, known_state());
  diagnostics_.error(kUndefinedState, at,
                     cat({"no State or Computed is named ", quote(name), hint}));
}

void ReferenceChecker::use_scope(std::string_view name, Location at) {
  if (scope_.empty()) {
    diagnostics_.error(kInvalidScope, at, "$scope is there only inside an <Iterate>");
  } else if (!name.empty() && std::find(scope_.begin(), scope_.end(), name) == scope_.end()) {
    diagnostics_.error(kInvalidScope, at,
                       cat({"no <Iterate> around this names ", quote(name),
                            did_you_mean(name, {scope_.begin(), scope_.end()})}));
  }
}

void ReferenceChecker::warn_unused() {
  HandlerMentions mentions;
  for (const Tool& tool : document_.tools) find_mentions(tool.handler.code, mentions);
  for (const Lifecycle& lifecycle : document_.lifecycles)
    find_mentions(lifecycle.handler.code, mentions);
  const bool all_used = whole_state_used_ || mentions.everything;
  for (const State& state : document_.states) {
    if (all_used || used_state_.count(state.name) > 0 || mentions.names.count(state.name) > 0)
      continue;
    diagnostics_.warning(kUnusedState, state.span,
                         cat({"nothing uses the state ", quote(state.name)}));
  }
  for (const Tool& tool : document_.tools) {
    if (used_tools_.count(tool.name) > 0) continue;
    diagnostics_.warning(kUnusedTool, tool.span,
                         cat({"nothing in the view triggers the tool ", quote(tool.name),
                              "; when others do, say so with <Trigger type=\"manual\"/>"}));
  }
  const bool has_mount =
      std::any_of(document_.lifecycles.begin(), document_.lifecycles.end(),
                  [](const Lifecycle& hook) { return hook.on == Lifecycle::On::kMount; });
  if (document_.extensions.empty() || has_mount) return;
  diagnostics_.warning(kNoMount, document_.extensions.front().span,
                       "there are extensions but no <Lifecycle on=\"mount\">");
}

bool names_root(const Expression& node, std::string_view root) {
  return node.kind == Kind::kName && node.text == root;
}

bool is_root(const Expression& node) {
  return names_root(node, "$state") || names_root(node, "$scope");
}

void collect(const Expression& node, std::vector<Reference>& found) {
  if (is_root(node)) {
    found.push_back({node.text == "$state", {}, node.location});
    return;
  }
  const bool is_link = node.kind == Kind::kMember || node.kind == Kind::kIndex;
  if (is_link && is_root(*node.children.front())) {
    const bool is_state = node.children.front()->text == "$state";
    if (node.kind == Kind::kMember) {
      found.push_back({is_state, node.text, node.location});
      return;
    }
    const auto* key = std::get_if<std::string>(&node.children[1]->literal);
    found.push_back({is_state, key == nullptr ? std::string_view() : *key, node.location});
    return collect(*node.children[1], found);
  }
  for (const ExpressionPtr& child : node.children) collect(*child, found);
  for (const ExpressionPtr& key : node.computed_keys)
    if (key) collect(*key, found);
}

constexpr std::string_view kStateObject = "$state";

// The name after `$state.` or `$state?.` at the start of `rest`; empty when $state is used in
// another way.
std::string_view member_after(std::string_view rest) {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  if (rest.substr(0, 2) == "?.") rest.remove_prefix(1);
  if (rest.empty() || rest.front() != '.') return {};
  rest.remove_prefix(1);
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_identifier_part);
  return rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
}

}  // namespace

std::vector<Reference> find_references(const Expression& expression) {
  std::vector<Reference> found;
  collect(expression, found);
  return found;
}

void find_mentions(std::string_view code, HandlerMentions& mentions) {
  std::size_t at = 0;
  while (at < code.size()) {
    const bool after_quote =
        at > 0 && (code[at - 1] == '\'' || code[at - 1] == '"' || code[at - 1] == '`');
    if (!is_identifier_start(code[at])) {
      ++at;
      continue;
    }
    const auto end = std::find_if_not(code.begin() + static_cast<std::ptrdiff_t>(at), code.end(),
                                      is_identifier_part);
    const std::string_view word =
        code.substr(at, static_cast<std::size_t>(end - code.begin()) - at);
    at += word.size();
    if (word == kStateObject) {
      const std::string_view name = member_after(code.substr(at));
      mentions.everything = mentions.everything || name.empty();
      mentions.names.insert(name);
    } else if (after_quote) {
      mentions.names.insert(word);
    }
  }
}

void check_references(Document& document, Diagnostics& diagnostics) {
  check_duplicates(document, diagnostics);
  order_computed(document, diagnostics);
  ReferenceChecker(document, diagnostics).run();
}

}  // namespace nexus::nxml
