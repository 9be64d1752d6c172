#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "nexus/capability/builtins_internal.h"
#include "nexus/capability/capability.h"
#include "nexus/capability/names_internal.h"
#include "nexus/capability/scopes_internal.h"
#include "nexus/capability/syntax_tree_internal.h"

// Follows the handles of a panel ($state, $emit, $view, $ext) through a handler, from each mention
// upwards through the expressions that receive it, and through variables, parameters, callbacks and
// return values. A handle that gets where it cannot be followed is taken to be used in every way it
// could be.
namespace nexus::capability {

// Things found, each with the first byte of the text that shows it.
class FirstPlaces {
 public:
  void note(std::uint64_t thing, std::uint32_t begin) {
    const auto [found, added] = places_.emplace(thing, begin);
    if (!added && begin < found->second) found->second = begin;
  }
  const std::unordered_map<std::uint64_t, std::uint32_t>& places() const { return places_; }

 private:
  std::unordered_map<std::uint64_t, std::uint32_t> places_;
};

// What the handles were used for. A scope that no token can name is noted as "*".
struct HandleUses {
  FirstPlaces needs;       // need_id(kind, scope)
  FirstPlaces extensions;  // NameId
  FirstPlaces state_keys;  // NameId

  static std::uint64_t need_id(Kind kind, NameId scope) {
    return static_cast<std::uint64_t>(kind) << 32 | scope;
  }
};

// The names that hold handles where no declaration hides them.
constexpr std::string_view kHandleNames[] = {"$state", "$emit", "$view", "$ext", "NexusAPI"};

class HandleFlow {
 public:
  // All arguments must outlive this object.
  HandleFlow(const SyntaxTree& tree, const Scopes& scopes, Names& names, HandleUses& uses);

  // Follows everything. False when that took more steps than kMaxSteps: the uses are then
  // incomplete.
  bool run();

 private:
  // Handlers of a few thousand lines take some ten thousand steps; this many take a tenth of a
  // second.
  static constexpr std::uint32_t kMaxSteps = 2'000'000;

  enum class Shape : std::uint8_t {
    kApi,    // NexusAPI, the bag of all others
    kState,  // $state itself
    kEmit,
    kView,
    kExt,
    kLive,   // something within a state key: writing to it writes the key
    kFresh,  // an object of the handler's own, in which live ones are found
  };
  struct Value {
    Shape shape;
    NameId key;  // of the state, for kLive and kFresh; may be the wildcard
  };
  // The expression `node` has this value. `origin` is the mention that led here.
  struct Flow {
    NodeId node;
    Value value;
    NodeId origin;
  };
  using Key = std::optional<std::string>;  // nothing when it is only known at run time

  // handle_flow.cc: expressions, member access, patterns.
  static std::optional<Shape> handle_named(std::string_view name);
  static std::optional<Shape> handle_in_api(const std::string& key);
  bool advance(Flow& flow);
  bool advance_operator(Flow& flow, NodeId parent);
  bool advance_binary(Flow& flow, NodeId parent);
  bool advance_assignment(Flow& flow, NodeId parent);
  bool advance_substitution(Flow& flow, NodeId parent);
  bool advance_loop(Flow& flow, NodeId loop);
  bool hold(Flow& flow, NodeId holder);
  bool access(Flow& flow, NodeId member, NodeId key_node);
  bool access_api(Flow& flow, NodeId member, const Key& key);
  bool access_state(Flow& flow, NodeId member, NodeId key_node, const Key& key);
  bool access_emit(Flow& flow, NodeId member, const Key& key);
  bool access_view(Flow& flow, NodeId member, const Key& key);
  bool access_ext(Flow& flow, NodeId member, NodeId key_node, const Key& key);
  bool access_data(Flow& flow, NodeId member, const Key& key);
  bool call_dialect(Flow& flow, NodeId call, std::string_view method);
  void need_dialect(std::string_view method, NodeId origin);
  void bind(NodeId pattern, const Value& value, NodeId origin);
  void bind_one(NodeId pattern, const Value& value, NodeId origin);
  void bind_property(NodeId property, const Value& value, NodeId origin);
  std::optional<Value> property_of(const Value& value, NodeId key_node, NodeId origin);
  void alias(BindingId binding, const Value& value, NodeId origin);
  void store(NodeId object, const Value& value, NodeId origin);
  bool is_live(NodeId expression);
  bool is_fresh(BindingId binding);
  bool is_new_object(NodeId expression) const;

  // handle_flow_calls.cc: arguments, callbacks, return values.
  bool call_method(Flow& flow, NodeId call, const Key& key);
  bool pass(Flow& flow, NodeId call);
  bool pass_to_builtin(Flow& flow, NodeId call, const Function& function);
  bool merge(Flow& flow, NodeId call);
  bool pass_to_method(Flow& flow, NodeId call, NodeId callee);
  void pass_to_function(NodeId function, const Flow& flow);
  void hand_elements(NodeId call, NodeId except, NameId key, NodeId origin, Callback callback);
  void hand_element(NodeId argument, NameId key, NodeId origin, std::size_t first_parameter);
  void bind_parameters(NodeId function, std::size_t first, std::size_t last, const Value& value,
                       NodeId origin);
  bool return_value(Flow& flow, NodeId statement);
  void return_from(NodeId function, const Flow& flow);
  void return_to_uses(BindingId binding, NodeId function, const Flow& flow);
  void return_to(NodeId use, NodeId function, const Flow& flow);
  void return_to_callback(NodeId call, NodeId function, const Flow& flow);
  const Function* builtin_function(NodeId callee) const;
  bool is_sink(NodeId callee);
  void note_own_methods();
  bool may_be_function(NodeId expression) const;
  bool is_own_method(const std::string& name) const;

  // Small things.
  NodeId callee_of(NodeId call) const;
  NodeId call_of(NodeId callee) const;
  NodeId argument(NodeId call, std::uint32_t ordinal);
  Key first_argument(NodeId call);
  Key member_key(NodeId member) const;
  NodeId base_of(NodeId expression) const;
  void follow(NodeId node, const Value& value, NodeId origin);
  bool move(Flow& flow, NodeId node);
  bool use_as_text(const Flow& flow);
  bool escape(const Flow& flow);
  void escape(const Value& value, NodeId origin);
  void need(Kind kind, NameId scope, NodeId origin);
  NameId scope_of(const Key& key);
  Value live(NameId key) const { return {Shape::kLive, key}; }
  Value fresh(NameId key) const { return {Shape::kFresh, key}; }
  static bool is_data(const Value& value) {
    return value.shape == Shape::kLive || value.shape == Shape::kFresh;
  }
  bool spend() {
    if (steps_left_ == 0) return false;
    --steps_left_;
    return true;
  }

  const SyntaxTree& tree_;
  const Scopes& scopes_;
  Names& names_;
  HandleUses& uses_;
  const NameId wildcard_;
  std::uint32_t steps_left_ = kMaxSteps;
  std::vector<Flow> pending_;
  std::vector<Flow> patterns_;  // `node` is a pattern that takes the value
  // What has been followed already: a node or binding with a value.
  std::unordered_set<std::uint64_t> aliased_;
  std::unordered_set<std::uint64_t> returned_;
  std::unordered_map<BindingId, bool> fresh_bindings_;
  std::unordered_set<NameId> own_methods_;  // names of functions that the handler puts into objects
  bool any_own_method_ = false;             // one of them under a name known only at run time
  bool uses_arguments_ = false;             // `arguments` hides what reaches a function
};

}  // namespace nexus::capability
