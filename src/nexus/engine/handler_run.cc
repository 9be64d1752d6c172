#include "nexus/engine/handler_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "nexus/base/random.h"
#include "nexus/engine/script_error.h"
#include "nexus/value/msgpack.h"
#include "nexus/value/utf8.h"
#include "nexus_abi.h"

namespace nexus::engine {
namespace {

using capability::Kind;
using sandbox::GuestMemory;
using sandbox::GuestRange;
using sandbox::HostFunction;
using sandbox::HostReply;
using sandbox::StopReason;
using value::Value;

constexpr std::size_t kMaxNameBytes = 256;
constexpr std::size_t kMaxLogLineBytes = 8192;
// Different tokens of one segment that are told apart.
constexpr std::size_t kMaxDenials = 16;

// The plumbing of the boundary is not counted: a handler does not ask for it.
bool counts(HostFunction function) {
  return function != HostFunction::kInput && function != HostFunction::kOutput &&
         function != HostFunction::kStateDeclared;
}

// What keeping `value` costs in this process: a null is one byte on the wire and forty here.
std::uint64_t memory_of(const Value& value) {
  std::uint64_t bytes = sizeof value;
  if (value.is_string()) bytes += value.string().size();
  if (value.is_list())
    for (const Value& item : value.list()) bytes += memory_of(item);
  if (value.is_object())
    for (const auto& [key, member] : value.object()) bytes += sizeof key + key.size() + memory_of(member);
  return bytes;
}

Value list_of(const std::vector<std::string>& names) {
  value::List list;
  for (const std::string& name : names) list.emplace_back(name);
  return list;
}

// What the guest throws for a call that failed.
std::string encode_failure(std::string_view message, std::string_view code) {
  return value::to_msgpack(value::Object{{"message", message}, {"code", code}});
}

// Drops a character that a cut at a byte has left incomplete.
void cut_character(std::string& text) {
  std::size_t start = text.size();
  while (start > 0 && text.size() - start < 3 && (static_cast<unsigned char>(text[start - 1]) & 0xc0) == 0x80) --start;
  if (start > 0 && static_cast<unsigned char>(text[start - 1]) >= 0xc0) text.resize(start - 1);
}

}  // namespace

HandlerRun::HandlerRun(RunRequest request, Code code, const Clock& clock, std::string id)
    : request_(std::move(request)),
      code_(std::move(code)),
      clock_(clock, request_.replay ? &request_.replay->clock : nullptr, request_.record_inputs),
      id_(id.empty() ? random_uuid() : std::move(id)),
      args_bytes_(value::to_msgpack(request_.args.is_null() ? Value(value::Object{}) : request_.args)),
      scope_bytes_(value::to_msgpack(request_.scope.is_null() ? Value(value::Object{}) : request_.scope)) {
  if (request_.replay)
    seed_ = request_.replay->seed;
  else
    random_bytes(seed_.data(), sizeof seed_);
  // The generator would stand still.
  if (seed_ == std::array<std::uint32_t, 4>{}) seed_[0] = 1;
}

std::optional<RunInputs> HandlerRun::inputs() const {
  if (!request_.record_inputs) return std::nullopt;
  auto clock = clock_.recorded();
  return clock ? std::optional(RunInputs{seed_, std::move(*clock)}) : std::nullopt;
}

void HandlerRun::begin_segment(const StateView& state) {
  state_ = &state;
  overlay_.emplace(state);
}

HandlerRun::Segment HandlerRun::end_segment() {
  Segment segment{std::move(segment_events_), std::move(segment_view_commands_), std::move(segment_logs_),
                  std::move(segment_started_), std::move(segment_denials_), std::exchange(segment_denied_, {}),
                  overlay_->mutations(), std::move(return_bytes_),
                  std::move(error_report_), std::move(limit_error_)};
  segment_events_.clear();
  segment_view_commands_.clear();
  segment_logs_.clear();
  segment_started_.clear();
  segment_denials_.clear();
  answer_bytes_.clear();
  reply_bytes_.clear();
  return_bytes_.reset();
  error_report_.clear();
  limit_error_.reset();
  overlay_.reset();
  state_ = nullptr;
  return segment;
}

bool HandlerRun::set_answer(const AsyncResult& answer) {
  if (!answer.success) {
    answer_bytes_ = encode_failure(answer.error, answer.code.empty() ? to_string(ErrorCode::kExtensionError)
                                                                     : std::string_view(answer.code));
    return false;
  }
  answer_bytes_ = value::to_msgpack(answer.value);
  const std::size_t limit = request_.limits.payload.bytes;
  if (answer_bytes_.size() <= limit) return true;
  answer_bytes_ = encode_failure(fmt::format("the answer has {} bytes, limit {}", answer_bytes_.size(), limit),
                                 to_string(ErrorCode::kResourceLimit));
  return false;
}

std::optional<std::uint32_t> HandlerRun::index_of(std::string_view suspension_id) const {
  const auto at = std::ranges::find(open_, suspension_id, [](const OpenCall& c) { return c.suspension.id; });
  return at == open_.end() ? std::nullopt : std::optional(at->index);
}

void HandlerRun::close(std::string_view suspension_id) {
  std::erase_if(open_, [suspension_id](const OpenCall& call) { return call.suspension.id == suspension_id; });
}

std::vector<Suspension> HandlerRun::open_calls() const {
  std::vector<Suspension> calls;
  for (const OpenCall& call : open_) calls.push_back(call.suspension);
  return calls;
}

std::map<std::string_view, std::uint32_t> HandlerRun::host_calls_by_name() const {
  std::map<std::string_view, std::uint32_t> counts;
  for (std::size_t i = 0; i < call_counts_.size(); ++i)
    if (call_counts_[i] != 0) counts.emplace(to_string(static_cast<HostFunction>(i)), call_counts_[i]);
  return counts;
}

std::uint64_t HandlerRun::wall_clock_ns() { return static_cast<std::uint64_t>(clock_.read()) * 1'000'000; }

HostReply HandlerRun::call(HostFunction function, const std::uint32_t* a, GuestMemory& memory) {
  if (counts(function)) {
    ++call_counts_[static_cast<std::size_t>(function)];
    if (++calls_ > request_.limits.host_calls) return exceed("host calls", request_.limits.host_calls);
  }
  switch (function) {
    case HostFunction::kInput:
      return input(a, memory);
    case HostFunction::kOutput:
      return output(a, memory);
    case HostFunction::kStateGet:
      return state_get(a, memory);
    case HostFunction::kStateSet:
      return state_set(a, memory);
    case HostFunction::kStateDelete:
      return state_delete(a, memory);
    case HostFunction::kStateHas:
      return state_has(a, memory);
    case HostFunction::kStateKeys:
      return state_keys(a, memory);
    case HostFunction::kStateDeclared:
      return state_declared(a, memory);
    case HostFunction::kStatePatch:
      return state_patch(a, memory);
    case HostFunction::kEmitEvent:
      return emit_event(a, memory);
    case HostFunction::kViewCommand:
      return view_command(a, memory);
    case HostFunction::kExtSuspend:
      return ext_suspend(a, memory);
    case HostFunction::kExtExists:
      return ext_exists(a, memory);
    case HostFunction::kExtMethods:
      return ext_methods(a, memory);
    case HostFunction::kExtList:
      return ext_list(a, memory);
    case HostFunction::kLog:
      return log(a, memory);
    case HostFunction::kNow:
      return now(a, memory);
    case HostFunction::kPrint:
      break;
  }
  return refuse(NX_INTERNAL_ERROR, ErrorCode::kInternalError, "there is no such host function here");
}

// ---- Failures ---------------------------------------------------------------------------------------

HostReply HandlerRun::refuse(std::int32_t result, ErrorCode code, std::string_view message) {
  message_ = fmt::format("{}\n{}", to_string(code), message);
  return {result};
}

HostReply HandlerRun::refuse(const Error& error) {
  if (limit_error_) return {NX_RESOURCE_LIMIT, StopReason::kHost};
  const std::int32_t result = error.code == ErrorCode::kResourceLimit ? NX_RESOURCE_LIMIT : NX_INVALID_ARGUMENT;
  return refuse(result, error.code, error.message);
}

HostReply HandlerRun::deny(Kind kind, std::string_view scope, std::string_view operation) {
  std::string token = capability::to_string(kind, scope);
  ++segment_denied_[static_cast<std::size_t>(kind)];
  const auto known = std::ranges::find(segment_denials_, token, &Denial::token);
  if (known != segment_denials_.end())
    ++known->times;
  else if (segment_denials_.size() < kMaxDenials)
    segment_denials_.push_back({token, std::string(operation), 1});
  return refuse(NX_PERMISSION_DENIED, ErrorCode::kPermissionDenied,
                fmt::format("Permission denied: {} requires capability '{}'", operation, token));
}

RunError HandlerRun::too_many(std::string_view what, std::uint64_t limit) {
  return run_error(ErrorCode::kResourceLimit, fmt::format("too many {}: limit {} per run", what, limit));
}

HostReply HandlerRun::exceed(std::string_view what, std::uint64_t limit) {
  limit_error_ = too_many(what, limit);
  return {NX_RESOURCE_LIMIT, StopReason::kHost};
}

HostReply HandlerRun::count_mutation() {
  if (++mutations_ > request_.limits.state_mutations)
    return exceed("state mutations", request_.limits.state_mutations);
  return {};
}

// ---- Plumbing ---------------------------------------------------------------------------------------

Result<std::string> HandlerRun::read_name(GuestRange range, GuestMemory& memory) const {
  if (range.length > kMaxNameBytes)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("a name has {} bytes, limit {}", range.length, kMaxNameBytes)};
  auto bytes = memory.read(range);
  if (!bytes) return Error{ErrorCode::kInternalError, "a name lies outside the sandbox's memory"};
  // A lone surrogate has no UTF-8 form and comes as bytes that are none.
  return value::replace_invalid_utf8(*bytes);
}

