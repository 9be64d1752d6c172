#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/references_internal.h"

namespace nexus::nxml {
namespace {

Span character_at(Location at) { return {at, {at.line, at.column + 1}}; }

class ReferenceChecker {
 public:
  ReferenceChecker(const Document& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics) {
    for (const State& state : document.states)
      if (auto& name = data_[state.name]; name.state == nullptr) name.state = &state;
    for (const Computed& computed : document.computed) data_[computed.name].is_computed = true;
    for (const Tool& tool : document.tools) tools_.emplace(tool.name, ToolUse{&tool});
  }

  void run();

 private:
  struct SameName {
    bool operator()(std::string_view a, std::string_view b) const { return same_name(a, b); }
  };
  template <typename T>
  using ByName = std::unordered_map<std::string_view, T, std::hash<std::string_view>, SameName>;
  // A State or Computed, or both when its name is there twice.
  struct Data {
    const State* state = nullptr;
    bool is_computed = false;
    bool is_used = false;
  };

  struct ToolUse {
    const Tool* tool = nullptr;  // the first of that name
    bool is_used = false;
  };

  void visit_triggers(const Tool& tool);
  void visit_node(const ViewNode& node);
  void visit_prop(const ViewNode& node, const Prop& prop);
  const State* find_state(std::string_view name) const;
  void check_list(const ViewNode& node, const Prop& prop, const Expression& expression);
  void check_control(const ViewNode& node, const Prop& prop, const State& state);
  template <typename Steps, typename Place>
  void check_depth(const Steps& path, std::string_view code, const Place& place);
  const Tool* visit_trigger(std::string_view tool, Range range);
  void visit_references(std::span<const Reference> references);
  void visit_path(const ViewNode& node, const Prop& prop, const BindPath& path);
  void visit_watched(const Trigger& trigger);
  template <typename Place>
  void use_state(std::string_view name, const Place& place);
  bool is_only_computed(std::string_view name) const {
    const auto found = data_.find(name);
    return found != data_.end() && found->second.state == nullptr;
  }
  void use_scope(std::string_view name, std::uint32_t at);
  void visit_id(const ViewNode& node);
  void enter_loop(const ViewNode& iterate);
  void warn_unused();
  void warn_unused_state();
  std::vector<std::string_view> known_state() const;

