#include "nexus/replay/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <span>

#include "nexus/base/sha256.h"
#include "nexus/value/msgpack.h"

namespace nexus::replay {
namespace {

using value::List;
using value::Object;
using value::Value;

constexpr std::string_view kMagic = "NEXUSRUN";
constexpr int kVersion = 1;
constexpr std::size_t kLengthBytes = 4;
constexpr std::chrono::hours kMaxTimeout{24};
constexpr value::ValueLimits kPartLimits{.depth = value::kMaxDepth, .bytes = std::size_t{256} << 20};

Error damaged(std::string_view why) {
  return {ErrorCode::kBadRequest, fmt::format("the recording is damaged: {}", why)};
}

// --- Writing

std::string frame(const Value& part) {
  const std::string bytes = value::to_msgpack(part);
  std::string out;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    out += static_cast<char>(bytes.size() >> (8 * i) & 0xff);
  return out + bytes;
}

List texts(const std::vector<std::string>& items) { return {items.begin(), items.end()}; }

Object write_limits(const engine::Limits& limits) {
  return {{"timeoutMs", std::int64_t{limits.timeout.count()}},
          {"memoryBytes", std::uint64_t{limits.memory_bytes}},
          {"hostCalls", limits.host_calls},
          {"stateMutations", limits.state_mutations},
          {"events", limits.events},
          {"viewCommands", limits.view_commands},
          {"logLines", limits.log_lines},
          {"suspensionsInFlight", limits.suspensions_in_flight},
          {"promiseJobs", limits.promise_jobs},
          {"payloadDepth", std::uint64_t{limits.payload.depth}},
          {"payloadBytes", std::uint64_t{limits.payload.bytes}},
          {"totalBytes", std::uint64_t{limits.total_bytes}}};
}

Object write_extensions(const engine::ExtensionMethods* extensions) {
  Object all;
  if (extensions != nullptr)
    for (const auto& [alias, entry] : *extensions)
      all.append(alias, Object{{"scope", entry.scope}, {"methods", texts(entry.methods)}});
  return all;
}

List write_capabilities(const capability::GrantSet& capabilities) {
  List tokens;
  for (const auto& token : capabilities.tokens()) tokens.emplace_back(capability::to_string(token));
  return tokens;
}

Object write_error(const Error& error) {
  return {{"code", to_string(error.code)}, {"message", error.message}};
}

Object write_reads(const StateReads& reads) {
  Object values;
  List absent;
  for (const auto& [key, value] : reads.values) {
    if (value)
      values.append(key, *value);
    else
      absent.emplace_back(key);
  }
  List checks;
  for (const auto& check : reads.checks) {
    Object entry{{"key", check.key}};
    if (check.error) entry.append("error", write_error(*check.error));
    if (check.coerced) entry.append("coerced", *check.coerced);
    checks.emplace_back(std::move(entry));
  }
  Object object{{"values", std::move(values)}, {"absent", std::move(absent)}, {"checks", std::move(checks)}};
  if (reads.keys) object.append("keys", texts(*reads.keys));
  return object;
}

Object write_answer(const RecordedAnswer& answer) {
  Object object{{"call", answer.call_id}, {"success", answer.result.success}};
  if (answer.result.success) {
    object.append("value", answer.result.value);
  } else {
    object.append("error", answer.result.error);
    object.append("code", answer.result.code);
  }
  return object;
}

Object write_inputs(const engine::RunInputs& inputs) {
  List clock;
  for (const auto& reading : inputs.clock)
    clock.emplace_back(List{reading.unix_ms, reading.times});
  return {{"seed", List(inputs.seed.begin(), inputs.seed.end())}, {"clock", std::move(clock)}};
}

std::string hash_of(const Value& outcome) { return sha256_hex(value::to_msgpack(outcome)); }

// --- Reading

// The member `key` of the type that is asked for; a damaged part otherwise.
Result<const Value*> member(const Value& object, std::string_view key, Value::Type type) {
  const Value* found = object.find(key);
  if (found == nullptr || found->type() != type)
    return damaged(fmt::format("\"{}\" is missing or no {}", key, to_string(type)));
  return found;
}

Result<std::string> text(const Value& object, std::string_view key) {
  NX_TRY(const Value* found, member(object, key, Value::Type::kString));
  return found->string();
}

// A whole number from 0 on that the type can hold: a file may come from anywhere.
template <typename Integer>
bool take_whole(const Value& value, Integer& to) {
  constexpr double kMostExact = 9007199254740992;  // 2^53
  const double most = std::min(kMostExact, static_cast<double>(std::numeric_limits<Integer>::max()));
  if (!value.is_number() || !(value.number() >= 0 && value.number() <= most)) return false;
  to = static_cast<Integer>(value.number());
  return static_cast<double>(to) == value.number();
}

template <typename Integer>
Result<void> number(const Value& object, std::string_view key, Integer& to) {
  const Value* found = object.find(key);
  if (found == nullptr || !take_whole(*found, to))
    return damaged(fmt::format("\"{}\" is missing or no whole number", key));
  return {};
}

Result<std::vector<std::string>> read_texts(const Value& object, std::string_view key) {
  NX_TRY(const Value* found, member(object, key, Value::Type::kList));
  std::vector<std::string> items;
  for (const Value& item : found->list()) {
    if (!item.is_string()) return damaged(fmt::format("\"{}\" holds what is no string", key));
    items.push_back(item.string());
  }
  return items;
}

Result<engine::Limits> read_limits(const Value& object) {
  engine::Limits limits;
  std::int64_t timeout = 0;
  NX_TRY_VOID(number(object, "timeoutMs", timeout));
  limits.timeout = std::min<std::chrono::milliseconds>(std::chrono::milliseconds{timeout}, kMaxTimeout);
  NX_TRY_VOID(number(object, "memoryBytes", limits.memory_bytes));
  NX_TRY_VOID(number(object, "hostCalls", limits.host_calls));
  NX_TRY_VOID(number(object, "stateMutations", limits.state_mutations));
  NX_TRY_VOID(number(object, "events", limits.events));
  NX_TRY_VOID(number(object, "viewCommands", limits.view_commands));
  NX_TRY_VOID(number(object, "logLines", limits.log_lines));
  NX_TRY_VOID(number(object, "suspensionsInFlight", limits.suspensions_in_flight));
  NX_TRY_VOID(number(object, "promiseJobs", limits.promise_jobs));
  NX_TRY_VOID(number(object, "payloadDepth", limits.payload.depth));
  NX_TRY_VOID(number(object, "payloadBytes", limits.payload.bytes));
  NX_TRY_VOID(number(object, "totalBytes", limits.total_bytes));
  return limits;
}

Result<engine::ExtensionMethods> read_extensions(const Value& object) {
  engine::ExtensionMethods extensions;
  for (const auto& [alias, entry] : object.object()) {
    NX_TRY(std::string scope, text(entry, "scope"));
    NX_TRY(auto methods, read_texts(entry, "methods"));
    extensions.emplace(alias, engine::ExtensionEntry{std::move(scope), std::move(methods)});
  }
  return extensions;
}

Result<capability::GrantSet> read_capabilities(const Value& header) {
  NX_TRY(const auto words, read_texts(header, "capabilities"));
  std::vector<capability::Token> tokens;
  for (const auto& word : words) {
    NX_TRY(auto token, capability::parse_token(word));
    tokens.push_back(std::move(token));
  }
  return capability::GrantSet(std::move(tokens));
}

Result<Recording> read_header(const Value& header) {
  Recording recording;
  engine::RunRequest& request = recording.request;
  NX_TRY(recording.run_id, text(header, "runId"));
  NX_TRY(recording.guest, text(header, "guest"));
  NX_TRY_VOID(number(header, "recordedAt", recording.recorded_ms));
  NX_TRY(request.panel_id, text(header, "panel"));
  NX_TRY(request.handler_name, text(header, "handler"));
  NX_TRY(request.source.text, text(header, "source"));
  NX_TRY_VOID(number(header, "line", request.source.start.line));
  NX_TRY_VOID(number(header, "column", request.source.start.column));
  NX_TRY(request.capabilities, read_capabilities(header));
  NX_TRY(const Value* extensions, member(header, "extensions", Value::Type::kObject));
  NX_TRY(auto methods, read_extensions(*extensions));
  request.extensions = std::make_shared<const engine::ExtensionMethods>(std::move(methods));
  NX_TRY(const Value* limits, member(header, "limits", Value::Type::kObject));
  NX_TRY(request.limits, read_limits(*limits));
  if (const Value* args = header.find("args")) request.args = *args;
  if (const Value* scope = header.find("scope")) request.scope = *scope;
  return recording;
}

Result<void> read_error(const Value& object, std::optional<Error>& to) {
  NX_TRY(const std::string code, text(object, "code"));
  NX_TRY(std::string message, text(object, "message"));
  const auto known = parse_error_code(code);
  if (!known) return damaged(fmt::format("there is no error code {}", code));
  to = Error{*known, std::move(message)};
  return {};
}

Result<StateReads> read_reads(const Value& object) {
  StateReads reads;
  NX_TRY(const Value* values, member(object, "values", Value::Type::kObject));
  for (const auto& [key, value] : values->object()) reads.values.emplace(key, value);
  NX_TRY(const auto absent, read_texts(object, "absent"));
  for (const auto& key : absent) reads.values.emplace(key, std::nullopt);
  if (object.find("keys") != nullptr) {
    NX_TRY(reads.keys, read_texts(object, "keys"));
  }
  NX_TRY(const Value* checks, member(object, "checks", Value::Type::kList));
  for (const Value& entry : checks->list()) {
    StateReads::Check check;
    NX_TRY(check.key, text(entry, "key"));
    if (const Value* error = entry.find("error")) NX_TRY_VOID(read_error(*error, check.error));
    if (const Value* coerced = entry.find("coerced")) check.coerced = *coerced;
    reads.checks.push_back(std::move(check));
  }
  return reads;
}

Result<RecordedAnswer> read_answer(const Value& object) {
  RecordedAnswer answer;
  NX_TRY(answer.call_id, text(object, "call"));
  NX_TRY(const Value* success, member(object, "success", Value::Type::kBoolean));
  answer.result.success = success->boolean();
  if (const Value* value = object.find("value")) answer.result.value = *value;
  if (!answer.result.success) {
    NX_TRY(answer.result.error, text(object, "error"));
    NX_TRY(answer.result.code, text(object, "code"));
  }
  return answer;
}

Result<engine::RunInputs> read_inputs(const Value& object) {
  engine::RunInputs inputs;
  NX_TRY(const Value* seed, member(object, "seed", Value::Type::kList));
  NX_TRY(const Value* clock, member(object, "clock", Value::Type::kList));
  bool good = seed->list().size() == inputs.seed.size();
  for (std::size_t i = 0; good && i < inputs.seed.size(); ++i)
    good = take_whole(seed->list()[i], inputs.seed[i]);
  for (const Value& reading : clock->list()) {
    engine::ClockReading& read = inputs.clock.emplace_back();
    good = good && reading.is_list() && reading.list().size() == 2 &&
           take_whole(reading.list()[0], read.unix_ms) && take_whole(reading.list()[1], read.times);
  }
  if (!good) return damaged("the seed or a clock reading is not as it is written");
  return inputs;
}

Result<RecordedSegment> read_segment(const Value& part) {
  RecordedSegment segment;
  if (const Value* answer = part.find("answer")) {
    NX_TRY(segment.answer, read_answer(*answer));
  }
  NX_TRY(const Value* reads, member(part, "reads", Value::Type::kObject));
  NX_TRY(segment.reads, read_reads(*reads));
  NX_TRY(segment.started_calls, read_texts(part, "started"));
  NX_TRY(const Value* outcome, member(part, "outcome", Value::Type::kObject));
  segment.outcome = *outcome;
  NX_TRY(const std::string hash, text(part, "hash"));
  if (hash != hash_of(segment.outcome)) return damaged("an outcome and its hash disagree");
  if (const Value* inputs = part.find("inputs")) {
    NX_TRY(segment.inputs, read_inputs(*inputs));
  }
  return segment;
}

// The next part, taken off `rest`; nullopt when it ends before the part does.
std::optional<std::string_view> next_part(std::string_view& rest) {
  if (rest.size() < kLengthBytes) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    length |= std::size_t{static_cast<unsigned char>(rest[i])} << (8 * i);
  if (rest.size() - kLengthBytes < length) return std::nullopt;
  const std::string_view part = rest.substr(kLengthBytes, length);
  rest.remove_prefix(kLengthBytes + length);
  return part;
}

Result<Value> decode_part(std::string_view part) {
  auto value = value::decode_msgpack(std::as_bytes(std::span(part)), kPartLimits);
  if (!value.ok()) return damaged(value.error().message);
  return value;
}

// --- Outcomes

Value describe(const engine::Mutation& mutation) {
  Object object{{"key", mutation.key}};
  if (mutation.operation == engine::Mutation::Operation::kDelete) {
    object.append("delete", true);
  } else if (mutation.patch.empty()) {
    object.append("value", mutation.value);
  } else {
    List operations;
    for (const auto& operation : mutation.patch) {
      static constexpr std::string_view kNames[] = {"add", "replace", "remove"};
      operations.emplace_back(Object{{"op", kNames[static_cast<std::size_t>(operation.kind)]},
                                     {"path", operation.path},
                                     {"value", operation.value}});
    }
    object.append("patch", std::move(operations));
  }
  return object;
}

Value describe(const engine::RunError& error) {
  Object object{{"code", to_string(error.code)}, {"message", error.message}, {"name", error.name}};
  if (error.location)
    object.append("at", List{error.location->line, error.location->column});
  return object;
}

}  // namespace

Value describe(const engine::Outcome& outcome) {
  Object object{{"status", to_string(outcome.status)}};
  if (outcome.has_return_value) object.append("returned", outcome.return_value);
  List mutations, events, commands, logs, calls;
  for (const auto& mutation : outcome.mutations) mutations.push_back(describe(mutation));
  for (const auto& event : outcome.events)
    events.emplace_back(
        Object{{"name", event.name}, {"payload", event.payload}, {"timestamp", event.timestamp_ms}});
  for (const auto& command : outcome.view_commands)
    commands.emplace_back(Object{{"type", command.type},
                                 {"componentId", command.component_id ? Value(*command.component_id) : Value()},
                                 {"args", command.args}});
  for (const auto& line : outcome.logs)
    logs.emplace_back(Object{{"level", to_string(line.level)}, {"message", line.message}, {"timestamp", line.timestamp_ms}});
  for (const auto& call : outcome.new_suspensions)
    calls.emplace_back(Object{{"extension", call.extension}, {"method", call.method}, {"args", call.args}});
  object.append("mutations", std::move(mutations));
  object.append("events", std::move(events));
  object.append("viewCommands", std::move(commands));
  object.append("logs", std::move(logs));
  object.append("calls", std::move(calls));
  if (outcome.error) object.append("error", describe(*outcome.error));
  return object;
}

std::string encode_header(const std::string& run_id, std::int64_t recorded_ms,
                          const engine::RunRequest& request) {
  return std::string(kMagic) +
         frame(Object{{"version", kVersion},
                      {"runId", run_id},
                      {"guest", engine::guest_build_hash()},
                      {"recordedAt", recorded_ms},
                      {"panel", request.panel_id},
                      {"handler", request.handler_name},
                      {"source", request.source.text},
                      {"line", request.source.start.line},
                      {"column", request.source.start.column},
                      {"args", request.args},
                      {"scope", request.scope},
                      {"capabilities", write_capabilities(request.capabilities)},
                      {"extensions", write_extensions(request.extensions.get())},
                      {"limits", write_limits(request.limits)}});
}

std::string encode_segment(const RecordedSegment& segment) {
  Object part;
  if (segment.answer) part.append("answer", write_answer(*segment.answer));
  part.append("reads", write_reads(segment.reads));
  part.append("started", texts(segment.started_calls));
  part.append("outcome", segment.outcome);
  part.append("hash", hash_of(segment.outcome));
  if (segment.inputs) part.append("inputs", write_inputs(*segment.inputs));
  return frame(part);
}

std::string encode_cut(std::string_view why) { return frame(Object{{"cut", why}}); }

Result<Recording> decode_recording(std::string_view bytes) {
  if (!bytes.starts_with(kMagic))
    return Error{ErrorCode::kBadRequest, "this is no recording of nexusd"};
  std::string_view rest = bytes.substr(kMagic.size());
  const auto first = next_part(rest);
  if (!first) return damaged("it ends inside its header");
  NX_TRY(const Value header, decode_part(*first));
  if (const Value* version = header.find("version"); version == nullptr || *version != Value(kVersion))
    return Error{ErrorCode::kBadRequest, fmt::format("the recording is of another version than {}", kVersion)};
  NX_TRY(Recording recording, read_header(header));
  while (!rest.empty()) {
    const auto next = next_part(rest);
    if (!next) {
      recording.cut = "it ends inside a segment";
      break;
    }
    NX_TRY(const Value part, decode_part(*next));
    if (const Value* cut = part.find("cut"); cut != nullptr && cut->is_string()) {
      recording.cut = cut->string();
      break;
    }
    NX_TRY(RecordedSegment segment, read_segment(part));
    recording.segments.push_back(std::move(segment));
  }
  if (recording.segments.empty()) return damaged("it has no segment");
  return recording;
}

}  // namespace nexus::replay
