// What is asked of a panel that the store knows better: former results, history, former states.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nexus/panel/messages.h"
#include "nexus/panel/panel.h"
#include "nexus/panel/stored.h"
#include "nexus/value/json.h"

namespace nexus::panel {
namespace {

using storage::Store;

// The answer to the panel's creation among its results: no path names it.
constexpr std::string_view kCreation = "/creation";
// Results that a panel keeps which is not stored.
constexpr std::size_t kKeptResults = 100;

Error not_stored(std::string_view id) {
  return {ErrorCode::kNotFound,
          fmt::format("panel \"{}\" has durability none, so it keeps no history", id)};
}

void answer_all(const std::vector<Panel::JsonDone>& waiters, const Result<std::string>& json) {
  for (const auto& waiter : waiters)
    waiter(json.ok() ? Result<std::string>(*json) : Result<std::string>(Error(json.error())));
}

// As the run was answered first.
ExecutionResult from_record(storage::ExecutionRecord record) {
  ExecutionResult result;
  result.execution_id = std::move(record.execution_id);
  result.missed_deadline = record.status == kTimedOut;
  if (result.missed_deadline) {
    result.outcome.error.emplace();
    result.outcome.error->code = ErrorCode::kTimeout;
    const auto json = value::parse_json(record.result);
    const auto* const error = json.ok() ? json->find("error") : nullptr;
    const auto* const message = error != nullptr ? error->find("message") : nullptr;
    if (message != nullptr && message->is_string())
      result.outcome.error->message = message->string();
  }
  result.stored = std::move(record.result);
  return result;
}

}  // namespace

Error other_request(std::string_view key) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("the Idempotency-Key \"{}\" was used for another request; send a new key",
                      key.substr(0, 64))};
}

template <typename T>
void LivePanel::read_store(std::function<Result<T>(Store&)> read,
                           std::function<void(Result<T>)> done) {
  journal_->after([read = std::move(read), done = std::move(done), &host = host_](
                      const Result<void>& stored) {
    if (!stored.ok()) return done(Error(stored.error()));
    loop::Loop& loop = host.segments.loop;
    const bool accepted = host.loads.submit([read, done, &loop, &store = *host.store] {
      auto result = std::make_shared<Result<T>>(read(store));
      loop.post([done, result] { done(std::move(*result)); });
    });
    if (!accepted)
      loop.post(
          [done] { done(Error{ErrorCode::kResourceLimit, "the server is busy; try again later"}); });
  });
}

std::shared_ptr<Run> LivePanel::find_suspended(std::string_view execution_id) const {
  const auto found =
      std::find_if(suspended_.begin(), suspended_.end(),
                   [&](const auto& run) { return run->id() == execution_id; });
  return found == suspended_.end() ? nullptr : *found;
}

void LivePanel::remember_result(const ExecutionResult& result) {
  std::string json;
  write_json(result, host_.settings.debug_errors, json);
  results_.emplace_back(result.execution_id, std::move(json));
  if (results_.size() > kKeptResults) results_.pop_front();
}

void LivePanel::execution(const std::string& execution_id, JsonDone done) {
  const Error unknown{ErrorCode::kNotFound,
                      fmt::format("panel \"{}\" knows no execution \"{}\", or keeps its result no "
                                  "longer",
                                  record_.id, execution_id.substr(0, 64))};
  if (const auto run = find_suspended(execution_id)) {
    // A run that a clients hears of is stored: what was told of it was told after the commit.
    return host_.segments.loop.post(
        [done = std::move(done), json = encode_waiting(execution_id)] { done(std::string(json)); });
  }
  if (!journal_->stores()) {
    const auto kept = std::find_if(results_.begin(), results_.end(),
                                   [&](const auto& item) { return item.first == execution_id; });
    auto json = kept == results_.end() ? std::nullopt : std::optional(kept->second);
    return host_.segments.loop.post([done = std::move(done), json, unknown] {
      json ? done(std::string(*json)) : done(Error(unknown));
    });
  }
  read_store<std::string>(
      [id = record_.id, execution_id, unknown](Store& store) -> Result<std::string> {
        auto record = store.execution(id, execution_id);
        if (record.ok()) return std::move(record->result);
        if (record.error().code != ErrorCode::kNotFound) return std::move(record).take_error();
        // What became of a run that failed is in the history too, whoever asked for it.
        auto failure = store.failure(id, execution_id);
        if (failure.ok() || failure.error().code != ErrorCode::kNotFound) return failure;
        return Error(unknown);
      },
      std::move(done));
}

