// HandlerRun::save() and restore(): what the host keeps of a suspended run, as bytes.
#include <fmt/format.h>

#include <cmath>
#include <span>

#include "nexus/base/sha256.h"
#include "nexus/engine/handler_run.h"
#include "nexus/sandbox/sandbox.h"
#include "nexus/value/msgpack.h"

// The host part is one MessagePack object. A change of what it holds raises kFormat; runs of another format
// are refused, as those of another guest build are.
namespace nexus::engine {
namespace {

using value::List;
using value::Object;
using value::Value;

constexpr int kFormat = 1;
// What a run may hand over bounds what it can have asked for.
constexpr value::ValueLimits kReadLimits{.depth = value::kMaxDepth, .bytes = std::size_t{1} << 30};
constexpr double kMaxWhole = 9007199254740991.0;  // 2^53 - 1

Error damaged(std::string_view what) {
  return {ErrorCode::kInvalidSuspension, fmt::format("the suspended run cannot be loaded: {}", what)};
}

std::string text_hash(const HandlerSource& source) { return sha256_hex(source.text).substr(0, 16); }

Value to_value(const Limits& limits) {
  return List{static_cast<std::int64_t>(limits.timeout.count()),
              static_cast<std::uint64_t>(limits.memory_bytes),
              limits.host_calls,
              limits.state_mutations,
              limits.events,
              limits.view_commands,
              limits.log_lines,
              limits.suspensions_in_flight,
              limits.promise_jobs,
              static_cast<std::uint64_t>(limits.payload.depth),
              static_cast<std::uint64_t>(limits.payload.bytes),
              static_cast<std::uint64_t>(limits.total_bytes)};
}

// Reads members; the first that is missing or of another type is kept as the error.
class Reader {
 public:
  explicit Reader(const Value& from) : from_(from) {}

  std::string text(std::string_view key) {
    const Value* const found = member(key, Value::Type::kString);
    return found != nullptr ? found->string() : std::string();
  }
  std::uint64_t whole(std::string_view key) {
    const Value* const found = member(key, Value::Type::kNumber);
    return found != nullptr ? whole_of(*found) : 0;
  }
  std::uint64_t whole_of(const Value& value) {
    if (value.is_number() && value.number() >= 0 && value.number() <= kMaxWhole &&
        std::floor(value.number()) == value.number())
      return static_cast<std::uint64_t>(value.number());
    fail("a number");
    return 0;
  }
  const List& list(std::string_view key) {
    static const List kNone;
    const Value* const found = member(key, Value::Type::kList);
    return found != nullptr ? found->list() : kNone;
  }
  Value any(std::string_view key) {
    const Value* const found = from_.find(key);
    if (found == nullptr) fail(key);
    return found != nullptr ? *found : Value();
  }
  void fail(std::string_view what) {
    if (!error_) error_ = damaged(fmt::format("{} is missing or wrong", what));
  }
  Result<void> result() const {
    if (error_) return *error_;
    return {};
  }

 private:
  const Value* member(std::string_view key, Value::Type type) {
    const Value* const found = from_.find(key);
    if (found != nullptr && found->type() == type) return found;
    fail(key);
    return nullptr;
  }