Result<void> HandlerRun::take_bytes(std::uint64_t bytes) {
  total_bytes_ += bytes;
  if (total_bytes_ <= request_.limits.total_bytes) return {};
  exceed("bytes of state writes, events, calls and log lines", request_.limits.total_bytes);
  return Error{ErrorCode::kResourceLimit, "too many bytes"};
}

Result<Value> HandlerRun::read_value(GuestRange range, GuestMemory& memory) {
  const value::ValueLimits& limits = request_.limits.payload;
  if (range.length > limits.bytes)
    return Error{ErrorCode::kResourceLimit,
                 fmt::format("a value has {} bytes, limit {}", range.length, limits.bytes)};
  auto bytes = memory.read(range);
  if (!bytes) return Error{ErrorCode::kInternalError, "a value lies outside the sandbox's memory"};
  NX_TRY(Value value, value::decode_msgpack(std::as_bytes(std::span(bytes->data(), bytes->size())), limits));
  NX_TRY_VOID(take_bytes(memory_of(value)));
  return value;
}

HostReply HandlerRun::reply(const Value& value, std::uint32_t buffer, std::uint32_t capacity,
                            GuestMemory& memory) {
  reply_bytes_.clear();
  value::encode_msgpack(value, reply_bytes_);
  if (reply_bytes_.size() <= capacity && !memory.write(buffer, reply_bytes_))
    return refuse(NX_INTERNAL_ERROR, ErrorCode::kInternalError, "a buffer lies outside the sandbox's memory");
  return {static_cast<std::int32_t>(reply_bytes_.size())};
}