void LivePanel::history(std::uint64_t before, std::size_t limit, JsonDone done) {
  if (!journal_->stores())
    return host_.segments.loop.post(
        [done = std::move(done), error = not_stored(record_.id)] { done(Error(error)); });
  read_store<std::string>(
      [id = record_.id, before, limit](Store& store) -> Result<std::string> {
        NX_TRY(const auto segments, store.history(id, before, limit));
        return encode_history(segments, limit);
      },
      std::move(done));
}

void LivePanel::state_at(std::uint64_t version, JsonDone done) {
  if (!journal_->stores())
    return host_.segments.loop.post(
        [done = std::move(done), error = not_stored(record_.id)] { done(Error(error)); });
  read_store<std::string>(
      [id = record_.id, version, keys = state_->keys()](Store& store) -> Result<std::string> {
        NX_TRY(const auto stored, store.state_at(id, version));
        NX_TRY(const value::Object values, unpack_state(stored));
        return encode_state(values, keys);
      },
      std::move(done));
}

// --- Clients that come back

void LivePanel::catch_up(Client* client, std::uint64_t seen) {
  if (!audience_.expects(client) || send_missed(client, seen, {})) return;
  if (!journal_->stores() || seen > published_) return send_state(client);
  read_store<std::vector<storage::Segment>>(
      [id = record_.id, seen](Store& store) { return store.patches(id, seen); },
      [self = weak_from_this(), client, seen](Result<std::vector<storage::Segment>> segments) {
        const auto panel = self.lock();
        if (!panel || !panel->audience_.expects(client)) return;
        if (!segments.ok() || !panel->send_missed(client, seen, *segments))
          panel->send_state(client);
      });
}

bool LivePanel::send_missed(Client* client, std::uint64_t seen,
                            const std::vector<storage::Segment>& stored) {
  if (seen > published_) return false;
  // Of the store what is older than the window; it may know of more than clients may.
  std::vector<Frame> frames;
  std::uint64_t version = seen;
  const auto add = [&](std::uint64_t next, std::int64_t at_ms,
                       const std::vector<storage::StateChange>& changes) {
    if (next != version + 1 || next > published_) return;
    const auto mutations = unpack_changes(changes);
    if (!mutations.ok()) return;
    version = next;
    frames.push_back(client->takes_patches() ? encode_patch(version, *mutations, at_ms)
                                             : encode_mutations(version, *mutations, *state_, at_ms));
  };
  for (const auto& segment : stored) add(segment.version, segment.at_ms, segment.mutations);
  if (const auto recent = window_.after(version))
    for (const auto* entry : *recent) add(entry->version, entry->at_ms, entry->changes);
  if (version != published_) return false;
  const Subscription wanted = audience_.find(client)->wanted;
  audience_.attach(client);
  client->send(encode_resumed(record_.id, seen, record_.epoch));
  for (const Frame& frame : frames)
    if (const Frame part = PatchSelections(frame).find(wanted)) client->send(part);
  return true;
}

// --- Requests that are done once, however often they are sent

