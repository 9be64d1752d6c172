#include <algorithm>
#include <string>
#include <utility>

#include "nexus/capability/handle_flow_internal.h"

namespace nexus::capability {

// Calls a method of `flow.value`, which is data.
bool HandleFlow::call_method(Flow& flow, NodeId call, const Key& key) {
  const bool of_state = flow.value.shape == Shape::kLive;
  const bool own = !of_state && (!key || is_own_method(*key));
  const Method* method = key && !own ? find_method(*key) : nullptr;
  if (method == nullptr) return escape(flow);
  if (of_state && method->mutates) return escape(flow);
  hand_elements(call, kNoNode, flow.value.key, flow.origin, method->callback);
  switch (method->yield) {
    case Yield::kPlain:
      return false;
    case Yield::kElement:
      flow.value.shape = Shape::kLive;
      break;
    case Yield::kNew:
      flow.value.shape = Shape::kFresh;
      break;
    case Yield::kReceiver:
      break;
  }
  return move(flow, call);
}

// `flow.node` is an argument of `call`.
bool HandleFlow::pass(Flow& flow, NodeId call) {
  const NodeId callee = callee_of(call);
  if (callee == kNoNode) return escape(flow);
  const NodeId function = scopes_.function_of(callee);
  if (function != kNoNode) {
    pass_to_function(function, flow);
    return false;
  }
  const Function* builtin = builtin_function(callee);
  if (builtin != nullptr) return pass_to_builtin(flow, call, *builtin);
  if (!is_data(flow.value)) return escape(flow);
  // The host takes a copy.
  if (is_sink(callee)) return false;
  const NodeKind kind = tree_[callee].kind;
  if (kind != NodeKind::kMember && kind != NodeKind::kSubscript) return escape(flow);
  return pass_to_method(flow, call, callee);
}

bool HandleFlow::pass_to_builtin(Flow& flow, NodeId call, const Function& function) {
  if (function.argument == Argument::kMerged) return merge(flow, call);
  const bool reads = function.argument == Argument::kRead;
  const bool data = is_data(flow.value);
  if (!data && (flow.value.shape != Shape::kState || !reads)) return escape(flow);
  if (!data) need(Kind::kStateRead, wildcard_, flow.origin);
  if (function.calls_back) {
    hand_elements(call, flow.node, flow.value.key, flow.origin, Callback::kSupply);
  }
  if (reads) return false;
  flow.value.shape = Shape::kFresh;
  return move(flow, call);
}

// Object.assign(target, source...): the sources' parts become the target's.
bool HandleFlow::merge(Flow& flow, NodeId call) {
  const NodeId target = argument(call, 0);
  if (!is_data(flow.value) || target == kNoNode || target == flow.node) return escape(flow);
  if (tree_[target].kind == NodeKind::kSpread) return escape(flow);
  if (!is_new_object(target)) store(target, flow.value, flow.origin);
  flow.value.shape = Shape::kFresh;
  return move(flow, call);
}

bool HandleFlow::pass_to_method(Flow& flow, NodeId call, NodeId callee) {
  const Key key = member_key(callee);
  const NodeId receiver = tree_.child(callee, Field::kObject);
  const bool of_state = is_live(receiver);
  const Method* method = key ? find_method(*key) : nullptr;
  if (!of_state && (method == nullptr || is_own_method(*key))) return escape(flow);
  // What the state's own methods store, they copy.
  if (method == nullptr) return false;
  if (method->callback == Callback::kFold && tree_[flow.node].ordinal > 0) {
    const NodeId function = scopes_.function_of(argument(call, 0));
    if (function == kNoNode) return escape(flow);
    bind_parameters(function, 0, 0, flow.value, flow.origin);
    return move(flow, call);
  }
  // As `this` of the callback.
  const bool takes_this =
      method->callback == Callback::kTest || method->callback == Callback::kSupply;
  if (takes_this && !method->mutates) return escape(flow);
  switch (method->argument) {
    case Argument::kRead:
      return false;
    case Argument::kStored:
      if (!of_state) store(receiver, flow.value, flow.origin);
      return false;
    case Argument::kHeld:
    case Argument::kMerged:
      break;
  }
  flow.value.shape = Shape::kFresh;
  return move(flow, call);
}

void HandleFlow::pass_to_function(NodeId function, const Flow& flow) {
  const bool spread = tree_[flow.node].kind == NodeKind::kSpread;
  const std::size_t ordinal = tree_[flow.node].ordinal;
  bool shifted = spread;
  NodeId before = tree_.first_child(tree_[flow.node].parent);
  for (; before != flow.node && before != kNoNode && spend(); before = tree_.next_sibling(before)) {
    shifted = shifted || tree_[before].kind == NodeKind::kSpread;
  }
  const Value value = spread ? live(flow.value.key) : flow.value;
  bind_parameters(function, shifted ? 0 : ordinal, shifted ? SIZE_MAX : ordinal, value,
                  flow.origin);
}

// The function arguments of `call` get elements of something within the state key.
void HandleFlow::hand_elements(NodeId call, NodeId except, NameId key, NodeId origin,
                               Callback callback) {
  if (callback == Callback::kNone || callback == Callback::kText) return;
  const bool seeded = callback == Callback::kFold && argument(call, 1) != kNoNode;
  const NodeId list = tree_.child(call, Field::kArguments);
  if (list == kNoNode) return;
  NodeId given = tree_.first_child(list);
  for (; given != kNoNode && spend(); given = tree_.next_sibling(given)) {
    if (given == except || (tree_[given].ordinal > 0 && callback == Callback::kFold)) continue;
    hand_element(given, key, origin, seeded ? 1 : 0);
  }
}

void HandleFlow::hand_element(NodeId given, NameId key, NodeId origin, std::size_t first) {
  const NodeId function = scopes_.function_of(given);
  if (function != kNoNode) return bind_parameters(function, first, SIZE_MAX, live(key), origin);
  const Function* builtin = builtin_function(given);
  if (builtin != nullptr && builtin->argument == Argument::kRead) return;
  if (may_be_function(given)) escape(live(key), origin);
}

// The parameters number `first` to `last` get the value; a rest parameter gets a list of it.
void HandleFlow::bind_parameters(NodeId function, std::size_t first, std::size_t last,
                                 const Value& value, NodeId origin) {
  if (uses_arguments_) return escape(value, origin);
  const NodeId single = tree_.child(function, Field::kParameter);
  if (single != kNoNode) {
    if (first == 0) bind(single, value, origin);
    return;
  }
  const NodeId list = tree_.child(function, Field::kParameters);
  if (list == kNoNode) return escape(value, origin);
  NodeId parameter = tree_.first_child(list);
  for (; parameter != kNoNode && spend(); parameter = tree_.next_sibling(parameter)) {
    const std::size_t ordinal = tree_[parameter].ordinal;
    if (ordinal > last) return;
    const bool rest = tree_[parameter].kind == NodeKind::kRestPattern;
    if (ordinal >= first || rest) bind(parameter, value, origin);
  }
}

// The handler's own result goes to the host, which takes a copy.
bool HandleFlow::return_value(Flow& flow, NodeId statement) {
  NodeId function = tree_[statement].parent;
  while (function != kNoNode && !is_function(tree_[function].kind) && spend()) {
    function = tree_[function].parent;
  }
  if (function != kNoNode) {
    return_from(function, flow);
  } else if (!is_data(flow.value)) {
    escape(flow);
  }
  return false;
}

void HandleFlow::return_from(NodeId function, const Flow& flow) {
  const NodeKind kind = tree_[function].kind;
  if (!is_data(flow.value) || kind == NodeKind::kMethod) return escape(flow.value, flow.origin);
  const std::uint64_t shape = flow.value.shape == Shape::kFresh ? 1 : 0;
  const std::uint64_t result =
      static_cast<std::uint64_t>(function) << 32 | flow.value.key << 1 | shape;
  if (!returned_.insert(result).second) return;

  const NodeId name = tree_.child(function, Field::kName);
  if (name != kNoNode) return_to_uses(scopes_.binding_of(name), function, flow);
  if (kind == NodeKind::kFunctionDeclaration || kind == NodeKind::kGeneratorDeclaration) return;
  const NodeId parent = tree_[function].parent;
  if (tree_[parent].kind == NodeKind::kDeclarator) {
    const NodeId variable = tree_.child(parent, Field::kName);
    const bool plain = variable != kNoNode && tree_[variable].kind == NodeKind::kIdentifier;
    return_to_uses(plain ? scopes_.binding_of(variable) : kNoBinding, function, flow);
  } else {
    return_to(function, function, flow);
  }
}

void HandleFlow::return_to_uses(BindingId id, NodeId function, const Flow& flow) {
  if (id == kNoBinding) return escape(flow.value, flow.origin);
  const Binding& binding = scopes_.binding(id);
  if (binding.opaque || binding.definitions.size() != 1) return escape(flow.value, flow.origin);
  for (const NodeId reference : binding.references) {
    if (!spend()) return;
    return_to(reference, function, flow);
  }
}

// `use` yields the function; what it returns goes to where it is called from there.
void HandleFlow::return_to(NodeId use, NodeId function, const Flow& flow) {
  const NodeId parent = tree_[use].parent;
  const NodeKind kind = tree_[parent].kind;
  if (kind == NodeKind::kCall && tree_[use].field == Field::kFunction) {
    follow(parent, flow.value, use);
  } else if (kind == NodeKind::kArguments) {
    return_to_callback(tree_[parent].parent, function, flow);
  } else if (kind != NodeKind::kExpressionStatement) {
    escape(flow.value, flow.origin);
  }
}

void HandleFlow::return_to_callback(NodeId call, NodeId function, const Flow& flow) {
  const NodeId callee = callee_of(call);
  const Function* builtin = callee == kNoNode ? nullptr : builtin_function(callee);
  if (builtin != nullptr && builtin->calls_back) {
    return follow(call, fresh(flow.value.key), flow.origin);
  }
  const Key key = member_key(callee);
  if (!key) return escape(flow.value, flow.origin);
  const Method* method = find_method(*key);
  const bool of_state = is_live(tree_.child(callee, Field::kObject));
  // $state.update(key, fn) stores a copy.
  if (of_state && method == nullptr && *key == "update") return;
  if (method == nullptr || (!of_state && is_own_method(*key))) {
    return escape(flow.value, flow.origin);
  }
  switch (method->callback) {
    case Callback::kTest:
    case Callback::kText:
      return;
    case Callback::kSupply:
      return follow(call, fresh(flow.value.key), flow.origin);
    case Callback::kFold:
      bind_parameters(function, 0, 0, flow.value, flow.origin);
      return follow(call, flow.value, flow.origin);
    case Callback::kNone:
      return escape(flow.value, flow.origin);
  }
}

const Function* HandleFlow::builtin_function(NodeId callee) const {
  const auto free_name = [this](NodeId id) -> Key {
    if (id == kNoNode || tree_[id].kind != NodeKind::kIdentifier) return std::nullopt;
    if (scopes_.binding_of(id) != kNoBinding) return std::nullopt;
    return tree_.name(id);
  };
  if (const Key name = free_name(callee)) return find_function("", *name);
  const Key method = member_key(callee);
  if (!method) return nullptr;
  const Key object = free_name(tree_.child(callee, Field::kObject));
  return object ? find_function(*object, *method) : nullptr;
}

// True for $log, $emit, $view, $ext and their methods: what they are given leaves the sandbox as a
// copy.
bool HandleFlow::is_sink(NodeId callee) {
  Key outermost;
  while (callee != kNoNode && spend()) {
    const NodeKind kind = tree_[callee].kind;
    if (kind == NodeKind::kMember || kind == NodeKind::kSubscript) {
      outermost = member_key(callee);
      callee = tree_.child(callee, Field::kObject);
    } else if (kind == NodeKind::kCall && member_key(callee_of(callee)) == "getElementById") {
      callee = callee_of(callee);
    } else {
      break;
    }
  }
  for (const std::string_view name : {"$log", "$emit", "$view", "$ext"}) {
    if (scopes_.is_free(callee, name)) return true;
    const bool in_bag = outermost == name || outermost == name.substr(1);
    if (in_bag && scopes_.is_free(callee, "NexusAPI")) return true;
  }
  return false;
}

// A function that the handler puts into an object of its own under the name of a built-in method
// must not be taken for that method. Values that may be functions only because they came through
// `o[name] = value` are not tracked; the check at each host call still holds for them.
void HandleFlow::note_own_methods() {
  const auto note = [this](NodeId key_node) {
    const Key key = tree_.key(key_node);
    if (key) own_methods_.insert(names_.intern(*key));
  };
  for (NodeId id = 0; id < tree_.size(); ++id) {
    switch (tree_[id].kind) {
      case NodeKind::kMethod:
        note(tree_.child(id, Field::kName));
        break;
      case NodeKind::kField:
        note(tree_.child(id, Field::kProperty));
        break;
      case NodeKind::kShorthandProperty:
        note(id);
        break;
      case NodeKind::kPair:
        if (may_be_function(tree_.child(id, Field::kValue))) note(tree_.child(id, Field::kKey));
        break;
      case NodeKind::kMember:
      case NodeKind::kSubscript: {
        if (place_of(tree_, id) == Place::kRead || scopes_.is_free(base_of(id), "$state")) break;
        const NodeId value = tree_.child(tree_[id].parent, Field::kRight);
        if (member_key(id) && may_be_function(value))
          own_methods_.insert(names_.intern(*member_key(id)));
        if (!member_key(id) && scopes_.function_of(value) != kNoNode) any_own_method_ = true;
        break;
      }
      default:
        break;
    }
  }
}

bool HandleFlow::may_be_function(NodeId expression) const {
  if (expression == kNoNode) return true;
  switch (tree_[expression].kind) {
    case NodeKind::kString:
    case NodeKind::kNumber:
    case NodeKind::kRegex:
    case NodeKind::kTrue:
    case NodeKind::kFalse:
    case NodeKind::kNull:
    case NodeKind::kUndefined:
    case NodeKind::kTemplate:
    case NodeKind::kArray:
    case NodeKind::kObject:
    case NodeKind::kUnary:
    case NodeKind::kUpdate:
      return false;
    case NodeKind::kBinary: {
      const std::string_view op = tree_.text(tree_.child(expression, Field::kOperator));
      return op == "&&" || op == "||" || op == "??";
    }
    case NodeKind::kMember:
    case NodeKind::kSubscript: {
      const NodeId base = base_of(expression);
      return !scopes_.is_free(base, "$state") && !scopes_.is_free(base, "$args");
    }
    default:
      return true;
  }
}

bool HandleFlow::is_own_method(const std::string& name) const {
  return any_own_method_ || own_methods_.contains(names_.intern(name));
}

NodeId HandleFlow::callee_of(NodeId call) const {
  const NodeId function = tree_.child(call, Field::kFunction);
  return function != kNoNode ? function : tree_.child(call, Field::kConstructor);
}

// The call whose callee this is, if any.
NodeId HandleFlow::call_of(NodeId callee) const {
  const NodeId parent = tree_[callee].parent;
  const bool called = parent != kNoNode && tree_[parent].kind == NodeKind::kCall &&
                      tree_[callee].field == Field::kFunction;
  return called ? parent : kNoNode;
}

NodeId HandleFlow::argument(NodeId call, std::uint32_t ordinal) {
  const NodeId list = tree_.child(call, Field::kArguments);
  if (list == kNoNode || tree_[list].kind != NodeKind::kArguments) return kNoNode;
  NodeId found = tree_.first_child(list);
  while (found != kNoNode && tree_[found].ordinal < ordinal) found = tree_.next_sibling(found);
  return found;
}

HandleFlow::Key HandleFlow::first_argument(NodeId call) {
  const NodeId first = argument(call, 0);
  return first == kNoNode ? std::nullopt : tree_.literal(first);
}

HandleFlow::Key HandleFlow::member_key(NodeId member) const {
  if (member == kNoNode) return std::nullopt;
  if (tree_[member].kind == NodeKind::kMember)
    return tree_.key(tree_.child(member, Field::kProperty));
  if (tree_[member].kind == NodeKind::kSubscript)
    return tree_.key(tree_.child(member, Field::kIndex));
  return std::nullopt;
}

// The expression at the left end of a chain of members; kNoNode for a chain longer than any
// sensible one.
NodeId HandleFlow::base_of(NodeId expression) const {
  constexpr int kMaxLinks = 64;
  for (int links = 0; expression != kNoNode && links < kMaxLinks; ++links) {
    const NodeKind kind = tree_[expression].kind;
    if (kind != NodeKind::kMember && kind != NodeKind::kSubscript) return expression;
    expression = tree_.child(expression, Field::kObject);
  }
  return kNoNode;
}

void HandleFlow::follow(NodeId node, const Value& value, NodeId origin) {
  pending_.push_back({node, value, origin});
}

bool HandleFlow::move(Flow& flow, NodeId node) {
  flow.node = node;
  return true;
}

// Text and numbers made of data are neither live nor shared.
bool HandleFlow::use_as_text(const Flow& flow) {
  return is_data(flow.value) ? false : escape(flow);
}

bool HandleFlow::escape(const Flow& flow) {
  escape(flow.value, flow.origin);
  return false;
}

void HandleFlow::escape(const Value& value, NodeId origin) {
  const bool all = value.shape == Shape::kApi;
  const bool data = is_data(value);
  if (data) need(Kind::kStateWrite, value.key, origin);
  if (all || value.shape == Shape::kState) {
    need(Kind::kStateRead, wildcard_, origin);
    need(Kind::kStateWrite, wildcard_, origin);
  }
  if (all || value.shape == Shape::kEmit) need(Kind::kEventsEmit, wildcard_, origin);
  if (all || value.shape == Shape::kView) need(Kind::kViewUpdate, wildcard_, origin);
  if (all || value.shape == Shape::kExt) need(Kind::kExtension, wildcard_, origin);
}

void HandleFlow::need(Kind kind, NameId scope, NodeId origin) {
  uses_.needs.note(HandleUses::need_id(kind, scope), tree_[origin].begin);
}

NameId HandleFlow::scope_of(const Key& key) {
  return key && is_scope(*key) ? names_.intern(*key) : wildcard_;
}

}  // namespace nexus::capability
