#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/engine/outcome.h"
#include "nexus/engine/request.h"
#include "nexus/value/value.h"

namespace nexus::node {

// The state one run sees: what its caller handed in, and what its earlier segments made of it. Any
// key may be written; the caller decides what becomes of the mutations.
class RunState final : public engine::StateView {
 public:
  explicit RunState(value::Object values) : values_(std::move(values)) {}

  const value::Value* get(std::string_view key) const override { return values_.find(key); }
  std::vector<std::string> keys() const override;
  Result<void> check_write(std::string_view, value::Value*) const override { return {}; }

  // What is current after a wait, in place of what the run has seen.
  void replace(value::Object values) { values_ = std::move(values); }
  // Applies what a segment did, and turns each patch into the whole value it makes.
  void apply(std::vector<engine::Mutation>& mutations);

  // Held while a segment of the run is under way: two answers of one run may come at once.
  std::mutex& turn() { return turn_; }

 private:
  value::Object values_;
  std::mutex turn_;
};

}  // namespace nexus::node