HostReply HandlerRun::input(Args a, GuestMemory& memory) {
  const std::string* bytes = nullptr;
  switch (a[0]) {
    case NX_SLOT_CODE:
      bytes = code_.get();
      break;
    case NX_SLOT_ARGS:
      bytes = &args_bytes_;
      break;
    case NX_SLOT_SCOPE:
      bytes = &scope_bytes_;
      break;
    case NX_SLOT_ANSWER:
      bytes = &answer_bytes_;
      break;
    case NX_SLOT_REPLY:
      bytes = &reply_bytes_;
      break;
    case NX_SLOT_MESSAGE:
      bytes = &message_;
      break;
    default:
      return {0};
  }
  // A guest that asks for what does not fit gets nothing; it asked for the length first.
  if (bytes->size() <= a[2]) memory.write(a[1], *bytes);
  return {static_cast<std::int32_t>(bytes->size())};
}

HostReply HandlerRun::output(Args a, GuestMemory& memory) {
  if (a[2] > request_.limits.payload.bytes) {
    limit_error_ = run_error(ErrorCode::kResourceLimit,
                             fmt::format("the {} has {} bytes, limit {}",
                                         a[0] == NX_OUT_RESULT ? "return value" : "thrown error", a[2],
                                         request_.limits.payload.bytes));
    return {NX_RESOURCE_LIMIT, StopReason::kHost};
  }
  auto bytes = memory.read({a[1], a[2]});
  if (!bytes) return {NX_INVALID_ARGUMENT};
  if (a[0] == NX_OUT_RESULT) return_bytes_ = std::move(*bytes);
  if (a[0] == NX_OUT_ERROR) error_report_ = std::move(*bytes);
  return {};
}

