#include "nexus/panel/messages.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "nexus/engine/outcome_json.h"
#include "nexus/panel/stored.h"
#include "nexus/value/json.h"
#include "nexus/value/json_writer.h"

namespace nexus::panel {
namespace {

using value::ObjectWriter;
using value::write_json_string;

// A key of its own is a member of the state: set with "add", which also replaces.
void write_key_operation(const engine::Mutation& mutation, std::string& out) {
  ObjectWriter object(out);
  const bool set = mutation.operation == engine::Mutation::Operation::kSet;
  object.text("op", set ? "add" : "remove");
  value::write_pointer(mutation.key, {}, object.key("path"));
  if (set) object.value("value", mutation.value);
  object.close();
}

// Where the path ends in the JSON of an operation that replaces: before the quote that closes it.
std::size_t path_end_of(std::string_view operation) {
  constexpr std::string_view kStart = R"({"op":"replace","path":")";
  std::size_t at = kStart.size();
  while (operation[at] != '"') at += operation[at] == '\\' ? 2 : 1;
  return at;
}

// RFC 6902 over the state object, and where each operation stands.
std::vector<PatchPart> write_patch(const std::vector<engine::Mutation>& mutations,
                                   std::string& out) {
  std::vector<PatchPart> parts;
  const auto begin_part = [&](const engine::Mutation& mutation) {
    if (!parts.empty()) out += ',';
    parts.push_back({.key = mutation.key, .begin = out.size()});
  };
  out += '[';
  for (const auto& mutation : mutations) {
    if (mutation.patch.empty()) {
      begin_part(mutation);
      write_key_operation(mutation, out);
      parts.back().end = out.size();
    }
    for (const auto& operation : mutation.patch) {
      begin_part(mutation);
      value::write_operation(mutation.key, operation, out);
      PatchPart& part = parts.back();
      part.end = out.size();
      part.whole = false;
      if (operation.kind == value::PatchOperation::Kind::kReplace)
        part.path_end = part.begin + path_end_of(std::string_view(out).substr(part.begin));
    }
  }
  out += ']';
  return parts;
}

void write_denial(const engine::Denial& denial, std::string& out) {
  ObjectWriter object(out);
  object.text("operation", denial.operation);
  object.text("token", denial.token);
  object.number("times", denial.times);
  object.close();
}

void write_location(const Location& location, std::string& out) {
  ObjectWriter object(out);
  object.number("line", location.line);
  object.number("column", location.column);
  object.close();
}

void write_snippet(const engine::RunError& error, std::string& out) {
  ObjectWriter object(out);
  object.text("code", *error.snippet);
  object.number("highlightLine", error.snippet_line);
  object.close();
}

void write_error(const engine::RunError& error, bool debug, std::string& out) {
  ObjectWriter object(out);
  object.text("code", to_string(error.code));
  object.text("message", error.message);
  if (debug) {
    if (error.location) write_location(*error.location, object.key("location"));
    if (error.snippet) write_snippet(error, object.key("snippet"));
    if (!error.stack.empty()) object.text("stack", error.stack);
  }
  object.close();
}

void write_metrics(const engine::Metrics& metrics, std::string& out) {
  ObjectWriter object(out);
  object.number("durationUs", metrics.total_us);
  object.number("memoryUsedBytes", metrics.memory_used_bytes);
  object.number("memoryPeakBytes", metrics.memory_peak_bytes);
  ObjectWriter calls(object.key("hostCalls"));
  for (const auto& [name, count] : metrics.host_calls) calls.number(name, count);
  calls.close();
  if (metrics.compile_us > 0) object.number("compilationTimeUs", metrics.compile_us);
  object.boolean("cacheHit", metrics.cache_hit);
  object.close();
}

void write_arg(const nxml::Arg& arg, std::string& out) {
  ObjectWriter object(out);
  object.text("name", arg.name);
  object.text("type", to_string(arg.type));
  object.boolean("required", arg.required);
  if (arg.fallback) object.value("default", *arg.fallback);
  if (arg.description) object.text("description", *arg.description);
  object.close();
}

void write_tool(const nxml::Tool& tool, std::string& out) {
  ObjectWriter object(out);
  object.text("name", tool.name);
  if (tool.description) object.text("description", *tool.description);
  value::write_json_list(tool.args, object.key("args"), write_arg);
  object.close();
}

// A frame begins with its type and the version it speaks of.
ObjectWriter begin_frame(std::string_view type, std::string& out) {
  ObjectWriter object(out);
  object.text("type", type);
  return object;
}

Frame make_patch(std::string json, PatchParts parts) {
  return std::make_shared<const Message>(std::move(json), std::move(parts));
}

}  // namespace

