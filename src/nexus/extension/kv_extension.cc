#include "nexus/extension/kv_extension.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "nexus/extension/pending_call_internal.h"
#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::extension {
namespace {

using value::Value;
using Answer = PendingCall::AnswerPtr;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

std::size_t size_of(std::string_view key, const Value& value) {
  return key.size() + value::msgpack_size(value);
}

class VolatileBackend : public KvBackend {
 public:
  explicit VolatileBackend(loop::Loop& loop) : loop_(loop) {}
  void load(const std::string&, std::function<void(Result<KvEntries>)> done) override {
    loop_.post([done = std::move(done)] { done(KvEntries()); });
  }
  void store(const std::string&, const std::string&, const std::optional<Value>&,
             std::function<void(Result<void>)> done) override {
    loop_.post([done = std::move(done)] { done({}); });
  }

 private:
  loop::Loop& loop_;
};

// One call, as it waits for its panel's entries.
struct Request {
  enum class Method { kGet, kSet, kDelete, kList };
  Method method = Method::kGet;
  std::string key;  // the prefix, for kList
  Value value;
  Answer answer;
};

class KvExtension : public Extension {
 public:
  KvExtension(loop::Loop& loop, std::unique_ptr<KvBackend> backend, const KvLimits& limits)
      : loop_(loop), backend_(std::move(backend)), limits_(limits) {}

  std::string_view name() const override { return "nexus.kv"; }
  const std::vector<std::string>& methods() const override { return methods_; }
  CallPlan plan(std::string_view, const value::List&) const override {
    return {.repeatable = true};
  }
  std::unique_ptr<Call> call(const CallContext& context, std::string_view method, value::List args,
                             Reports reports) override;
  void forget_panel(std::string_view panel_id) override;

 private:
  // A panel's entries as of the last change asked for, whether or not the backend has it yet.
  struct Shelf {
    bool loaded = false;
    KvEntries entries;
    std::size_t bytes = 0;
    std::vector<Request> waiting;  // for the load
  };
  using ShelfPtr = std::shared_ptr<Shelf>;

  Result<Request> read(std::string_view method, value::List args) const;
  Result<std::string> read_key(std::string_view method, const value::List& args) const;
  void load(const std::string& panel_id, const ShelfPtr& shelf);
  void perform(const std::string& panel_id, const ShelfPtr& shelf, Request request);
  Result<void> check_room(const Shelf& shelf, const Request& request) const;
  void change(const std::string& panel_id, const ShelfPtr& shelf, Request request);
  void forget(const std::string& panel_id, const ShelfPtr& shelf);
  void answer_later(const Answer& answer, Result<Value> result);