// ---- State ------------------------------------------------------------------------------------------

HostReply HandlerRun::state_get(Args a, GuestMemory& memory) {
  auto key = read_name({a[0], a[1]}, memory);
  if (!key.ok()) return refuse(key.error());
  if (!request_.capabilities.allows(Kind::kStateRead, *key))
    return deny(Kind::kStateRead, *key, "reading $state." + *key);
  const Value* const found = overlay_->get(*key);
  if (found == nullptr) return {NX_NOT_FOUND};
  return reply(*found, a[2], a[3], memory);
}

HostReply HandlerRun::state_set(Args a, GuestMemory& memory) {
  auto key = read_name({a[0], a[1]}, memory);
  if (!key.ok()) return refuse(key.error());
  if (!request_.capabilities.allows(Kind::kStateWrite, *key))
    return deny(Kind::kStateWrite, *key, "writing $state." + *key);
  if (const HostReply full = count_mutation(); full.stop != StopReason::kNone) return full;
  auto value = read_value({a[2], a[3]}, memory);
  if (!value.ok()) return refuse(value.error());
  const auto set = overlay_->set(*key, std::move(value).take());
  return set.ok() ? HostReply{} : refuse(set.error());
}

HostReply HandlerRun::state_delete(Args a, GuestMemory& memory) {
  auto key = read_name({a[0], a[1]}, memory);
  if (!key.ok()) return refuse(key.error());
  if (!request_.capabilities.allows(Kind::kStateWrite, *key))
    return deny(Kind::kStateWrite, *key, "deleting $state." + *key);
  if (const HostReply full = count_mutation(); full.stop != StopReason::kNone) return full;
  const auto erased = overlay_->erase(*key);
  return erased.ok() ? HostReply{} : refuse(erased.error());
}

HostReply HandlerRun::state_has(Args a, GuestMemory& memory) {
  auto key = read_name({a[0], a[1]}, memory);
  if (!key.ok()) return refuse(key.error());
  if (!request_.capabilities.allows(Kind::kStateRead, *key))
    return deny(Kind::kStateRead, *key, "reading $state." + *key);
  return {overlay_->get(*key) != nullptr ? 1 : 0};
}

HostReply HandlerRun::state_keys(Args a, GuestMemory& memory) {
  if (!request_.capabilities.allows(Kind::kStateRead, "*"))
    return deny(Kind::kStateRead, "*", "listing the keys of $state");
  return reply(list_of(overlay_->keys()), a[0], a[1], memory);
}