  const Value& from_;
  std::optional<Error> error_;
};

Limits read_limits(const List& list, Reader& reader) {
  Limits limits;
  if (list.size() != 12) {
    reader.fail("limits");
    return limits;
  }
  const auto at = [&](std::size_t i) { return reader.whole_of(list[i]); };
  const auto small = [&](std::size_t i) { return static_cast<std::uint32_t>(at(i)); };
  limits.timeout = std::chrono::milliseconds{static_cast<std::int64_t>(at(0))};
  limits.memory_bytes = at(1);
  limits.host_calls = small(2);
  limits.state_mutations = small(3);
  limits.events = small(4);
  limits.view_commands = small(5);
  limits.log_lines = small(6);
  limits.suspensions_in_flight = small(7);
  limits.promise_jobs = small(8);
  limits.payload = {.depth = at(9), .bytes = at(10)};
  limits.total_bytes = at(11);
  return limits;
}

capability::GrantSet read_capabilities(const List& list, Reader& reader) {
  std::vector<capability::Token> tokens;
  for (const Value& item : list) {
    auto token = item.is_string() ? capability::parse_token(item.string()) : Result<capability::Token>(Error{});
    if (token.ok()) {
      tokens.push_back(std::move(token).take());
    } else {
      reader.fail("a capability");
    }
  }
  return capability::GrantSet(std::move(tokens));
}

}  // namespace

SavedRun HandlerRun::save() const {
  List tokens;
  for (const auto& token : request_.capabilities.tokens()) tokens.emplace_back(to_string(token));
  List seed;
  for (const auto word : seed_) seed.emplace_back(word);
  List counts;
  for (const auto count : call_counts_) counts.emplace_back(count);
  List open;
  for (const OpenCall& call : open_)
    open.emplace_back(List{call.index, call.suspension.id, call.suspension.extension, call.suspension.method,
                           call.suspension.args});
  const Object host{{"format", kFormat},
                    {"run", id_},
                    {"panel", request_.panel_id},
                    {"handler", request_.handler_name},
                    {"text", text_hash(request_.source)},
                    {"line", request_.source.start.line},
                    {"column", request_.source.start.column},
                    {"args", request_.args},
                    {"scope", request_.scope},
                    {"capabilities", std::move(tokens)},
                    {"limits", to_value(request_.limits)},
                    {"seed", std::move(seed)},
                    {"counts", std::move(counts)},
                    {"used", List{calls_, mutations_, events_, view_commands_, log_lines_, total_bytes_, next_call_}},
                    {"open", std::move(open)},
                    {"running", static_cast<std::int64_t>(total_time.count())},
                    {"compiling", static_cast<std::int64_t>(compile_time.count())},
                    {"memory", List{snapshot.memory_bytes, snapshot.pages, snapshot.plain_bytes}}};
  return {std::string(sandbox::Sandbox::build_hash()), snapshot.image_hash, snapshot.packed, value::to_msgpack(host),
          std::chrono::duration_cast<std::chrono::microseconds>(total_time).count()};
}

Result<void> HandlerRun::restore_counters(const Value& host) {
  Reader reader(host);
  const List& seed = reader.list("seed");
  const List& counts = reader.list("counts");
  const List& used = reader.list("used");
  const List& memory = reader.list("memory");
  if (seed.size() != seed_.size() || counts.size() != call_counts_.size() || used.size() != 7 || memory.size() != 3)
    return damaged("it counts other things");
  for (std::size_t i = 0; i < seed.size(); ++i) seed_[i] = static_cast<std::uint32_t>(reader.whole_of(seed[i]));
  for (std::size_t i = 0; i < counts.size(); ++i)
    call_counts_[i] = static_cast<std::uint32_t>(reader.whole_of(counts[i]));
  const auto small = [&](std::size_t i) { return static_cast<std::uint32_t>(reader.whole_of(used[i])); };
  calls_ = small(0);
  mutations_ = small(1);
  events_ = small(2);
  view_commands_ = small(3);
  log_lines_ = small(4);
  total_bytes_ = reader.whole_of(used[5]);
  next_call_ = small(6);
  for (const Value& item : reader.list("open")) {
    if (!item.is_list() || item.list().size() != 5) return damaged("an open call is wrong");
    const List& call = item.list();
    if (!call[1].is_string() || !call[2].is_string() || !call[3].is_string() || !call[4].is_list())
      return damaged("an open call is wrong");
    open_.push_back({static_cast<std::uint32_t>(reader.whole_of(call[0])),
                     {call[1].string(), call[2].string(), call[3].string(), call[4].list()}});
  }
  if (open_.empty()) return damaged("it waits for nothing");
  total_time = std::chrono::nanoseconds{static_cast<std::int64_t>(reader.whole("running"))};
  compile_time = std::chrono::nanoseconds{static_cast<std::int64_t>(reader.whole("compiling"))};
  snapshot.memory_bytes = reader.whole_of(memory[0]);
  snapshot.pages = static_cast<std::uint32_t>(reader.whole_of(memory[1]));
  snapshot.plain_bytes = reader.whole_of(memory[2]);
  return reader.result();
}

Result<std::shared_ptr<HandlerRun>> HandlerRun::restore(const SavedRun& saved, HandlerSource source,
                                                        std::shared_ptr<const ExtensionMethods> extensions,
                                                        const Limits& bounds, const Clock& clock) {
  auto host = value::decode_msgpack(std::as_bytes(std::span(saved.host)), kReadLimits);
  if (!host.ok()) return damaged(host.error().message);
  Reader reader(*host);
  if (reader.whole("format") != kFormat) return damaged("it has another format");
  RunRequest request;
  request.panel_id = reader.text("panel");
  request.handler_name = reader.text("handler");
  request.args = reader.any("args");
  request.scope = reader.any("scope");
  request.capabilities = read_capabilities(reader.list("capabilities"), reader);
  request.limits = lower_of(read_limits(reader.list("limits"), reader), bounds);
  request.save_suspended = true;
  request.extensions = std::move(extensions);
  if (reader.text("text") == text_hash(source)) request.source.text = std::move(source.text);
  request.source.start.line = static_cast<int>(reader.whole("line"));
  request.source.start.column = static_cast<int>(reader.whole("column"));
  std::string id = reader.text("run");
  NX_TRY_VOID(reader.result());
  if (id.empty()) return damaged("it has no id");
  std::shared_ptr<HandlerRun> run(new HandlerRun(std::move(request), nullptr, clock, std::move(id)));
  NX_TRY_VOID(run->restore_counters(*host));
  run->snapshot.image_hash = saved.image_hash;
  run->snapshot.packed = saved.memory;
  return run;
}

}  // namespace nexus::engine
