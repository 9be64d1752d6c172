#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/engine/engine.h"
#include "nexus/panel/program.h"
#include "nexus/panel/triggers.h"
#include "nexus/panel/workspace.h"
#include "nexus/storage/records.h"

// The frames and bodies a panel writes, as docs/PROTOCOL.md gives them. Pure; `version` is the
// panel's.
namespace nexus::panel {

Frame encode_connected(std::string_view panel_id, std::uint64_t version, std::string_view epoch,
                       std::string_view state_json);
// CONNECTED for a client that has seen `version` and gets the patches after it.
Frame encode_resumed(std::string_view panel_id, std::uint64_t version, std::string_view epoch);
// The two forms of PATCH: whole keys, which for patched ones are taken from `state`, and JSON Patch.
Frame encode_mutations(std::uint64_t version, const std::vector<engine::Mutation>& mutations,
                       const engine::StateView& state, std::int64_t timestamp_ms);
Frame encode_patch(std::uint64_t version, const std::vector<engine::Mutation>& mutations,
                   std::int64_t timestamp_ms);
// The PATCH of some parts of another, by their positions.
Frame encode_selection(const Frame& patch, const std::vector<std::size_t>& chosen);
// Several PATCHes of one form in one, which leads from the version `from` to `version`; `parts` are
// the JSON of mutations or of operations.
Frame encode_merged_patch(std::uint64_t from, std::uint64_t version,
                          const std::vector<std::shared_ptr<const std::string>>& parts,
                          bool json_patch, std::int64_t timestamp_ms);
Frame encode_event(std::uint64_t version, const engine::Event& event);
Frame encode_view(std::uint64_t version, const std::vector<engine::ViewCommand>& commands);

// `system:reload` with what an attempt to load `file` found.
engine::Event source_event(std::string file, const std::vector<nxml::Diagnostic>& diagnostics,
                           std::int64_t timestamp_ms);

// What PanelInfo says beyond the document.
struct PanelFacts {
  std::string_view id;
  std::string_view status;
  std::uint64_t version = 0;
  std::string_view epoch;
  Clock::Wall created_at{};
  Clock::Wall last_activity{};
  std::size_t clients = 0;
  const engine::RunError* mount_error = nullptr;
  const Triggers* triggers = nullptr;
};
std::string encode_info(const Program& program, const PanelFacts& facts);

// An execution that waits, as GET /panels/{id}/executions/{executionId} gives it.
std::string encode_waiting(std::string_view execution_id);
// A page of the history; `limit` of them: there may be more. Error kSerializationError: damaged.
Result<std::string> encode_history(const std::vector<storage::Segment>& segments,
                                   std::size_t limit);
// A state object with its keys in the order of `keys`, others behind.
std::string encode_state(const value::Object& values, const std::vector<std::string>& keys);

// ISO 8601 in UTC with milliseconds, as Date.prototype.toISOString writes it.
std::string iso_time(Clock::Wall time);

}  // namespace nexus::panel