HostReply HandlerRun::state_declared(Args a, GuestMemory& memory) {
  auto key = read_name({a[0], a[1]}, memory);
  if (!key.ok()) return refuse(key.error());
  return {overlay_->get(*key) != nullptr ? 1 : 0};
}

HostReply HandlerRun::state_patch(Args a, GuestMemory& memory) {
  auto path = read_value({a[1], a[2]}, memory);
  if (!path.ok()) return refuse(path.error());
  if (!path->is_list() || path->list().empty() || !path->list()[0].is_string() || a[0] > NX_PATCH_APPEND)
    return refuse(NX_INVALID_ARGUMENT, ErrorCode::kInternalError, "a state change the host does not understand");
  const std::string& key = path->list()[0].string();
  if (!request_.capabilities.allows(Kind::kStateWrite, key))
    return deny(Kind::kStateWrite, key, "writing $state." + key);
  if (const HostReply full = count_mutation(); full.stop != StopReason::kNone) return full;
  Value value;
  if (a[0] != NX_PATCH_DELETE) {
    auto read = read_value({a[3], a[4]}, memory);
    if (!read.ok()) return refuse(read.error());
    value = std::move(read).take();
  }
  static_assert(static_cast<int>(StateOverlay::Patch::kSet) == NX_PATCH_SET &&
                static_cast<int>(StateOverlay::Patch::kDelete) == NX_PATCH_DELETE &&
                static_cast<int>(StateOverlay::Patch::kAppend) == NX_PATCH_APPEND);
  const auto done = overlay_->patch(static_cast<StateOverlay::Patch>(a[0]), path->list(), std::move(value));
  return done.ok() ? HostReply{} : refuse(done.error());
}

// ---- Events, view, log, time ------------------------------------------------------------------------

HostReply HandlerRun::emit_event(Args a, GuestMemory& memory) {
  auto name = read_name({a[0], a[1]}, memory);
  if (!name.ok()) return refuse(name.error());
  if (!request_.capabilities.allows(Kind::kEventsEmit, *name))
    return deny(Kind::kEventsEmit, *name, "emitting '" + *name + "'");
  if (++events_ > request_.limits.events) return exceed("events", request_.limits.events);
  auto payload = read_value({a[2], a[3]}, memory);
  if (!payload.ok()) return refuse(payload.error());
  segment_events_.push_back({std::move(name).take(), std::move(payload).take(), clock_.read()});
  return {};
}

HostReply HandlerRun::view_command(Args a, GuestMemory& memory) {
  auto command = read_value({a[0], a[1]}, memory);
  if (!command.ok()) return refuse(command.error());
  const Value* const type = command->find("type");
  const Value* const id = command->find("componentId");
  const Value* const args = command->find("args");
  if (type == nullptr || !type->is_string() || args == nullptr || (id != nullptr && !id->is_string()))
    return refuse(NX_INVALID_ARGUMENT, ErrorCode::kInvalidArgument,
                  "a view command has a type, a component id and arguments");
  const std::string scope = id == nullptr ? "*" : id->string();
  if (!request_.capabilities.allows(Kind::kViewUpdate, scope))
    return deny(Kind::kViewUpdate, scope, "commanding the view");
  if (++view_commands_ > request_.limits.view_commands)
    return exceed("view commands", request_.limits.view_commands);
  segment_view_commands_.push_back(
      {type->string(), id == nullptr ? std::nullopt : std::optional(id->string()), *args});
  return {};
}

