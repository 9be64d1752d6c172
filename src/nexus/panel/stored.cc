#include "nexus/panel/stored.h"

#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::panel {
namespace {

constexpr int kSettingsFormat = 2;

using engine::Mutation;
using storage::StateChange;
using value::List;
using value::Object;
using value::Value;

// A stored value nests no deeper, and is no larger, than what a panel may hold.
constexpr value::ValueLimits kLimits{.depth = value::kMaxDepth, .bytes = std::size_t{1} << 30};
constexpr int kRunFormat = 1;
constexpr std::size_t kLengthBytes = 4;

// --- The effects of a run, as lists.

Value pack_mutation(const Mutation& mutation) {
  List patch;
  for (const auto& operation : mutation.patch)
    patch.emplace_back(
        List{static_cast<int>(operation.kind), operation.path, operation.value});
  return List{mutation.operation == Mutation::Operation::kDelete, mutation.key, mutation.value,
              std::move(patch)};
}

std::optional<Mutation> unpack_mutation(const Value& from) {
  if (!from.is_list() || from.list().size() != 4) return std::nullopt;
  const List& parts = from.list();
  if (!parts[0].is_boolean() || !parts[1].is_string() || !parts[3].is_list()) return std::nullopt;
  Mutation mutation{
      parts[0].boolean() ? Mutation::Operation::kDelete : Mutation::Operation::kSet,
      parts[1].string(),
      parts[2],
      {}};
  for (const Value& item : parts[3].list()) {
    if (!item.is_list() || item.list().size() != 3) return std::nullopt;
    const List& operation = item.list();
    if (!operation[0].is_number() || !operation[1].is_list()) return std::nullopt;
    const double kind = operation[0].number();
    if (kind != 0 && kind != 1 && kind != 2) return std::nullopt;
    mutation.patch.push_back({static_cast<value::PatchOperation::Kind>(static_cast<int>(kind)),
                              operation[1].list(), operation[2]});
  }
  return mutation;
}

Value pack_event(const engine::Event& event) {
  return List{event.name, event.payload, event.timestamp_ms};
}

std::optional<engine::Event> unpack_event(const Value& from) {
  if (!from.is_list() || from.list().size() != 3 || !from.list()[0].is_string() ||
      !from.list()[2].is_number())
    return std::nullopt;
  return engine::Event{from.list()[0].string(), from.list()[1],
                       static_cast<std::int64_t>(from.list()[2].number())};
}

Value pack_command(const engine::ViewCommand& command) {
  return List{command.type, command.component_id ? Value(*command.component_id) : Value(),
              command.args};
}

std::optional<engine::ViewCommand> unpack_command(const Value& from) {
  if (!from.is_list() || from.list().size() != 3 || !from.list()[0].is_string())
    return std::nullopt;
  engine::ViewCommand command{from.list()[0].string(), {}, from.list()[2]};
  if (from.list()[1].is_string()) command.component_id = from.list()[1].string();
  return command;
}

template <typename T>
Value pack_all(const std::vector<T>& items, Value (*pack)(const T&)) {
  List list;
  for (const T& item : items) list.push_back(pack(item));
  return list;
}

// False when one of them is damaged.
template <typename T>
bool unpack_all(const Value* from, std::vector<T>& items,
                std::optional<T> (*unpack_one)(const Value&)) {
  if (from == nullptr || !from->is_list()) return false;
  for (const Value& packed : from->list()) {
    auto item = unpack_one(packed);
    if (!item) return false;
    items.push_back(std::move(*item));
  }
  return true;
}

Error damaged() {
  return {ErrorCode::kInvalidSuspension, "the suspended run cannot be loaded: it is damaged"};
}

bool unpack_memo(const Value& from, RunMemo& memo) {
  const Value* const handler = from.find("handler");
  const Value* const actor = from.find("actor");
  const Value* const patches = from.find("patches");
  const Value* const chain = from.find("chain");
  const Value* const asked = from.find("asked");
  if (!handler || !handler->is_string() || !actor || !actor->is_string() || !patches ||
      !patches->is_boolean() || !chain || !chain->is_number() || chain->number() < 0 ||
      chain->number() > 1000 || !asked || !asked->is_object())
    return false;
  memo.handler = handler->string();
  memo.actor = actor->string();
  memo.patches = patches->boolean();
  memo.chain = static_cast<unsigned>(chain->number());
  for (const auto& [id, time] : asked->object()) {
    if (!time.is_number() || std::abs(time.number()) > 9e15) return false;
    memo.asked_ms.emplace(id, static_cast<std::int64_t>(time.number()));
  }
  return unpack_all(from.find("mutations"), memo.effects.mutations, unpack_mutation) &&
         unpack_all(from.find("events"), memo.effects.events, unpack_event) &&
         unpack_all(from.find("commands"), memo.effects.view_commands, unpack_command);
}

}  // namespace

Result<Value> unpack_value(std::string_view packed) {
  return value::decode_msgpack(std::as_bytes(std::span(packed)), kLimits);
}

std::vector<StateChange> pack_changes(const std::vector<Mutation>& mutations,
                                      const engine::StateView& state) {
  std::vector<StateChange> changes;
  changes.reserve(mutations.size());
  for (const Mutation& mutation : mutations) {
    StateChange change{mutation.key, std::nullopt};
    if (mutation.operation == Mutation::Operation::kSet)
      change.value = value::to_msgpack(mutation.patch.empty() ? mutation.value
                                                              : *state.get(mutation.key));
    changes.push_back(std::move(change));
  }
  return changes;
}