Frame encode_connected(std::string_view panel_id, std::uint64_t version, std::string_view epoch,
                       std::string_view state_json) {
  std::string out;
  ObjectWriter frame = begin_frame("CONNECTED", out);
  frame.text("panelId", panel_id);
  frame.number("version", version);
  frame.text("epoch", epoch);
  frame.key("state") += state_json;
  frame.close();
  return make_frame(std::move(out));
}

Frame encode_resumed(std::string_view panel_id, std::uint64_t version, std::string_view epoch) {
  std::string out;
  ObjectWriter frame = begin_frame("CONNECTED", out);
  frame.text("panelId", panel_id);
  frame.number("version", version);
  frame.text("epoch", epoch);
  frame.boolean("resumed", true);
  frame.close();
  return make_frame(std::move(out));
}

Frame encode_mutations(std::uint64_t version, const std::vector<engine::Mutation>& mutations,
                       const engine::StateView& state, std::int64_t timestamp_ms) {
  std::string out;
  PatchParts parts{version, timestamp_ms, false};
  ObjectWriter frame = begin_frame("PATCH", out);
  frame.number("version", version);
  value::write_json_list(mutations, frame.key("mutations"),
                         [&](const engine::Mutation& mutation, std::string& to) {
                           parts.parts.push_back({.key = mutation.key, .begin = to.size()});
                           if (mutation.patch.empty())
                             engine::write_mutation(mutation, to);
                           else
                             engine::write_key_change(mutation.key, state.get(mutation.key), to);
                           parts.parts.back().end = to.size();
                         });
  frame.number("timestamp", timestamp_ms);
  frame.close();
  return make_patch(std::move(out), std::move(parts));
}

Frame encode_patch(std::uint64_t version, const std::vector<engine::Mutation>& mutations,
                   std::int64_t timestamp_ms) {
  std::string out;
  PatchParts parts{version, timestamp_ms, true};
  ObjectWriter frame = begin_frame("PATCH", out);
  frame.number("version", version);
  parts.parts = write_patch(mutations, frame.key("patch"));
  frame.number("timestamp", timestamp_ms);
  frame.close();
  return make_patch(std::move(out), std::move(parts));
}

Frame encode_selection(const Frame& patch, const std::vector<std::size_t>& chosen) {
  const PatchParts& from = *patch->parts();
  if (chosen.size() == from.parts.size()) return patch;
  std::string out;
  PatchParts parts{from.version, from.timestamp_ms, from.json_patch};
  ObjectWriter frame = begin_frame("PATCH", out);
  frame.number("version", from.version);
  value::write_json_list(chosen, frame.key(from.json_patch ? "patch" : "mutations"),
                         [&](std::size_t index, std::string& to) {
                           PatchPart part = from.parts[index];
                           to.append(patch->json(), part.begin, part.end - part.begin);
                           const std::size_t end = to.size();
                           if (part.path_end != 0) part.path_end = end - (part.end - part.path_end);
                           part.begin = end - (part.end - part.begin);
                           part.end = end;
                           parts.parts.push_back(std::move(part));
                         });
  frame.number("timestamp", from.timestamp_ms);
  frame.close();
  return make_patch(std::move(out), std::move(parts));
}

Frame encode_merged_patch(std::uint64_t from, std::uint64_t version,
                          const std::vector<std::shared_ptr<const std::string>>& parts,
                          bool json_patch, std::int64_t timestamp_ms) {
  std::string out;
  ObjectWriter frame = begin_frame("PATCH", out);
  frame.number("version", version);
  frame.number("from", from);
  value::write_json_list(parts, frame.key(json_patch ? "patch" : "mutations"),
                         [](const auto& part, std::string& to) { to += *part; });
  frame.number("timestamp", timestamp_ms);
  frame.close();
  return make_frame(std::move(out));
}

Frame encode_event(std::uint64_t version, const engine::Event& event) {
  std::string out;
  ObjectWriter frame = begin_frame("EVENT", out);
  frame.number("version", version);
  engine::write_event(event, frame.key("event"));
  frame.close();
  return make_frame(std::move(out));
}

Frame encode_view(std::uint64_t version, const std::vector<engine::ViewCommand>& commands) {
  std::string out;
  ObjectWriter frame = begin_frame("VIEW", out);
  frame.number("version", version);
  value::write_json_list(commands, frame.key("commands"), engine::write_view_command);
  frame.close();
  return make_frame(std::move(out));
}