HostReply HandlerRun::log(Args a, GuestMemory& memory) {
  const std::uint32_t limit = request_.limits.log_lines;
  if (log_lines_ > limit) return {};
  auto text = memory.read({a[1], std::min<std::uint32_t>(a[2], kMaxLogLineBytes)});
  if (!text) return refuse(NX_INTERNAL_ERROR, ErrorCode::kInternalError, "a log line lies outside the memory");
  if (a[2] > kMaxLogLineBytes) cut_character(*text);
  text = value::replace_invalid_utf8(*text);
  if (const auto frames = text->find("\n    at "); frames != std::string::npos)
    text->replace(frames, std::string::npos, author_stack(std::string_view(*text).substr(frames), request_.source.start));
  if (const auto taken = take_bytes(text->size()); !taken.ok()) return refuse(taken.error());
  auto level = a[0] <= 3 ? static_cast<LogLevel>(a[0]) : LogLevel::kInfo;
  if (++log_lines_ > limit) {
    level = LogLevel::kWarn;
    text = fmt::format("further log lines of this run are dropped: limit {}", limit);
  }
  segment_logs_.push_back({level, std::move(*text), clock_.read()});
  return {};
}

HostReply HandlerRun::now(Args a, GuestMemory& memory) {
  const auto milliseconds = static_cast<double>(clock_.read());
  memory.write(a[0], std::as_bytes(std::span(&milliseconds, 1)));
  return {};
}

// ---- Extensions -------------------------------------------------------------------------------------

HostReply HandlerRun::ext_suspend(Args a, GuestMemory& memory) {
  auto alias = read_name({a[0], a[1]}, memory);
  if (!alias.ok()) return refuse(alias.error());
  auto method = read_name({a[2], a[3]}, memory);
  if (!method.ok()) return refuse(method.error());
  const auto found = request_.extensions ? request_.extensions->find(*alias) : ExtensionMethods::const_iterator{};
  if (!request_.extensions || found == request_.extensions->end())
    return refuse(NX_NOT_FOUND, ErrorCode::kExtensionNotFound,
                  fmt::format("there is no extension '{}': declare it with <Extension>", *alias));
  const ExtensionEntry& entry = found->second;
  if (std::ranges::find(entry.methods, *method) == entry.methods.end())
    return refuse(NX_NOT_FOUND, ErrorCode::kMethodNotFound,
                  fmt::format("extension '{}' has no method '{}'; it has: {}", *alias, *method,
                              fmt::join(entry.methods, ", ")));
  if (!request_.capabilities.allows(Kind::kExtension, entry.scope))
    return deny(Kind::kExtension, entry.scope, fmt::format("calling $ext.{}.{}", *alias, *method));
  auto args = read_value({a[4], a[5]}, memory);
  if (!args.ok()) return refuse(args.error());
  if (!args->is_list())
    return refuse(NX_INVALID_ARGUMENT, ErrorCode::kInvalidArgument, "the arguments of a call are a list");
  if (open_.size() >= request_.limits.suspensions_in_flight)
    return exceed("extension calls in flight", request_.limits.suspensions_in_flight);
  Suspension suspension{random_uuid(), std::move(alias).take(), std::move(method).take(),
                        std::move(args->list())};
  segment_started_.push_back(suspension);
  open_.push_back({next_call_, std::move(suspension)});
  return {static_cast<std::int32_t>(next_call_++)};
}

HostReply HandlerRun::ext_exists(Args a, GuestMemory& memory) {
  auto alias = read_name({a[0], a[1]}, memory);
  if (!alias.ok()) return refuse(alias.error());
  return {request_.extensions && request_.extensions->contains(*alias) ? 1 : 0};
}

HostReply HandlerRun::ext_methods(Args a, GuestMemory& memory) {
  auto alias = read_name({a[0], a[1]}, memory);
  if (!alias.ok()) return refuse(alias.error());
  if (request_.extensions)
    if (const auto found = request_.extensions->find(*alias); found != request_.extensions->end())
      return reply(list_of(found->second.methods), a[2], a[3], memory);
  return refuse(NX_NOT_FOUND, ErrorCode::kExtensionNotFound, fmt::format("there is no extension '{}'", *alias));
}

HostReply HandlerRun::ext_list(Args a, GuestMemory& memory) {
  value::List names;
  if (request_.extensions)
    for (const auto& [alias, entry] : *request_.extensions) names.emplace_back(alias);
  return reply(names, a[0], a[1], memory);
}

}  // namespace nexus::engine
