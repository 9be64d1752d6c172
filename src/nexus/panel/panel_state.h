#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/panel/computed_values.h"
#include "nexus/panel/workspace.h"
#include "nexus/state/store.h"

namespace nexus::panel {

// The state of one panel as handlers see it. Shared with the segment under way, which only reads;
// the loop writes between segments, never during one.
class PanelState : public engine::StateView {
 public:
  // `computed` belongs to the document that `store` was made for; `panel_id` is for logs.
  PanelState(state::Store store, std::shared_ptr<const ComputedValues> computed,
             std::string panel_id)
      : store_(std::move(store)), computed_(std::move(computed)), panel_id_(std::move(panel_id)) {}

  // Gives the computed keys their first values. Error kStateError. Blocks; the thread may enter the
  // sandbox.
  Result<void> seed(engine::Engine& engine);
  state::Store take_store() && { return std::move(store_); }
  // See state::Store::take_over(); seed() follows.
  Result<void> take_over(const PanelState& old) { return store_.take_over(old.store_); }
  // Makes the state what was stored; see state::Store::restore(). Loop thread, between segments.
  Result<void> restore(value::Object values, std::uint64_t version) {
    return store_.restore(std::move(values), version);
  }

  const value::Value* get(std::string_view key) const override { return store_.get(key); }
  std::vector<std::string> keys() const override { return store_.keys(); }
  Result<void> check_write(std::string_view key, value::Value* value) const override {
    return store_.check_write(key, value);
  }

  // Whether the write changes computed values.
  bool derives_from(const SetRequest& write) const {
    return !write.path.empty() && computed_->depends_on(write.path.front().key);
  }
  // Appends what `mutations` change of the computed values. Blocks; the thread may enter the
  // sandbox.
  void derive(engine::Engine& engine, std::vector<engine::Mutation>& mutations) const;

  // Applies the mutations of one segment, with what derive() added, all or nothing, and replaces
  // them by the changes that took place. Error kStateError. Loop thread, between segments.
  Result<void> apply(std::vector<engine::Mutation>& mutations);

  // Puts the value that a key has now beside each patch, for who takes no patches.
  void complete(std::vector<engine::Mutation>& mutations) const;

  // The mutation of a top-level key that puts `value` at `path`. Error kInvalidArgument names the
  // step that leads nowhere, or says why the value does not fit. An object takes a new member; a
  // list does not grow.
  Result<engine::Mutation> resolve_write(const std::vector<engine::PathStep>& path,
                                         value::Value value) const;

  std::uint64_t version() const { return store_.version(); }
  std::string to_json() const { return store_.to_json(); }

 private:
  state::Store store_;
  const std::shared_ptr<const ComputedValues> computed_;
  const std::string panel_id_;
};

}  // namespace nexus::panel
