#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/state/store.h"

namespace nexus::panel {

// The state of one panel as handlers see it. Shared with the segment under way, which only reads;
// the loop writes between segments, never during one.
class PanelState : public engine::StateView {
 public:
  // `computed`: names that are declared and cannot be written.
  PanelState(state::Store store, std::set<std::string, std::less<>> computed)
      : store_(std::move(store)), computed_(std::move(computed)) {}

  const value::Value* get(std::string_view key) const override { return store_.get(key); }
  std::vector<std::string> keys() const override { return store_.keys(); }
  Result<void> check_write(std::string_view key, value::Value* value) const override;

  // Applies the mutations of one segment, all or nothing, and replaces them by the changes that
  // took place. Error kStateError. Loop thread, between segments.
  Result<void> apply(std::vector<engine::Mutation>& mutations);

  // The mutation of a top-level key that puts `value` at `path`. Error kInvalidArgument names the
  // step that leads nowhere, or says why the value does not fit. An object takes a new member; a
  // list does not grow.
  Result<engine::Mutation> resolve_write(const std::vector<engine::PathStep>& path,
                                         value::Value value) const;

  std::uint64_t version() const { return store_.version(); }
  std::string to_json() const { return store_.to_json(); }

 private:
  state::Store store_;
  const std::set<std::string, std::less<>> computed_;
};

}  // namespace nexus::panel
