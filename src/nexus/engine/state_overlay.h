#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/engine/engine.h"

namespace nexus::engine {

// The state as one segment sees it: the panel's state with the segment's own writes on top. Collects what
// the segment changed. Used by the thread that runs the segment; `base` outlives it.
class StateOverlay {
 public:
  explicit StateOverlay(const StateView& base) : base_(base) {}

  // The current value of `key`; nullptr when there is none. Lives until the next change.
  const value::Value* get(std::string_view key) const;
  std::vector<std::string> keys() const;

  // Each fails with kStateError, saying what and why, and then changes nothing.
  Result<void> set(std::string_view key, value::Value value);
  Result<void> erase(std::string_view key);

  // Changes a place inside a key: `path` is the key followed by at least one step for kSet and kDelete,
  // and may be the key alone for kSet and kAppend. Steps are member names or list indices.
  enum class Patch { kSet, kDelete, kAppend };
  Result<void> patch(Patch operation, const value::List& path, value::Value value);

  // What differs from the panel's state now, one entry per key in the order of the first touch. Error when
  // a value as it is now would not be accepted (its size, for example).
  Result<std::vector<Mutation>> mutations() const;

 private:
  struct Touched {
    std::string key;
    std::optional<value::Value> value;  // nullopt: deleted, or `pending` not applied yet
    // The only changes of the key so far, kept apart from its value: adding to a long list must not
    // cost a copy of it. Empty once there is a value.
    value::Patch pending;
  };

  Touched* find(std::string_view key) const;
  Touched& touch(std::string_view key);
  // Whether nothing but appending to the list at `steps` happened to the key.
  static bool appends_only(const Touched& own, const value::List& steps);
  const value::Value* settle(Touched& own) const;
  Result<void> append(std::string_view key, const value::List& steps, value::Value items);
  // Takes changes that were checked.
  void keep(std::string_view key, value::Patch changes);
  bool is_noop(const Touched& own) const;

  const StateView& base_;
  mutable std::vector<Touched> touched_;  // settling a value shows to nobody
};

}  // namespace nexus::engine