  const Document& document_;
  Diagnostics& diagnostics_;
  Arena arena_;  // for the names that loops make up
  ByName<Data> data_;
  ByName<ToolUse> tools_;
  std::unordered_set<std::string_view> view_ids_;
  bool whole_state_used_ = false;
  // What $scope holds here; the names of the loops around this place.
  std::vector<std::string_view> scope_;
  std::vector<bool> given_;  // for check_arguments()
};

void ReferenceChecker::run() {
  for (const Computed& computed : document_.computed) visit_references(computed.references);
  for (const Tool& tool : document_.tools) visit_triggers(tool);
  visit_node(document_.view);
  if (!diagnostics_.has_errors()) warn_unused();
}

void ReferenceChecker::visit_triggers(const Tool& tool) {
  if (!tool.triggers.empty()) tools_.at(tool.name).is_used = true;
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
  use_state(name, character_at(trigger.span.start));
  check_depth(trigger.path, kInvalidTrigger, trigger.span);
  if (!is_only_computed(name)) return;
  diagnostics_.error(kInvalidTrigger, trigger.span,
                     cat({quote(name), " is computed; watch a State that it reads"}));
}

void ReferenceChecker::visit_node(const ViewNode& node) {
  if (node.id) visit_id(node);
  Call call;
  const Tool* tool = nullptr;
  for (const Prop& prop : node.props) {
    visit_prop(node, prop);
    if (prop.kind == PropKind::kTrigger) {
      call.trigger = &prop;
      tool = visit_trigger(std::get<std::string_view>(prop.value), prop.range);
    }
    if (prop.kind == PropKind::kArgs) call.args = &prop;
    if (prop.kind == PropKind::kPayload) call.payload = &prop;
  }
  if (call.trigger != nullptr || call.args != nullptr || call.payload != nullptr)
    check_arguments(call, tool, given_, diagnostics_);
  const std::size_t outer = scope_.size();
  if (equals(node.type, "Iterate")) enter_loop(node);
  for (const ViewNode& child : node.children) visit_node(child);
  scope_.resize(outer);
}

void ReferenceChecker::enter_loop(const ViewNode& iterate) {
  std::string_view name = "item";
  for (const Prop& prop : iterate.props)
    if (prop.kind == PropKind::kVariable) name = std::get<std::string_view>(prop.value);
  scope_.push_back(arena_.copy(cat({name, "Index"})));
  scope_.push_back(name);
  scope_.push_back("index");
}

void ReferenceChecker::visit_id(const ViewNode& node) {
  if (view_ids_.insert(*node.id).second) return;
  diagnostics_.error(kDuplicateViewId, node.range,
                     cat({"another component has the id ", quote(*node.id), "; ids are unique"}));
}

void ReferenceChecker::visit_prop(const ViewNode& node, const Prop& prop) {
  if (const auto* binding = std::get_if<Binding>(&prop.value)) {
    visit_references(binding->references);
    if (prop.kind == PropKind::kItems && binding->expression != nullptr)
      check_list(node, prop, *binding->expression);
  } else if (const auto* path = std::get_if<BindPath>(&prop.value)) {
    visit_path(node, prop, *path);
  } else if (const auto* text = std::get_if<Template>(&prop.value)) {
    for (const Template::Part& part : text->parts)
      if (const auto* hole = std::get_if<Binding>(&part)) visit_references(hole->references);
  }
}

const State* ReferenceChecker::find_state(std::string_view name) const {
  const auto found = data_.find(name);
  return found == data_.end() ? nullptr : found->second.state;
}

// What the declared types alone tell: a binding to a whole State has that State's type.
void ReferenceChecker::check_list(const ViewNode& node, const Prop& prop,
                                  const Expression& expression) {
  if (expression.kind != Expression::Kind::kMember ||
      expression.children.front()->root != Expression::Root::kState)
    return;
  const State* state = find_state(expression.text);
  if (state == nullptr || state->type == DataType::kList) return;
  diagnostics_.warning(kInvalidType, prop.range,
                       cat({prop.name, " of <", node.type, "> takes a list, but the state ",
                            quote(state->name), " has the type ", value::to_string(state->type)}));
}

void ReferenceChecker::check_control(const ViewNode& node, const Prop& prop, const State& state) {
  const bool is_switch = node.type == "Switch";
  if (state.type == DataType::kBoolean && is_switch) return;
  const bool is_text = state.type != DataType::kList && state.type != DataType::kObject;
  if (is_text && !is_switch) return;
  diagnostics_.error(
      kInvalidType, prop.range,
      cat({"<", node.type, "> writes ", is_switch ? "a boolean" : "text", ", which the state ",
           quote(state.name), " of the type ", value::to_string(state.type), " does not take"}));
}

template <typename Steps, typename Place>
void ReferenceChecker::check_depth(const Steps& path, std::string_view code, const Place& place) {
  const State* state = path.size() > 1 ? find_state(path.front()) : nullptr;
  if (state == nullptr || state->type == DataType::kObject || state->type == DataType::kList)
    return;
  diagnostics_.error(
      code, place,
      cat({"the state ", quote(state->name), " has the type ", value::to_string(state->type),
           ", so there is no place ", quote(path[1]), " inside it"}));
}

// The tool of that name; nullptr, once reported, when there is none.
const Tool* ReferenceChecker::visit_trigger(std::string_view tool, Range range) {
  if (const auto found = tools_.find(tool); found != tools_.end()) {
    found->second.is_used = true;
    return found->second.tool;
  }
  std::vector<std::string_view> known;
  if (diagnostics_.wants(Severity::kError))
    for (const Tool& candidate : document_.tools) known.push_back(candidate.name);
  diagnostics_.error(kUndefinedTool, range,
                     cat({"there is no tool ", quote(tool), did_you_mean(tool, known)}));
  return nullptr;
}

void ReferenceChecker::visit_references(std::span<const Reference> references) {
  for (const Reference& reference : references) {
    if (reference.is_state) {
      use_state(reference.name, reference.at);
    } else {
      use_scope(reference.name, reference.at);
    }
  }
}

void ReferenceChecker::visit_path(const ViewNode& node, const Prop& prop, const BindPath& path) {
  const std::string_view name = path.steps.front();
  if (path.root == Expression::Root::kScope) return use_scope(name, prop.range.begin);
  use_state(name, prop.range.begin);
  check_depth(path.steps, kInvalidBinding, prop.range);
  const State* state = path.steps.size() == 1 ? find_state(name) : nullptr;
  if (state != nullptr) check_control(node, prop, *state);
  if (!is_only_computed(name)) return;
  diagnostics_.error(kInvalidBinding, prop.range,
                     cat({quote(name), " is computed and cannot be written; bind to a State"}));
}

std::vector<std::string_view> ReferenceChecker::known_state() const {
  std::vector<std::string_view> names;
  for (const State& state : document_.states) names.push_back(state.name);
  for (const Computed& computed : document_.computed) names.push_back(computed.name);
  return names;
}

template <typename Place>
void ReferenceChecker::use_state(std::string_view name, const Place& place) {
  if (name.empty()) {
    whole_state_used_ = true;
    return;
  }
  if (const auto found = data_.find(name); found != data_.end()) {
    found->second.is_used = true;
    return;
  }
  std::string hint;
  if (diagnostics_.wants(Severity::kError)) hint = did_you_mean(name, known_state());
  diagnostics_.error(kUndefinedState, place,
                     cat({"no State or Computed is named ", quote(name), hint}));
}

void ReferenceChecker::use_scope(std::string_view name, std::uint32_t at) {
  if (scope_.empty()) {
    diagnostics_.error(kInvalidScope, at, "$scope is there only inside an <Iterate>");
  } else if (!name.empty() && std::find(scope_.begin(), scope_.end(), name) == scope_.end()) {
    diagnostics_.error(kInvalidScope, at,
                       cat({"no <Iterate> around this names ", quote(name),
                            did_you_mean(name, scope_)}));
  }
}

void ReferenceChecker::warn_unused_state() {
  std::vector<const State*> unused;
  for (const State& state : document_.states)
    if (!whole_state_used_ && !data_.at(state.name).is_used) unused.push_back(&state);
  if (unused.empty()) return;
  HandlerMentions mentions;
  for (const Tool& tool : document_.tools) find_mentions(tool.handler.code, mentions);
  for (const Lifecycle& lifecycle : document_.lifecycles)
    find_mentions(lifecycle.handler.code, mentions);
  if (mentions.everything) return;
  for (const State* state : unused) {
    if (mentions.names.count(state->name) > 0) continue;
    diagnostics_.warning(kUnusedState, state->span,
                         cat({"nothing uses the state ", quote(state->name)}));
  }
}

void ReferenceChecker::warn_unused() {
  warn_unused_state();
  for (const Tool& tool : document_.tools) {
    if (tools_.at(tool.name).is_used) continue;
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

}  // namespace

void check_references(Document& document, Diagnostics& diagnostics) {
  check_duplicates(document, diagnostics);
  order_computed(document, diagnostics);
  ReferenceChecker(document, diagnostics).run();
}

}  // namespace nexus::nxml
