#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "nexus/storage/group_writer_internal.h"
#include "nexus/storage/schema_internal.h"

namespace nexus::storage {
namespace {

constexpr std::size_t kGroupWrites = 1024;
constexpr std::size_t kGroupBytes = std::size_t{16} << 20;
// Longest that a group waits for as many writes as the last one had.
constexpr std::chrono::milliseconds kLongestGather{2};
constexpr std::size_t kRefuseFactor = 4;  // times StoreOptions::queue_bytes
constexpr int kCheckpointPages = 2000;    // 8 MB of log

int note_log_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

GroupWriter::GroupWriter(std::string file, std::unique_ptr<Connection> connection,
                         const StoreOptions& options)
    : file_(std::move(file)),
      options_(options),
      connection_(std::move(connection)),
      sweeper_(options.history_age, options.patch_window),
      next_sweep_(std::chrono::steady_clock::now() + options.sweep_interval),
      checkpoint_at_(kCheckpointPages) {
  watch_log();
  thread_ = std::thread([this] { run(); });
}

GroupWriter::~GroupWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void GroupWriter::submit(Write write) {
  Done acknowledge;
  Result<void> answer;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = waiting_bytes_ + write.bytes;
    if (bytes > kRefuseFactor * options_.queue_bytes) {
      acknowledge = std::move(write.done);
      answer = Error{ErrorCode::kStorageError,
                     "storage failed: changes arrive faster than the disk takes them"};
    } else {
      waiting_bytes_ = bytes;
      // Early acknowledgements must not overtake late ones of the same panel, so there are none
      // while an async write waits for a late one.
      if (write.async && unacknowledged_ == 0 && bytes <= options_.queue_bytes) {
        acknowledge = std::exchange(write.done, nullptr);
      } else if (write.async) {
        ++unacknowledged_;
      }
      queue_.push_back(std::move(write));
      wake = queue_.size() >= wanted_;
    }
  }
  if (wake) work_.notify_one();
  if (acknowledge) acknowledge(std::move(answer));
}

void GroupWriter::sweep_soon() {
  {
    const std::lock_guard lock(mutex_);
    sweep_wanted_ = true;
  }
  work_.notify_one();
}

Result<void> GroupWriter::health() const {
  const std::lock_guard lock(mutex_);
  if (failure_) return *failure_;
  return {};
}

StoreStats GroupWriter::stats() const {
  const std::lock_guard lock(mutex_);
  StoreStats now = stats_;
  now.waiting_changes = queue_.size();
  now.waiting_bytes = waiting_bytes_;
  return now;
}

// Before the answers, so that whoever was answered finds itself counted.
void GroupWriter::count(const Results& results, Clock::Steady began) {
  const auto took = std::chrono::steady_clock::now() - began;
  const std::lock_guard lock(mutex_);
  ++stats_.commits;
  stats_.commit_seconds += std::chrono::duration<double>(took).count();
  for (const auto& result : results)
    ++(result.ok() ? stats_.changes_stored : stats_.changes_failed);
}

void GroupWriter::run() {
  for (;;) {
    std::vector<Write> group;
    if (!wait_for_work(group)) break;
    if (!group.empty()) {
      const auto began = std::chrono::steady_clock::now();
      Results results = write_group(group);
      count(results, began);
      answer(group, std::move(results));
      checkpoint_if_due();
    }
    sweep();
  }
  close();
}

// False when there is nothing left to do and nothing will come.
bool GroupWriter::wait_for_work(std::vector<Write>& group) {
  std::unique_lock lock(mutex_);
  work_.wait_until(lock, next_sweep_,
                   [this] { return stopping_ || sweep_wanted_ || !queue_.empty(); });
  if (std::chrono::steady_clock::now() >= next_sweep_) {
    next_sweep_ = std::chrono::steady_clock::now() + options_.sweep_interval;
    sweep_wanted_ = true;
  }
  gather(lock);
  for (std::size_t bytes = 0;
       !queue_.empty() && group.size() < kGroupWrites && bytes < kGroupBytes;) {
    bytes += queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  if (!group.empty()) last_group_ = group.size();
  return !stopping_ || !group.empty();
}

// Those who were answered together write again at about the same time. Taking the first of them alone
// would make the others wait for a sync of its own; so it waits a moment, less than that sync takes.
void GroupWriter::gather(std::unique_lock<std::mutex>& lock) {
  if (queue_.empty() || queue_.size() >= last_group_ || stopping_) return;
  const auto patience = std::min<Clock::Steady::duration>(last_sync_ / 2, kLongestGather);
  wanted_ = last_group_;
  work_.wait_for(lock, patience, [this] { return stopping_ || queue_.size() >= wanted_; });
  wanted_ = 1;
}

// When the group as a whole does not fit on the disk, its small writes may.
GroupWriter::Results GroupWriter::write_group(std::span<const Write> group) {
  auto whole = attempt(group, Apart::kNo);
  note_health(whole);
  if (whole.ok()) return std::move(whole).take();
  Results results;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group.size() == 1 || !out_of_space_) {
      results.push_back(whole.error());
      continue;
    }
    auto single = attempt(group.subspan(i, 1), Apart::kNo);
    note_health(single);
    results.push_back(single.ok() ? std::move(single.value().front())
                                  : Result<void>(single.error()));
  }
  return results;
}