engine::Event source_event(std::string file, const std::vector<nxml::Diagnostic>& diagnostics,
                           std::int64_t timestamp_ms) {
  auto list = value::parse_json(nxml::to_json(diagnostics));
  return {"system:reload",
          value::Object{{"file", std::move(file)}, {"diagnostics", std::move(list).take()}},
          timestamp_ms};
}

std::string encode_info(const Program& program, const PanelFacts& facts) {
  const nxml::Document& document = *program.document;
  std::string out;
  ObjectWriter info(out);
  info.text("id", facts.id);
  info.text("title", document.meta.title);
  if (document.meta.description) info.text("description", *document.meta.description);
  if (!document.meta.tags.empty()) value::write_json_list(document.meta.tags, info.key("tags"), value::write_json_string);
  info.text("status", facts.status);
  info.number("version", facts.version);
  info.text("epoch", facts.epoch);
  value::write_json_list(document.tools, info.key("tools"), write_tool);
  if (facts.triggers != nullptr && !facts.triggers->empty())
    facts.triggers->write_json(info.key("triggers"));
  info.text("createdAt", iso_time(facts.created_at));
  info.text("lastActivity", iso_time(facts.last_activity));
  info.number("clientCount", facts.clients);
  if (facts.mount_error != nullptr) write_error(*facts.mount_error, false, info.key("mountError"));
  info.close();
  return out;
}

std::string encode_waiting(std::string_view execution_id) {
  std::string out;
  ObjectWriter object(out);
  object.text("executionId", execution_id);
  object.text("status", "suspended");
  object.close();
  return out;
}

Result<std::string> encode_history(const std::vector<storage::Segment>& segments,
                                   std::size_t limit) {
  std::string out;
  ObjectWriter page(out);
  std::string& list = page.key("entries");
  list += '[';
  for (const auto& segment : segments) {
    if (list.back() != '[') list += ',';
    NX_TRY(const auto mutations, unpack_changes(segment.mutations));
    NX_TRY(const auto events, unpack_events(segment.events));
    ObjectWriter entry(list);
    entry.number("sequence", segment.sequence);
    entry.number("version", segment.version);
    entry.text("at", iso_time(Clock::Wall(std::chrono::milliseconds{segment.at_ms})));
    entry.number("durationUs", segment.duration_us);
    if (!segment.actor.empty()) entry.text("actor", segment.actor);
    if (!segment.tool.empty()) entry.text("tool", segment.tool);
    if (!segment.execution_id.empty()) entry.text("executionId", segment.execution_id);
    if (!segment.args.empty()) {
      NX_TRY(const auto args, unpack_value(segment.args));
      entry.value("args", args);
    }
    value::write_json_list(mutations, entry.key("mutations"), engine::write_mutation);
    value::write_json_list(events, entry.key("events"), engine::write_event);
    if (!segment.failure.empty()) {
      NX_TRY(const auto error, unpack_failure(segment.failure));
      entry.value("error", error);
    }
    entry.close();
  }
  list += ']';
  if (segments.size() == limit && !segments.empty() && segments.back().sequence > 1)
    page.number("nextBefore", segments.back().sequence);
  page.close();
  return out;
}

std::string encode_state(const value::Object& values, const std::vector<std::string>& keys) {
  std::string out;
  ObjectWriter object(out);
  for (const auto& key : keys)
    if (const auto* value = values.find(key)) object.value(key, *value);
  for (const auto& [key, value] : values)
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) object.value(key, value);
  object.close();
  return out;
}

std::string iso_time(Clock::Wall time) {
  const std::int64_t ms = unix_ms(time);
  const std::int64_t seconds = ms >= 0 ? ms / 1000 : (ms - 999) / 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds)),
                     ms - seconds * 1000);
}

void write_json(const ExecutionResult& result, bool debug, std::string& out) {
  if (result.stored) {
    out += *result.stored;
    return;
  }
  const engine::Outcome& outcome = result.outcome;
  ObjectWriter object(out);
  object.text("executionId", result.execution_id);
  object.text("status", to_string(outcome.status));
  if (outcome.has_return_value) object.value("returnValue", outcome.return_value);
  if (result.patches) {
    write_patch(outcome.mutations, object.key("statePatch"));
  } else {
    value::write_json_list(outcome.mutations, object.key("stateMutations"), engine::write_mutation);
  }
  value::write_json_list(outcome.events, object.key("events"), engine::write_event);
  value::write_json_list(outcome.view_commands, object.key("viewCommands"), engine::write_view_command);
  if (outcome.error) write_error(*outcome.error, debug, object.key("error"));
  if (!outcome.denials.empty()) value::write_json_list(outcome.denials, object.key("denials"), write_denial);
  write_metrics(outcome.metrics, object.key("metrics"));
  object.close();
}

}  // namespace nexus::panel