void LivePanel::trigger_once(TriggerRequest request) {
  const std::string key = request.key->key;
  const auto waiting = keyed_.find(key);
  if (waiting != keyed_.end()) {
    if (waiting->second.request_hash == request.key->request_hash)
      return waiting->second.waiters.push_back(std::move(request.on_done));
    return host_.segments.loop.post(
        [done = std::move(request.on_done), error = other_request(key)] { done(Error(error)); });
  }
  keyed_[key] = {request.key->request_hash, {std::move(request.on_done)}};
  request.on_done = [self = weak_from_this(), key](Result<ExecutionResult> result) {
    if (const auto panel = self.lock()) panel->answer_keyed(key, std::move(result));
  };
  if (!journal_->stores()) return take_keyed(std::move(request), Error{ErrorCode::kNotFound, {}});
  auto shared = std::make_shared<TriggerRequest>(std::move(request));
  read_store<std::string>(
      [id = record_.id, key, hash = shared->key->request_hash](Store& store) -> Result<std::string> {
        NX_TRY(const auto record, store.idempotency(id, key));
        if (record.request_hash != hash) return other_request(key);
        return record.execution_id;
      },
      [self = weak_from_this(), shared](Result<std::string> earlier) {
        if (const auto panel = self.lock())
          panel->take_keyed(std::move(*shared), std::move(earlier));
      });
}

// `earlier`: the execution that the key stands for; kNotFound when there was none.
void LivePanel::take_keyed(TriggerRequest request, Result<std::string> earlier) {
  if (!earlier.ok() && earlier.error().code == ErrorCode::kNotFound) {
    auto started = start_tool(request, 0);
    if (!started.ok()) request.on_done(std::move(started).take_error());
    return;
  }
  if (!earlier.ok()) return request.on_done(std::move(earlier).take_error());
  if (const auto run = find_suspended(*earlier)) return run->add_waiter(std::move(request.on_done));
  read_store<storage::ExecutionRecord>(
      [id = record_.id, execution = *earlier](Store& store) { return store.execution(id, execution); },
      [done = std::move(request.on_done)](Result<storage::ExecutionRecord> record) {
        if (!record.ok()) return done(std::move(record).take_error());
        done(from_record(std::move(*record)));
      });
}

void LivePanel::creation_answer(std::function<std::string(const StateAnswer&)> make,
                                JsonDone done) {
  if (creation_waiters_ != nullptr) return creation_waiters_->push_back(std::move(done));
  creation_waiters_ = std::make_shared<std::vector<JsonDone>>();
  creation_waiters_->push_back(std::move(done));
  if (!journal_->stores()) return keep_creation_answer(make);
  read_store<storage::ExecutionRecord>(
      [id = record_.id](Store& store) { return store.execution(id, kCreation); },
      [self = weak_from_this(), waiters = creation_waiters_,
       make = std::move(make)](Result<storage::ExecutionRecord> kept) {
        const auto panel = self.lock();
        if (panel && !kept.ok() && kept.error().code == ErrorCode::kNotFound)
          return panel->keep_creation_answer(make);
        if (panel) panel->creation_waiters_ = nullptr;
        answer_all(*waiters, kept.ok() ? Result<std::string>(std::move(kept->result))
                                       : Result<std::string>(kept.error()));
      });
}

void LivePanel::keep_creation_answer(
    const std::function<std::string(const StateAnswer&)>& make) {
  storage::Transaction transaction;
  std::string json = creation_answer_
                         ? *creation_answer_
                         : make({record_.epoch, state_->version(), state_json()});
  if (journal_->stores()) {
    transaction = begin_transaction();
    transaction.executions.push_back(
        {std::string(kCreation), std::string(to_string(engine::Status::kSuccess)), json,
         unix_ms(host_.clock.wall() + host_.settings.result_lifetime)});
  } else {
    creation_answer_ = json;
  }
  journal_->commit(std::move(transaction),
                   [self = weak_from_this(), waiters = creation_waiters_,
                    json = std::move(json)](const Result<void>& stored) {
                     if (const auto panel = self.lock()) panel->creation_waiters_ = nullptr;
                     answer_all(*waiters, stored.ok() ? Result<std::string>(json)
                                                      : Result<std::string>(stored.error()));
                   });
}

void LivePanel::answer_keyed(const std::string& key, Result<ExecutionResult> result) {
  const auto found = keyed_.find(key);
  if (found == keyed_.end()) return;
  const auto waiters = std::move(found->second.waiters);
  keyed_.erase(found);
  for (const auto& waiter : waiters)
    waiter(result.ok() ? Result<ExecutionResult>(ExecutionResult(*result))
                       : Result<ExecutionResult>(Error(result.error())));
}

}  // namespace nexus::panel
