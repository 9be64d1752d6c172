#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "nexus/storage/sqlite_internal.h"
#include "nexus/storage/store.h"
#include "nexus/storage/sweeper_internal.h"

namespace nexus::storage {

// One change that waits to be written.
struct Write {
  std::string panel_id;
  std::size_t bytes = 0;  // roughly, for the bound on the queue
  bool async = false;     // acknowledged before it is written, while the queue has room
  // Runs inside the group's transaction; again, should another write of the group fail.
  std::function<Result<void>(Connection&)> apply;
  Done done;
};

// The only thread that writes to the database. It takes all that waits, writes it in one
// transaction and one sync, then answers. A write that fails takes only itself down; a group that
// fails fails as a whole, and after anything but a lack of space the connection is thrown away,
// because what a failed sync left behind cannot be known (design.md D7).
class GroupWriter {
 public:
  // `connection` is to `file`, a database of our schema, ready for writing. Starts the thread.
  GroupWriter(std::string file, std::unique_ptr<Connection> connection,
              const StoreOptions& options);
  // Writes what waits, notes a clean end, stops the thread.
  ~GroupWriter();

  // All: any thread.
  void submit(Write write);
  void sweep_soon();
  Result<void> health() const;
  StoreStats stats() const;

 private:
  using Results = std::vector<Result<void>>;

  void run();
  bool wait_for_work(std::vector<Write>& group);
  void gather(std::unique_lock<std::mutex>& lock);
  Results write_group(std::span<const Write> group);
  // Whether each write gets a savepoint, so that one that fails does not take the others along.
  enum class Apart { kNo, kYes };
  Result<Results> attempt(std::span<const Write> group, Apart apart);
  Result<void> apply_apart(const Write& write);
  Error give_up(Error error);
  Result<void> reopen();
  void watch_log();
  void checkpoint_if_due();
  void answer(std::span<Write> group, Results results);
  void count(const Results& results, Clock::Steady began);
  void sweep();
  void note_health(const Result<Results>& outcome);
  void close();

  const std::string file_;
  const StoreOptions options_;

  // Writer thread only.
  std::unique_ptr<Connection> connection_;  // empty after a failure, until it is opened again
  bool out_of_space_ = false;               // why the last group failed
  Sweeper sweeper_;
  Clock::Steady next_sweep_;
  std::size_t last_group_ = 0;            // writes of the last group
  Clock::Steady::duration last_sync_{0};  // how long its commit took, without the writes
  int log_pages_ = 0;  // in the write-ahead log
  int last_log_pages_ = 0;
  int checkpoint_at_;  // log_pages_ that ask for the next checkpoint

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Write> queue_;
  std::size_t wanted_ = 1;          // writes in queue_ that are worth waking the thread for
  std::size_t waiting_bytes_ = 0;   // in queue_ and in the group under way
  std::size_t unacknowledged_ = 0;  // async writes among them that were not acknowledged early
  bool sweep_wanted_ = true;
  bool stopping_ = false;
  std::optional<Error> failure_;  // of the last group
  StoreStats stats_;              // what waits is left at 0

  std::thread thread_;
};

}  // namespace nexus::storage
