#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/error.h"
#include "nexus/engine/engine.h"
#include "nexus/nxml/ast.h"

namespace nexus::panel {

// The Computed values of one document, as one handler that the sandbox evaluates. It has no
// capabilities: what its expressions read is handed to it. Frozen; any thread.
class ComputedValues {
 public:
  ComputedValues(const nxml::Document& document, const engine::Limits& limits);

  bool empty() const { return entries_.empty(); }
  bool has(std::string_view name) const;
  // Whether a change of `key` may change a computed value.
  bool depends_on(std::string_view key) const;

  // For the engine to compile ahead.
  const engine::HandlerSource& source() const { return source_; }

  // The values of all that depends on one of `changed`, directly or through others, as `state` is
  // now, each after those it reads. What throws, or yields what JSON cannot say, is null and a
  // warning in the log. Blocks; the thread may enter the sandbox.
  std::vector<engine::Mutation> evaluate(engine::Engine& engine, const std::string& panel_id,
                                         const engine::StateView& state,
                                         const std::vector<std::string>& changed) const;
  // The same for every computed value.
  std::vector<engine::Mutation> evaluate_all(engine::Engine& engine, const std::string& panel_id,
                                             const engine::StateView& state) const;

 private:
  struct Entry {
    std::string name;
    std::vector<std::string> reads;
    Location at;
  };
  // Positions in entries_, ascending.
  using Selection = std::vector<std::size_t>;

  Selection affected_by(const std::vector<std::string>& changed) const;
  std::vector<engine::Mutation> run(engine::Engine& engine, const std::string& panel_id,
                                    const engine::StateView& state, const Selection& wanted) const;
  std::string inputs_json(const engine::StateView& state, const Selection& wanted) const;
  value::Value take_result(const std::string& panel_id, const Entry& entry,
                           const value::Value& answer) const;

  std::vector<Entry> entries_;  // each after those it reads
  engine::HandlerSource source_;
  engine::Limits limits_;
};

}  // namespace nexus::panel
