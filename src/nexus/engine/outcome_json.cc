#include "nexus/engine/outcome_json.h"

#include "nexus/value/json_writer.h"

namespace nexus::engine {

using value::ObjectWriter;

void write_key_change(std::string_view key, const value::Value* value, std::string& out) {
  ObjectWriter object(out);
  object.text("operation", value != nullptr ? "set" : "delete");
  object.text("key", key);
  if (value != nullptr) object.value("value", *value);
}

void write_mutation(const Mutation& mutation, std::string& out) {
  const bool set = mutation.operation == Mutation::Operation::kSet;
  write_key_change(mutation.key, set ? &mutation.value : nullptr, out);
}

void write_event(const Event& event, std::string& out) {
  ObjectWriter object(out);
  object.text("name", event.name);
  object.value("payload", event.payload);
  object.number("timestamp", event.timestamp_ms);
}

void write_view_command(const ViewCommand& command, std::string& out) {
  ObjectWriter object(out);
  object.text("type", command.type);
  object.maybe_text("componentId", command.component_id);
  object.value("args", command.args);
}

}  // namespace nexus::engine
