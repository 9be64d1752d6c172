#pragma once

#include <string>
#include <string_view>

#include "nexus/engine/outcome.h"

// The effects of a run as JSON objects, the same for every user of the engine (docs/PROTOCOL.md). Each appends to `out`.
namespace nexus::engine {

// {operation, key, value?}; `value` is nullptr for a key that was deleted.
void write_key_change(std::string_view key, const value::Value* value, std::string& out);
// The same of a mutation that has no patch.
void write_mutation(const Mutation& mutation, std::string& out);
// {name, payload, timestamp}
void write_event(const Event& event, std::string& out);
// {type, componentId?, args}
void write_view_command(const ViewCommand& command, std::string& out);

}  // namespace nexus::engine
