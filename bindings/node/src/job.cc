#include "job.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "configuration.h"
#include "nexus/engine/outcome_json.h"
#include "nexus/value/json_writer.h"
#include "nexus/value/msgpack.h"

namespace nexus::node {
namespace {

using value::ObjectWriter;
using value::Value;

std::string read_string(const Napi::Object& call, const char* field) {
  const Napi::Value value = call.Get(field);
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  throw Napi::TypeError::New(call.Env(), fmt::format("{} is not a string", field));
}

std::string_view bytes_of(const Napi::Value& value) {
  const auto bytes = value.As<Napi::Uint8Array>();
  return {reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength()};
}

// `absent` for a field that is undefined or an empty Buffer.
Result<Value> read_value(const Napi::Object& call, const char* field, Form form, Value absent) {
  const Napi::Value given = call.Get(field);
  if (given.IsUndefined()) return absent;
  auto value = [&]() -> Result<Value> {
    if (form == Form::kText) return value::parse_json(given.As<Napi::String>().Utf8Value());
    if (!given.IsTypedArray() || given.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
      throw Napi::TypeError::New(call.Env(), fmt::format("{} is not a Buffer", field));
    const std::string_view bytes = bytes_of(given);
    if (bytes.empty()) return std::move(absent);
    return value::decode_msgpack(std::as_bytes(std::span(bytes.data(), bytes.size())));
  }();
  if (value.ok()) return value;
  return Error{ErrorCode::kSerializationError, fmt::format("{}: {}", field, value.error().message)};
}

Result<value::Object> read_object(const Napi::Object& call, const char* field, Form form) {
  NX_TRY(Value value, read_value(call, field, form, value::Object{}));
  if (value.is_object()) return std::move(value.object());
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} is a {}, not an object", field, value::to_string(value.type()))};
}

Result<capability::GrantSet> read_capabilities(const Napi::Array& texts) {
  std::vector<capability::Token> tokens;
  for (std::uint32_t i = 0; i < texts.Length(); ++i) {
    NX_TRY(auto token, capability::parse_token(texts.Get(i).ToString().Utf8Value()));
    tokens.push_back(std::move(token));
  }
  return capability::GrantSet(std::move(tokens));
}

// A list of {alias, scope, methods}, as index.js checks and writes it.
std::shared_ptr<const engine::ExtensionMethods> read_extensions(const Napi::Array& entries) {
  auto extensions = std::make_shared<engine::ExtensionMethods>();
  for (std::uint32_t i = 0; i < entries.Length(); ++i) {
    const auto entry = entries.Get(i).As<Napi::Object>();
    engine::ExtensionEntry extension{read_string(entry, "scope"), {}};
    const auto methods = entry.Get("methods").As<Napi::Array>();
    for (std::uint32_t m = 0; m < methods.Length(); ++m)
      extension.methods.push_back(methods.Get(m).ToString().Utf8Value());
    extensions->emplace(read_string(entry, "alias"), std::move(extension));
  }
  return extensions;
}

void write_log_line(const engine::LogLine& line, std::string& out) {
  ObjectWriter object(out);
  object.text("level", engine::to_string(line.level));
  object.text("message", line.message);
  object.number("timestamp", line.timestamp_ms);
}

void write_suspension(const engine::Suspension& suspension, Form form, std::string& out) {
  ObjectWriter object(out);
  object.text("suspensionId", suspension.id);
  object.text("extensionName", suspension.extension);
  object.text("method", suspension.method);
  if (form == Form::kText) object.value("args", suspension.args);
}

void write_error(const engine::RunError& error, bool debug, std::string& out) {
  ObjectWriter object(out);
  object.text("code", to_string(error.code));
  object.text("message", error.message);
  if (!debug) return;
  if (error.location) {
    ObjectWriter location(object.key("location"));
    location.number("line", error.location->line);
    location.number("column", error.location->column);
    location.maybe_text("sourceSnippet", error.snippet);
  }
  if (!error.stack.empty()) object.text("stack", error.stack);
}

// The fields of reference.md sections 5.7 and 8, with the number of host calls in all and by name.
void write_metrics(const engine::Metrics& metrics, std::string& out) {
  ObjectWriter object(out);
  object.number("executionTimeUs", metrics.total_us);
  object.number("memoryUsedBytes", metrics.memory_used_bytes);
  object.number("memoryPeakBytes", metrics.memory_peak_bytes);
  std::uint64_t calls = 0;
  {
    ObjectWriter by_name(object.key("hostCallsByName"));
    for (const auto& [name, times] : metrics.host_calls) {
      by_name.number(name, times);
      calls += times;
    }
  }
  object.number("hostCalls", calls);
  if (!metrics.cache_hit) object.number("compilationTimeUs", metrics.compile_us);
  object.boolean("cacheHit", metrics.cache_hit);
}

// A JSON list of `items` as a member of `object`, or its MessagePack among the buffers.
template <typename Items, typename Write>
void give_list(const char* name, const Items& items, Write write, Form form, ObjectWriter& object,
               Answer& answer) {
  if (form == Form::kText) return value::write_json_list(items, object.key(name), write);
  std::string text;
  value::write_json_list(items, text, write);
  // What was written here is JSON of values, so it can be read.
  answer.buffers.emplace_back(name, value::to_msgpack(*value::parse_json(
                                        text, {.depth = value::kMaxDepth, .bytes = SIZE_MAX})));
}

}  // namespace

Result<RunCall> read_run(const Napi::Object& call, Form form, const engine::Limits& limits) {
  RunCall run;
  engine::RunRequest& request = run.request;
  const Napi::Value code = call.Get("code");
  if (code.IsString())
    request.source.text = code.As<Napi::String>().Utf8Value();
  else
    run.blob = std::string(bytes_of(code));
  request.panel_id = read_string(call, "panelId");
  request.handler_name = read_string(call, "handlerName");
  NX_TRY(request.args, read_value(call, "args", form, value::Object{}));
  NX_TRY(auto scope, read_object(call, "scope", form));
  request.scope = std::move(scope);
  NX_TRY(auto state, read_object(call, "state", form));
  run.state = std::make_shared<RunState>(std::move(state));
  NX_TRY(request.capabilities, read_capabilities(call.Get("capabilities").As<Napi::Array>()));
  request.extensions = read_extensions(call.Get("extensions").As<Napi::Array>());
  request.limits = limits;
  request.limits.timeout = std::chrono::milliseconds(
      read_timeout_ms(call.Get("timeoutMs"), static_cast<std::uint32_t>(limits.timeout.count())));
  return run;
}

Result<ResumeCall> read_resume(const Napi::Object& call, Form form) {
  ResumeCall resume;
  resume.suspension_id = read_string(call, "suspensionId");
  resume.result.success = call.Get("success").ToBoolean();
  if (resume.result.success) {
    NX_TRY(resume.result.value, read_value(call, "value", form, nullptr));
  } else {
    resume.result.error = read_string(call, "error");
    if (call.Get("code").IsString()) resume.result.code = read_string(call, "code");
  }
  if (!call.Get("state").IsUndefined()) {
    NX_TRY(resume.state, read_object(call, "state", form));
  }
  return resume;
}

Answer answer_of(const engine::Outcome& outcome, Form form, bool debug) {
  Answer answer;
  ObjectWriter object(answer.text);
  object.text("status", engine::to_string(outcome.status));
  object.text("executionId", outcome.run_id);
  if (outcome.has_return_value && form == Form::kText)
    object.value("returnValue", outcome.return_value);
  if (outcome.has_return_value && form == Form::kPacked)
    answer.buffers.emplace_back("returnValue", value::to_msgpack(outcome.return_value));
  give_list("stateMutations", outcome.mutations, engine::write_mutation, form, object, answer);
  give_list("events", outcome.events, engine::write_event, form, object, answer);
  give_list("viewCommands", outcome.view_commands, engine::write_view_command, form, object, answer);
  value::write_json_list(outcome.logs, object.key("logs"), write_log_line);
  if (!outcome.suspensions.empty()) {
    value::write_json_list(outcome.suspensions, object.key("suspensions"),
                           [form](const engine::Suspension& each, std::string& out) {
                             write_suspension(each, form, out);
                           });
    if (form == Form::kPacked)
      for (const engine::Suspension& each : outcome.suspensions)
        answer.suspension_args.push_back(value::to_msgpack(each.args));
  }
  if (outcome.error) write_error(*outcome.error, debug, object.key("error"));
  write_metrics(outcome.metrics, object.key("metrics"));
  object.close();
  return answer;
}

}  // namespace nexus::node