Result<std::vector<Mutation>> unpack_changes(const std::vector<StateChange>& changes) {
  std::vector<Mutation> mutations;
  for (const StateChange& change : changes) {
    Mutation mutation{Mutation::Operation::kDelete, change.key, {}, {}};
    if (change.value) {
      mutation.operation = Mutation::Operation::kSet;
      NX_TRY(mutation.value, unpack_value(*change.value));
    }
    mutations.push_back(std::move(mutation));
  }
  return mutations;
}

std::vector<StateChange> pack_state(const engine::StateView& state) {
  std::vector<StateChange> all;
  for (std::string& key : state.keys()) {
    std::string packed = value::to_msgpack(*state.get(key));
    all.push_back({std::move(key), std::move(packed)});
  }
  return all;
}

Result<Object> unpack_state(const std::vector<StateChange>& state) {
  Object all;
  for (const StateChange& entry : state) {
    if (!entry.value) continue;
    NX_TRY(Value value, unpack_value(*entry.value));
    all.append(entry.key, std::move(value));
  }
  return all;
}

std::string pack_settings(const PanelSettings& settings) {
  if (settings.extensions.empty() && !settings.grants && !settings.key) return {};
  value::Object packed{{"format", kSettingsFormat}, {"extensions", settings.extensions}};
  if (settings.grants) {
    value::List tokens;
    for (const auto& token : settings.grants->tokens()) tokens.emplace_back(to_string(token));
    packed.set("grants", std::move(tokens));
  }
  if (settings.key)
    packed.set("key", value::List{settings.key->key, settings.key->request_hash});
  return value::to_msgpack(std::move(packed));
}

Result<PanelSettings> unpack_settings(std::string_view packed) {
  PanelSettings settings;
  if (packed.empty()) return settings;
  const Error other{ErrorCode::kSerializationError, "the panel's settings are of another format"};
  NX_TRY(const value::Value value, value::decode_msgpack(std::as_bytes(std::span(packed))));
  const value::Value* format = value.find("format");
  const value::Value* extensions = value.find("extensions");
  // Format 1 had no grants, which a server that does not know of them would not keep to.
  const bool known =
      format != nullptr && (*format == value::Value(1) || *format == value::Value(kSettingsFormat));
  if (!known || extensions == nullptr || !extensions->is_object()) return other;
  settings.extensions = extensions->object();
  if (const value::Value* grants = value.find("grants")) {
    if (!grants->is_list()) return other;
    std::vector<capability::Token> tokens;
    for (const value::Value& word : grants->list()) {
      if (!word.is_string()) return other;
      NX_TRY(auto token, capability::parse_token(word.string()));
      tokens.push_back(std::move(token));
    }
    settings.grants.emplace(std::move(tokens));
  }
  if (const value::Value* key = value.find("key")) {
    if (!key->is_list() || key->list().size() != 2 || !key->list()[0].is_string() ||
        !key->list()[1].is_string())
      return other;
    settings.key = RequestKey{key->list()[0].string(), key->list()[1].string()};
  }
  return settings;
}

std::string pack_events(const std::vector<engine::Event>& events) {
  if (events.empty()) return {};
  return value::to_msgpack(pack_all(events, pack_event));
}

Result<std::vector<engine::Event>> unpack_events(std::string_view packed) {
  std::vector<engine::Event> events;
  if (packed.empty()) return events;
  NX_TRY(const Value list, unpack_value(packed));
  if (!unpack_all(&list, events, unpack_event))
    return Error{ErrorCode::kSerializationError, "stored events are damaged"};
  return events;
}

Result<Value> unpack_failure(std::string_view result) {
  const auto members = value::parse_json(result);
  const Value* const error = members.ok() ? members->find("error") : nullptr;
  if (error == nullptr || !error->is_object())
    return Error{ErrorCode::kSerializationError, "a stored result is damaged"};
  return *error;
}

std::string pack_run(const RunMemo& memo, std::string_view engine_part) {
  Object asked;
  for (const auto& [id, time] : memo.asked_ms) asked.append(id, time);
  const Object members{{"format", kRunFormat},
                       {"handler", memo.handler},
                       {"actor", memo.actor},
                       {"patches", memo.patches},
                       {"chain", memo.chain},
                       {"asked", std::move(asked)},
                       {"mutations", pack_all(memo.effects.mutations, pack_mutation)},
                       {"events", pack_all(memo.effects.events, pack_event)},
                       {"commands", pack_all(memo.effects.view_commands, pack_command)}};
  const std::string packed = value::to_msgpack(members);
  std::string out;
  out.reserve(kLengthBytes + packed.size() + engine_part.size());
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    out += static_cast<char>(packed.size() >> (8 * i) & 0xff);
  return out.append(packed).append(engine_part);
}

Result<std::pair<RunMemo, std::string>> unpack_run(std::string_view host) {
  if (host.size() < kLengthBytes) return damaged();
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    length |= std::size_t{static_cast<unsigned char>(host[i])} << (8 * i);
  if (length > host.size() - kLengthBytes) return damaged();
  const auto members = unpack_value(host.substr(kLengthBytes, length));
  if (!members.ok()) return damaged();
  const Value* const format = members->find("format");
  if (format == nullptr || *format != Value(kRunFormat))
    return Error{ErrorCode::kInvalidSuspension,
                 "the suspended run was stored by another version of Nexus and cannot go on in "
                 "this one"};
  RunMemo memo;
  if (!unpack_memo(*members, memo)) return damaged();
  return std::pair(std::move(memo), std::string(host.substr(kLengthBytes + length)));
}

}  // namespace nexus::panel
