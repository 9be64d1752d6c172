#include <algorithm>
#include <array>
#include <utility>

#include "nexus/capability/handle_flow_internal.h"

namespace nexus::capability {
namespace {

// The methods of $state when it is used as an object (reference.md section 4.1).
constexpr std::array<std::string_view, 6> kDialect{"delete", "get", "has", "keys", "set", "update"};

bool is_dialect(std::string_view name) {
  return std::find(kDialect.begin(), kDialect.end(), name) != kDialect.end();
}

bool is_logical(std::string_view op) {
  return op.starts_with("&&") || op.starts_with("||") || op.starts_with("??");
}

}  // namespace

HandleFlow::HandleFlow(const SyntaxTree& tree, const Scopes& scopes, Names& names, HandleUses& uses)
    : tree_(tree), scopes_(scopes), names_(names), uses_(uses), wildcard_(names.intern("*")) {
  note_own_methods();
}

bool HandleFlow::run() {
  for (const Scopes::Free& free : scopes_.free_names()) {
    const std::string_view name = names_.text(free.name);
    if (name == "arguments") uses_arguments_ = true;
    const std::optional<Shape> shape = handle_named(name);
    if (shape) follow(free.node, {*shape, wildcard_}, free.node);
  }
  while (!pending_.empty()) {
    Flow flow = pending_.back();
    pending_.pop_back();
    bool moving = true;
    while (moving && spend()) moving = advance(flow);
    if (steps_left_ == 0) return false;
  }
  return true;
}

std::optional<HandleFlow::Shape> HandleFlow::handle_named(std::string_view name) {
  if (name == "$state") return Shape::kState;
  if (name == "$emit") return Shape::kEmit;
  if (name == "$view") return Shape::kView;
  if (name == "$ext") return Shape::kExt;
  if (name == "NexusAPI") return Shape::kApi;
  return std::nullopt;
}

// NexusAPI holds each handle under its name, with and without the dollar sign.
std::optional<HandleFlow::Shape> HandleFlow::handle_in_api(const std::string& key) {
  return handle_named(key.starts_with('$') ? key : '$' + key);
}

// Moves the flow to the expression that receives it; false when it ends here.
bool HandleFlow::advance(Flow& flow) {
  const NodeId parent = tree_[flow.node].parent;
  if (parent == kNoNode) return false;
  const Field field = tree_[flow.node].field;
  switch (tree_[parent].kind) {
    case NodeKind::kMember:
      return access(flow, parent, tree_.child(parent, Field::kProperty));
    case NodeKind::kSubscript:
      if (field == Field::kIndex) return use_as_text(flow);
      return access(flow, parent, tree_.child(parent, Field::kIndex));
    case NodeKind::kArguments:
      return pass(flow, tree_[parent].parent);
    case NodeKind::kArray:
    case NodeKind::kObject:
    case NodeKind::kSpread:
      return hold(flow, parent);
    case NodeKind::kPair:
      return move(flow, parent);
    case NodeKind::kDeclarator:
      bind(tree_.child(parent, Field::kName), flow.value, flow.origin);
      return false;
    case NodeKind::kDefaultPattern:
    case NodeKind::kDefaultProperty:
      if (field == Field::kRight) bind(tree_.child(parent, Field::kLeft), flow.value, flow.origin);
      return false;
    case NodeKind::kForIn:
      return advance_loop(flow, parent);
    case NodeKind::kReturn:
      return return_value(flow, parent);
    case NodeKind::kArrow:
      return_from(parent, flow);
      return false;
    case NodeKind::kComputedName:
      return use_as_text(flow);
    case NodeKind::kSubstitution:
      return advance_substitution(flow, parent);
    // The value is dropped, only tested, or replaced.
    case NodeKind::kExpressionStatement:
    case NodeKind::kIf:
    case NodeKind::kWhile:
    case NodeKind::kDo:
    case NodeKind::kFor:
    case NodeKind::kSwitch:
    case NodeKind::kSwitchCase:
      return false;
    case NodeKind::kUpdate:
    case NodeKind::kArrayPattern:
    case NodeKind::kObjectPattern:
    case NodeKind::kPairPattern:
    case NodeKind::kRestPattern:
      return is_data(flow.value) ? false : escape(flow);
    default:
      return advance_operator(flow, parent);
  }
}

bool HandleFlow::advance_operator(Flow& flow, NodeId parent) {
  switch (tree_[parent].kind) {
    case NodeKind::kAwait:
      return is_data(flow.value) ? move(flow, parent) : escape(flow);
    case NodeKind::kAssignment:
    case NodeKind::kAugmentedAssignment:
      return advance_assignment(flow, parent);
    case NodeKind::kBinary:
      return advance_binary(flow, parent);
    case NodeKind::kTernary:
      return tree_[flow.node].field != Field::kCondition && move(flow, parent);
    case NodeKind::kSequence:
      return tree_.next_sibling(flow.node) == kNoNode && move(flow, parent);
    case NodeKind::kUnary: {
      const std::string_view op = tree_.text(tree_.child(parent, Field::kOperator));
      return op == "+" || op == "-" || op == "~" ? use_as_text(flow) : false;
    }
    case NodeKind::kCall:
      // State holds no functions, so calling something out of it fails.
      if (is_data(flow.value)) return false;
      if (flow.value.shape != Shape::kEmit) return escape(flow);
      need(Kind::kEventsEmit, scope_of(first_argument(parent)), flow.origin);
      return false;
    default:
      return escape(flow);
  }
}

bool HandleFlow::advance_binary(Flow& flow, NodeId parent) {
  const std::string_view op = tree_.text(tree_.child(parent, Field::kOperator));
  if (is_logical(op)) return move(flow, parent);
  if (op == "===" || op == "!==" || op == "==" || op == "!=" || op == "instanceof") return false;
  if (op != "in" || tree_[flow.node].field != Field::kRight) return use_as_text(flow);
  const NodeId left = tree_.child(parent, Field::kLeft);
  if (flow.value.shape == Shape::kState && left != kNoNode) {
    need(Kind::kStateRead, scope_of(tree_.literal(left)), flow.origin);
  }
  return false;
}

bool HandleFlow::advance_assignment(Flow& flow, NodeId parent) {
  const bool plain = tree_[parent].kind == NodeKind::kAssignment;
  const bool keeps = plain || is_logical(tree_.text(tree_.child(parent, Field::kOperator)));
  if (tree_[flow.node].field == Field::kRight) {
    if (!keeps) return use_as_text(flow);
    bind(tree_.child(parent, Field::kLeft), flow.value, flow.origin);
    return move(flow, parent);
  }
  // A variable gets another value; what it held may still come out of `x ||= y`.
  if (!is_data(flow.value)) return escape(flow);
  return !plain && keeps && move(flow, parent);
}

// Templates make text of what they hold, unless a tag function gets it.
bool HandleFlow::advance_substitution(Flow& flow, NodeId parent) {
  const NodeId call = tree_[tree_[parent].parent].parent;
  const bool tagged = call != kNoNode && tree_[call].kind == NodeKind::kCall;
  return tagged && callee_of(call) != tree_[parent].parent ? escape(flow) : use_as_text(flow);
}

bool HandleFlow::advance_loop(Flow& flow, NodeId loop) {
  if (tree_[flow.node].field != Field::kRight) return is_data(flow.value) ? false : escape(flow);
  const bool names_only = tree_.text(tree_.child(loop, Field::kOperator)) == "in";
  if (names_only) {
    if (flow.value.shape == Shape::kState) need(Kind::kStateRead, wildcard_, flow.origin);
    return false;
  }
  if (!is_data(flow.value)) return escape(flow);
  bind(tree_.child(loop, Field::kLeft), live(flow.value.key), flow.origin);
  return false;
}

// An array, an object or a spread takes the value in.
bool HandleFlow::hold(Flow& flow, NodeId holder) {
  if (!is_data(flow.value)) return escape(flow);
  flow.value.shape = Shape::kFresh;
  return move(flow, holder);
}

bool HandleFlow::access(Flow& flow, NodeId member, NodeId key_node) {
  const Key key = tree_.key(key_node);
  switch (flow.value.shape) {
    case Shape::kApi:
      return access_api(flow, member, key);
    case Shape::kState:
      return access_state(flow, member, key_node, key);
    case Shape::kEmit:
      return access_emit(flow, member, key);
    case Shape::kView:
      return access_view(flow, member, key);
    case Shape::kExt:
      return access_ext(flow, member, key_node, key);
    case Shape::kLive:
    case Shape::kFresh:
      return access_data(flow, member, key);
  }
  return false;
}

bool HandleFlow::access_api(Flow& flow, NodeId member, const Key& key) {
  const std::optional<Shape> shape = key ? handle_in_api(*key) : std::nullopt;
  if (shape) {
    flow.value.shape = *shape;
    return move(flow, member);
  }
  if (key == "log" || key == "$log") return false;
  // An inherited method such as valueOf() would get the bag itself as `this`.
  return !key || call_of(member) != kNoNode ? escape(flow) : false;
}

bool HandleFlow::access_state(Flow& flow, NodeId member, NodeId key_node, const Key& key) {
  const NameId scope = scope_of(key);
  const Place place = place_of(tree_, member);
  if (place != Place::kRead) {
    if (key) uses_.state_keys.note(names_.intern(*key), tree_[key_node].begin);
    need(Kind::kStateWrite, scope, flow.origin);
    if (place == Place::kUpdated) need(Kind::kStateRead, scope, flow.origin);
    return false;
  }
  const NodeId call = call_of(member);
  if (key && is_dialect(*key)) {
    if (call != kNoNode) return call_dialect(flow, call, *key);
    const NodeId user = tree_[member].parent;
    const bool plain_key = user != kNoNode && tree_[member].field == Field::kObject;
    const Key next = plain_key ? member_key(user) : std::nullopt;
    // Not called here: a state key of that name, or the method on its way to somewhere else.
    if (!next || *next == "call" || *next == "apply" || *next == "bind") {
      need_dialect(*key, flow.origin);
    }
  }
  if (key) uses_.state_keys.note(names_.intern(*key), tree_[key_node].begin);
  need(Kind::kStateRead, scope, flow.origin);
  // An inherited method such as valueOf() would get $state itself as `this`.
  if (call != kNoNode) return escape(flow);
  flow.value = live(scope);
  return move(flow, member);
}

bool HandleFlow::call_dialect(Flow& flow, NodeId call, std::string_view method) {
  const Key key = first_argument(call);
  const NameId scope = method == "keys" ? wildcard_ : scope_of(key);
  const NodeId key_node = argument(call, 0);
  if (key && method != "has" && method != "keys") {
    uses_.state_keys.note(names_.intern(*key), tree_[key_node].begin);
  }
  const bool writes = method == "set" || method == "delete" || method == "update";
  const bool reads = !writes || method == "update";
  if (writes) need(Kind::kStateWrite, scope, flow.origin);
  if (reads) need(Kind::kStateRead, scope, flow.origin);
  if (method != "get") return false;
  flow.value = live(scope);
  return move(flow, call);
}

void HandleFlow::need_dialect(std::string_view method, NodeId origin) {
  const bool writes = method == "set" || method == "delete" || method == "update";
  if (writes) need(Kind::kStateWrite, wildcard_, origin);
  if (!writes || method == "update") need(Kind::kStateRead, wildcard_, origin);
}

bool HandleFlow::access_emit(Flow& flow, NodeId member, const Key& key) {
  if (key != "toast" || place_of(tree_, member) != Place::kRead) return escape(flow);
  need(Kind::kEventsEmit, names_.intern("toast"), flow.origin);
  return false;
}

bool HandleFlow::access_view(Flow& flow, NodeId member, const Key& key) {
  const NodeId call = call_of(member);
  const bool takes_id = key == "setFilter" || key == "scrollTo" || key == "focus" ||
                        key == "command" || key == "getElementById";
  if (!takes_id || call == kNoNode) return escape(flow);
  need(Kind::kViewUpdate, scope_of(first_argument(call)), flow.origin);
  return false;
}

bool HandleFlow::access_ext(Flow& flow, NodeId member, NodeId key_node, const Key& key) {
  const bool asks_only = key == "exists" || key == "methods" || key == "list";
  if (asks_only && call_of(member) != kNoNode) return false;
  if (key) uses_.extensions.note(names_.intern(*key), tree_[key_node].begin);
  need(Kind::kExtension, scope_of(key), flow.origin);
  return false;
}

bool HandleFlow::access_data(Flow& flow, NodeId member, const Key& key) {
  if (place_of(tree_, member) != Place::kRead) {
    if (flow.value.shape == Shape::kLive) need(Kind::kStateWrite, flow.value.key, flow.origin);
    return false;
  }
  const NodeId call = call_of(member);
  if (call != kNoNode) return call_method(flow, call, key);
  flow.value.shape = Shape::kLive;
  return move(flow, member);
}

void HandleFlow::bind(NodeId pattern, const Value& value, NodeId origin) {
  patterns_.push_back({pattern, value, origin});
  while (!patterns_.empty() && spend()) {
    const Flow next = patterns_.back();
    patterns_.pop_back();
    bind_one(next.node, next.value, next.origin);
  }
}

void HandleFlow::bind_one(NodeId pattern, const Value& value, NodeId origin) {
  if (pattern == kNoNode) return escape(value, origin);
  switch (tree_[pattern].kind) {
    case NodeKind::kIdentifier:
    case NodeKind::kShorthandPattern:
      return alias(scopes_.binding_of(pattern), value, origin);
    case NodeKind::kDefaultPattern:
    case NodeKind::kDefaultProperty:
      patterns_.push_back({tree_.child(pattern, Field::kLeft), value, origin});
      return;
    case NodeKind::kMember:
    case NodeKind::kSubscript:
      return store(tree_.child(pattern, Field::kObject), value, origin);
    case NodeKind::kObjectPattern:
    case NodeKind::kArrayPattern:
    case NodeKind::kRestPattern:
      break;
    default:
      return escape(value, origin);
  }
  const NodeKind kind = tree_[pattern].kind;
  if (kind != NodeKind::kObjectPattern && !is_data(value)) return escape(value, origin);
  NodeId part = tree_.first_child(pattern);
  for (; part != kNoNode && spend(); part = tree_.next_sibling(part)) {
    if (kind == NodeKind::kObjectPattern) {
      bind_property(part, value, origin);
    } else {
      const bool rest = kind == NodeKind::kRestPattern;
      patterns_.push_back({part, rest ? fresh(value.key) : live(value.key), origin});
    }
  }
}

void HandleFlow::bind_property(NodeId property, const Value& value, NodeId origin) {
  NodeId key_node = property;
  NodeId target = property;
  switch (tree_[property].kind) {
    case NodeKind::kRestPattern:
      patterns_.push_back({property, value, origin});
      return;
    case NodeKind::kShorthandPattern:
      break;
    case NodeKind::kDefaultProperty:
      key_node = target = tree_.child(property, Field::kLeft);
      break;
    case NodeKind::kPairPattern:
      key_node = tree_.child(property, Field::kKey);
      target = tree_.child(property, Field::kValue);
      break;
    default:
      return escape(value, origin);
  }
  if (key_node == kNoNode || target == kNoNode) return escape(value, origin);
  const std::optional<Value> part = property_of(value, key_node, origin);
  if (part) patterns_.push_back({target, *part, origin});
}

std::optional<HandleFlow::Value> HandleFlow::property_of(const Value& value, NodeId key_node,
                                                         NodeId origin) {
  const Key key = tree_.key(key_node);
  const NameId name = key ? names_.intern(*key) : wildcard_;
  switch (value.shape) {
    case Shape::kLive:
    case Shape::kFresh:
      return live(value.key);
    case Shape::kState:
      if (key) uses_.state_keys.note(name, tree_[key_node].begin);
      if (key && is_dialect(*key)) need_dialect(*key, origin);
      need(Kind::kStateRead, scope_of(key), origin);
      return live(scope_of(key));
    case Shape::kExt:
      if (key) uses_.extensions.note(name, tree_[key_node].begin);
      need(Kind::kExtension, scope_of(key), origin);
      return std::nullopt;
    case Shape::kEmit:
      need(Kind::kEventsEmit, key == "toast" ? name : wildcard_, origin);
      return std::nullopt;
    case Shape::kApi: {
      const std::optional<Shape> shape = key ? handle_in_api(*key) : std::nullopt;
      if (shape) return Value{*shape, wildcard_};
      if (!key) escape(value, origin);
      return std::nullopt;
    }
    case Shape::kView:
      escape(value, origin);
      return std::nullopt;
  }
  return std::nullopt;
}

// Variables are followed for data only: a variable that holds $state itself may be used in any way.
void HandleFlow::alias(BindingId binding, const Value& value, NodeId origin) {
  if (binding == kNoBinding || !is_data(value)) return escape(value, origin);
  const std::uint64_t shape = value.shape == Shape::kFresh ? 1 : 0;
  const std::uint64_t held = static_cast<std::uint64_t>(binding) << 32 | value.key << 1 | shape;
  if (!aliased_.insert(held).second) return;
  for (const NodeId reference : scopes_.binding(binding).references) {
    if (!spend()) return;
    follow(reference, value, reference);
  }
}

// `value` becomes a part of what `object` yields.
void HandleFlow::store(NodeId object, const Value& value, NodeId origin) {
  if (object == kNoNode || !is_data(value)) return escape(value, origin);
  // State takes a copy.
  if (is_live(object)) return;
  const bool name = tree_[object].kind == NodeKind::kIdentifier;
  const BindingId binding = name ? scopes_.binding_of(object) : kNoBinding;
  if (binding == kNoBinding || !is_fresh(binding)) return escape(value, origin);
  alias(binding, fresh(value.key), origin);
}

// True when the expression can only yield $state or something within it.
bool HandleFlow::is_live(NodeId expression) {
  while (expression != kNoNode && spend()) {
    switch (tree_[expression].kind) {
      case NodeKind::kMember:
      case NodeKind::kSubscript:
        expression = tree_.child(expression, Field::kObject);
        continue;
      case NodeKind::kCall: {
        const NodeId callee = callee_of(expression);
        const Key method = member_key(callee);
        if (method != "find" && method != "findLast" && method != "at" && method != "get") {
          return false;
        }
        expression = tree_.child(callee, Field::kObject);
        continue;
      }
      case NodeKind::kIdentifier: {
        const BindingId id = scopes_.binding_of(expression);
        if (id == kNoBinding) return scopes_.is_free(expression, "$state");
        const Binding& binding = scopes_.binding(id);
        if (binding.opaque || binding.definitions.size() != 1) return false;
        expression = binding.definitions[0];
        continue;
      }
      default:
        return false;
    }
  }
  return false;
}

// True when the variable only ever holds objects made on the spot, so that nothing else shares
// them.
bool HandleFlow::is_fresh(BindingId id) {
  const auto known = fresh_bindings_.find(id);
  if (known != fresh_bindings_.end()) return known->second;
  const Binding& binding = scopes_.binding(id);
  const auto makes_object = [this](NodeId definition) { return is_new_object(definition); };
  const bool result = !binding.opaque && std::all_of(binding.definitions.begin(),
                                                     binding.definitions.end(), makes_object);
  fresh_bindings_.emplace(id, result);
  return result;
}

// True for an expression that makes a plain object, or none at all.
bool HandleFlow::is_new_object(NodeId expression) const {
  switch (tree_[expression].kind) {
    case NodeKind::kArray:
    case NodeKind::kString:
    case NodeKind::kNumber:
    case NodeKind::kNull:
    case NodeKind::kUndefined:
    case NodeKind::kTemplate:
      return true;
    case NodeKind::kNew: {
      const NodeId made = callee_of(expression);
      return scopes_.is_free(made, "Map") || scopes_.is_free(made, "Set") ||
             scopes_.is_free(made, "Array");
    }
    case NodeKind::kObject:
      break;
    default:
      return false;
  }
  // A setter or a prototype of its own would see what is stored.
  NodeId part = tree_.first_child(expression);
  for (; part != kNoNode; part = tree_.next_sibling(part)) {
    if (tree_[part].kind == NodeKind::kMethod) return false;
    if (tree_.key(tree_.child(part, Field::kKey)) == "__proto__") return false;
  }
  return true;
}

}  // namespace nexus::capability