  loop::Loop& loop_;
  const std::unique_ptr<KvBackend> backend_;
  const KvLimits limits_;
  const std::vector<std::string> methods_ = {"get", "set", "delete", "list"};
  std::map<std::string, ShelfPtr, std::less<>> shelves_;  // by panel
};

std::unique_ptr<Call> KvExtension::call(const CallContext& context, std::string_view method,
                                        value::List args, Reports reports) {
  auto answer = PendingCall::open(std::move(reports));
  auto request = read(method, std::move(args));
  if (!request.ok()) {
    answer_later(answer, std::move(request).take_error());
    return std::make_unique<PendingCall>(answer);
  }
  request->answer = answer;
  ShelfPtr& shelf = shelves_[context.panel_id];
  if (shelf == nullptr) {
    shelf = std::make_shared<Shelf>();
    load(context.panel_id, shelf);
  }
  if (shelf->loaded)
    perform(context.panel_id, ShelfPtr(shelf), std::move(request).take());
  else
    shelf->waiting.push_back(std::move(request).take());
  return std::make_unique<PendingCall>(answer);
}

Result<std::string> KvExtension::read_key(std::string_view method, const value::List& args) const {
  if (args.empty() || !args[0].is_string() || args[0].string().empty())
    return invalid(fmt::format("{} takes a key, a string that is not empty, found {}", method,
                               args.empty() ? "nothing" : value::to_json(args[0]).substr(0, 64)));
  if (args[0].string().size() > limits_.key_bytes)
    return invalid(fmt::format("key too long: {} bytes, limit {}", args[0].string().size(),
                               limits_.key_bytes));
  return args[0].string();
}

Result<Request> KvExtension::read(std::string_view method, value::List args) const {
  Request request;
  if (method == "list") {
    request.method = Request::Method::kList;
    if (args.empty() || args[0].is_null()) return request;
    if (!args[0].is_string())
      return invalid(
          fmt::format("list takes a prefix, a string, found {}", to_string(args[0].type())));
    request.key = std::move(args[0].string());
    return request;
  }
  NX_TRY(request.key, read_key(method, args));
  if (method == "get") return request;
  if (method == "delete") {
    request.method = Request::Method::kDelete;
    return request;
  }
  request.method = Request::Method::kSet;
  if (args.size() < 2) return invalid("set takes a key and a value");
  request.value = std::move(args[1]);
  if (const std::size_t bytes = value::msgpack_size(request.value); bytes > limits_.value_bytes)
    return Error{ErrorCode::kResourceLimit, fmt::format("value too large: {} bytes, limit {}",
                                                        bytes, limits_.value_bytes)};
  return request;
}

void KvExtension::load(const std::string& panel_id, const ShelfPtr& shelf) {
  backend_->load(panel_id, [this, panel_id, weak = std::weak_ptr(shelf)](Result<KvEntries> loaded) {
    const ShelfPtr target = weak.lock();
    if (target == nullptr) return;
    auto waiting = std::exchange(target->waiting, {});
    if (!loaded.ok()) {
      forget(panel_id, target);
      for (Request& request : waiting)
        PendingCall::deliver(*request.answer, Error(loaded.error()));
      return;
    }
    target->loaded = true;
    target->entries = std::move(loaded).take();
    for (const auto& [key, value] : target->entries) target->bytes += size_of(key, value);
    for (Request& request : waiting) perform(panel_id, target, std::move(request));
  });
}

void KvExtension::perform(const std::string& panel_id, const ShelfPtr& shelf, Request request) {
  switch (request.method) {
    case Request::Method::kGet: {
      const auto found = shelf->entries.find(request.key);
      return answer_later(request.answer, found == shelf->entries.end() ? Value() : found->second);
    }
    case Request::Method::kList: {
      value::List keys;
      for (auto at = shelf->entries.lower_bound(request.key);
           at != shelf->entries.end() && at->first.starts_with(request.key); ++at)
        keys.emplace_back(at->first);
      return answer_later(request.answer, std::move(keys));
    }
    case Request::Method::kSet:
    case Request::Method::kDelete:
      if (const auto room = check_room(*shelf, request); !room.ok())
        return answer_later(request.answer, Error(room.error()));
      return change(panel_id, shelf, std::move(request));
  }
}

Result<void> KvExtension::check_room(const Shelf& shelf, const Request& request) const {
  if (request.method == Request::Method::kDelete) return {};
  const auto known = shelf.entries.find(request.key);
  const bool is_new = known == shelf.entries.end();
  if (is_new && shelf.entries.size() >= limits_.keys)
    return Error{ErrorCode::kResourceLimit, fmt::format("too many keys: limit {}", limits_.keys)};
  const std::size_t before = is_new ? 0 : size_of(known->first, known->second);
  const std::size_t after = shelf.bytes - before + size_of(request.key, request.value);
  if (after > limits_.total_bytes)
    return Error{ErrorCode::kResourceLimit,
                 fmt::format("the panel's entries would have {} bytes, limit {}", after,
                             limits_.total_bytes)};
  return {};
}

void KvExtension::change(const std::string& panel_id, const ShelfPtr& shelf, Request request) {
  const auto known = shelf->entries.find(request.key);
  const bool was_there = known != shelf->entries.end();
  if (was_there) {
    shelf->bytes -= size_of(known->first, known->second);
    shelf->entries.erase(known);
  }
  std::optional<Value> stored;
  if (request.method == Request::Method::kSet) {
    shelf->bytes += size_of(request.key, request.value);
    stored = request.value;
    shelf->entries.emplace(request.key, std::move(request.value));
  } else if (!was_there) {
    return answer_later(request.answer, false);
  }
  const bool deleted = request.method == Request::Method::kDelete;
  backend_->store(panel_id, request.key, stored,
                  [this, panel_id, deleted, answer = request.answer,
                   weak = std::weak_ptr(shelf)](Result<void> result) {
                    if (result.ok())
                      return PendingCall::deliver(*answer, deleted ? Value(true) : Value());
                    // What the backend has is what counts: it is loaded anew at the next call.
                    forget(panel_id, weak.lock());
                    PendingCall::deliver(*answer, Error(result.error()));
                  });
}

// Answers never come from inside call().
void KvExtension::answer_later(const Answer& answer, Result<Value> result) {
  auto shared = std::make_shared<Result<Value>>(std::move(result));
  loop_.post([answer, shared] { PendingCall::deliver(*answer, std::move(*shared)); });
}

void KvExtension::forget(const std::string& panel_id, const ShelfPtr& shelf) {
  const auto at = shelves_.find(panel_id);
  if (at != shelves_.end() && at->second == shelf) shelves_.erase(at);
}

void KvExtension::forget_panel(std::string_view panel_id) {
  const auto at = shelves_.find(panel_id);
  if (at != shelves_.end()) shelves_.erase(at);
}

}  // namespace

std::unique_ptr<KvBackend> make_volatile_kv_backend(loop::Loop& loop) {
  return std::make_unique<VolatileBackend>(loop);
}

std::unique_ptr<Extension> make_kv_extension(loop::Loop& loop, std::unique_ptr<KvBackend> backend,
                                             const KvLimits& limits) {
  return std::make_unique<KvExtension>(loop, std::move(backend), limits);
}

}  // namespace nexus::extension
