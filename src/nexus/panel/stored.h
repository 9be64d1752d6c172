#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/panel/workspace.h"
#include "nexus/storage/records.h"

// Between what a panel has in memory and what the store keeps of it (storage/records.h). Pure.
namespace nexus::panel {

// The whole values of the changed keys; those that were patched are taken from `state`.
std::vector<storage::StateChange> pack_changes(const std::vector<engine::Mutation>& mutations,
                                               const engine::StateView& state);
// The same changes, each of a whole key. Error kSerializationError: damaged.
Result<std::vector<engine::Mutation>> unpack_changes(
    const std::vector<storage::StateChange>& changes);

std::vector<storage::StateChange> pack_state(const engine::StateView& state);
// Error kSerializationError: damaged.
Result<value::Object> unpack_state(const std::vector<storage::StateChange>& state);

// What a panel was created with besides its document: the members of CreateRequest.
struct PanelSettings {
  value::Object extensions = {};
  std::optional<capability::GrantSet> grants = {};
  std::optional<RequestKey> key = {};
};
// As PanelRecord::settings.
std::string pack_settings(const PanelSettings& settings);
// Error kSerializationError: damaged, or of another format.
Result<PanelSettings> unpack_settings(std::string_view packed);

std::string pack_events(const std::vector<engine::Event>& events);
Result<std::vector<engine::Event>> unpack_events(std::string_view packed);
// The error in Segment::failure: {code,message,...}. Error kSerializationError.
Result<value::Value> unpack_failure(std::string_view result);
// One value. Error kSerializationError.
Result<value::Value> unpack_value(std::string_view packed);

// ExecutionRecord::status of a run whose extension missed its deadline; others have their own.
inline constexpr std::string_view kTimedOut = "timeout";

// What a panel keeps of a suspended run beside the engine's part.
struct RunMemo {
  std::string handler;
  std::string actor;
  bool patches = false;
  unsigned chain = 0;
  std::map<std::string, std::int64_t> asked_ms;  // by suspension id: when the handler asked
  // Mutations, events and view commands of all segments so far.
  engine::Outcome effects;
};
// Both parts as SuspendedRun::host.
std::string pack_run(const RunMemo& memo, std::string_view engine_part);
// The memo and the engine's part. Error kInvalidSuspension: damaged, or of another format.
Result<std::pair<RunMemo, std::string>> unpack_run(std::string_view host);

}  // namespace nexus::panel