// The result of each write, or the error that failed them all. Savepoints copy each page before it
// changes, and hardly any group has a write that fails: they come with the second try.
Result<GroupWriter::Results> GroupWriter::attempt(std::span<const Write> group, Apart apart) {
  if (!connection_) NX_TRY_VOID(reopen());
  if (auto begun = connection_->execute("BEGIN IMMEDIATE"); !begun.ok())
    return give_up(begun.error());
  Results results;
  results.reserve(group.size());
  for (const Write& write : group) {
    auto result = apart == Apart::kYes ? apply_apart(write) : write.apply(*connection_);
    // Some failures make SQLite drop the whole transaction.
    if (!connection_->in_transaction()) return give_up(result.ok() ? Error{} : result.error());
    if (!result.ok() && apart == Apart::kNo) {
      if (auto undone = connection_->execute("ROLLBACK"); !undone.ok())
        return give_up(undone.error());
      return attempt(group, Apart::kYes);
    }
    results.push_back(std::move(result));
  }
  const auto began = std::chrono::steady_clock::now();
  if (auto committed = connection_->execute("COMMIT"); !committed.ok())
    return give_up(committed.error());
  last_sync_ = std::chrono::steady_clock::now() - began;
  return results;
}

Result<void> GroupWriter::apply_apart(const Write& write) {
  NX_TRY_VOID(connection_->query("SAVEPOINT one").run());
  auto result = write.apply(*connection_);
  if (!result.ok()) {
    out_of_space_ = connection_->out_of_space();
    if (!connection_->in_transaction()) return result;
    NX_TRY_VOID(connection_->query("ROLLBACK TO one").run());
  }
  NX_TRY_VOID(connection_->query("RELEASE one").run());
  return result;
}

// Ends a failed group. Without space nothing was synced and the connection is sound.
Error GroupWriter::give_up(Error error) {
  out_of_space_ = connection_->out_of_space();
  if (connection_->in_transaction()) static_cast<void>(connection_->execute("ROLLBACK"));
  if (!out_of_space_ || connection_->in_transaction()) connection_.reset();
  return error;
}

// Pages of the log that a failed sync left behind may be clean in the page cache without being on
// the disk. Nothing may be appended to such a log, so all of it goes into the database first, which
// is synced anew.
Result<void> GroupWriter::reopen() {
  out_of_space_ = false;
  NX_TRY(auto connection, Connection::open(file_, Connection::Mode::kWrite, options_.vfs));
  NX_TRY_VOID(prepare_for_writing(*connection));
  if (sqlite3_wal_checkpoint_v2(connection->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                                nullptr) != SQLITE_OK)
    return storage_error(connection->handle());
  connection_ = std::move(connection);
  watch_log();
  return {};
}

void GroupWriter::watch_log() {
  log_pages_ = 0;
  sqlite3_wal_hook(connection_->handle(), note_log_pages, &log_pages_);
}

// After the answers, so that nobody waits for it. A reader can hold the log up; it then grows until
// the next try finds it free.
void GroupWriter::checkpoint_if_due() {
  if (!connection_) return;
  if (log_pages_ < last_log_pages_) checkpoint_at_ = kCheckpointPages;
  last_log_pages_ = log_pages_;
  if (log_pages_ < checkpoint_at_) return;
  checkpoint_at_ = log_pages_ + kCheckpointPages;
  const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK && code != SQLITE_BUSY) static_cast<void>(give_up({}));
}

void GroupWriter::answer(std::span<Write> group, Results results) {
  std::size_t bytes = 0;
  std::size_t late = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    Write& write = group[i];
    bytes += write.bytes;
    if (write.done) {
      if (write.async) ++late;
      write.done(std::move(results[i]));
    } else if (!results[i].ok() && options_.on_lost) {
      options_.on_lost(write.panel_id, results[i].error());
    }
  }
  const std::lock_guard lock(mutex_);
  waiting_bytes_ -= bytes;
  unacknowledged_ -= late;
}

// One portion, then whoever waits gets a turn. A portion that fails waits for the next interval.
void GroupWriter::sweep() {
  {
    const std::lock_guard lock(mutex_);
    if (!sweep_wanted_) return;
  }
  bool more = false;
  if (connection_ && connection_->execute("BEGIN IMMEDIATE").ok()) {
    const auto swept = sweeper_.step(*connection_, unix_ms(options_.clock->wall()));
    if (!swept.ok() || !connection_->execute("COMMIT").ok()) {
      static_cast<void>(give_up({}));
    } else {
      more = *swept;
    }
  }
  const std::lock_guard lock(mutex_);
  sweep_wanted_ = more;
}

void GroupWriter::note_health(const Result<Results>& outcome) {
  const std::lock_guard lock(mutex_);
  failure_ = outcome.ok() ? std::nullopt : std::optional(outcome.error());
}

// Without a connection the last state is unknown and the next start treats it as a crash.
void GroupWriter::close() {
  if (!connection_ ||
      !connection_->execute("UPDATE properties SET value = 1 WHERE name = 'clean'").ok())
    return;
  sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                            nullptr);
  connection_.reset();
}

}  // namespace nexus::storage
