#include "nexus/loop/hand_off.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "nexus/base/check.h"
#include "nexus/loop/asio_loop_internal.h"
#include "nexus/loop/thread_priority_internal.h"

namespace nexus::loop {
namespace {

// After the last task the watching goes on for a while: waking it costs the next task a system
// call.
constexpr int kLingerLooks = 100;

// How many threads are kept parked: one to take the loop over, the others for new kinds of tasks.
constexpr std::size_t kParked = 4;

// How many looks' worth of the processor a task of a new kind may use before it is slow: it may
// have to be compiled, and finds caches cold. For twice as many looks it keeps other new ones
// waiting.
constexpr int kLooksForNew = 2;

// How the last tasks of each kind were. Kinds that fall on one place displace each other.
class Paces {
 public:
  enum class Pace {
    kUnknown,
    kTried,     // the first one is under way
    kQuick,     // to be run in place
    kDoubtful,  // the last one was slow after quick ones, as on a cold cache: to be run in place
                // once more
    kSlow,      // until one is quick
  };

  // Kind 0, which says nothing of a task, counts as quick.
  Pace of(std::uint64_t kind) const {
    if (kind == 0) return Pace::kQuick;
    const Place& place = places_[kind % places_.size()];
    return place.kind == kind ? place.pace : Pace::kUnknown;
  }
  bool for_in_place(std::uint64_t kind) const {
    const Pace pace = of(kind);
    return pace == Pace::kQuick || pace == Pace::kDoubtful;
  }
  void note_start(std::uint64_t kind) {
    if (of(kind) == Pace::kUnknown) note(kind, Pace::kTried);
  }
  void note_end(std::uint64_t kind, bool slow) {
    if (!slow) return note(kind, Pace::kQuick);
    note(kind, of(kind) == Pace::kQuick ? Pace::kDoubtful : Pace::kSlow);
  }

 private:
  struct Place {
    std::uint64_t kind = 0;
    Pace pace = Pace::kUnknown;
  };

  void note(std::uint64_t kind, Pace pace) {
    if (kind != 0) places_[kind % places_.size()] = {kind, pace};
  }

  std::vector<Place> places_ = std::vector<Place>(16384);
};

// What the watching thread knows of the task in place: a number that is odd while there is one. Its
// thread and the watching thread agree on who ends it by exchanging it for the even number.
class InPlace {
 public:
  // By the owner of the loop.
  std::uint64_t enter() {
    const std::uint64_t run = run_.load(std::memory_order_relaxed) + 1;
    run_.store(run);
    return run;
  }
  // False when somebody else was first.
  bool end(std::uint64_t run) { return run_.compare_exchange_strong(run, run + 1); }
  std::uint64_t look() const { return run_.load(); }
  static bool under_way(std::uint64_t run) { return run % 2 != 0; }

 private:
  std::atomic<std::uint64_t> run_ = 0;
};

// Tasks on their way to the loop from threads at a low priority. Those must never hold a lock that
// the loop takes, Asio's queue included: whoever wants the processor would leave them there, and
// it.
class Outbox {
 public:
  Outbox() = default;
  ~Outbox() {
    drain([](std::function<void()>) {});
  }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Any thread.
  void push(std::function<void()> task) {
    auto* const item = new Item{std::move(task), newest_.load()};
    while (!newest_.compare_exchange_weak(item->before, item)) {
    }
  }
  bool empty() const { return newest_.load() == nullptr; }
  // Gives away all of them, oldest first.
  template <typename Take>
  void drain(Take take) {
    Item* oldest = nullptr;
    for (Item* item = newest_.exchange(nullptr); item != nullptr;)
      item = std::exchange(item->before, std::exchange(oldest, item));
    while (oldest != nullptr) {
      const std::unique_ptr<Item> item(std::exchange(oldest, oldest->before));
      take(std::move(item->task));
    }
  }

 private:
  struct Item {
    std::function<void()> task;
    Item* before;
  };
  std::atomic<Item*> newest_ = nullptr;
};

// A thread that drives the loop, or runs one task beside it, and is parked in between. It starts
// with the usual claim on the processor. When a task of its own sinks it, it ends with that task.
struct Worker {
  // Of a task beside the loop. The worker ends it and the watching thread sinks it by exchanging
  // kUndecided, so that each knows what the other has done.
  enum class Standing { kUndecided, kEnded, kSinking, kSunk };

  std::thread thread;
  pid_t system_id = 0;
  clockid_t processor = {};
  std::condition_variable appointed;
  std::function<void()> task;            // to be run beside the loop; without one it drives
  std::chrono::nanoseconds slow_from{};  // on the processor clock
  int looks_as_new = 0;                  // how many more it keeps other new ones waiting
  std::atomic<Standing> standing = Standing::kEnded;
};

thread_local Worker* t_worker = nullptr;
// Whether this thread may be sunk when it does not drive the loop.
thread_local bool t_runs_tasks = false;

class AsioHandOff final : public HandOff, private Executor {
  using Pace = Paces::Pace;

 public:
  explicit AsioHandOff(Options options) : options_(std::move(options)), loop_(*this) {
    NX_CHECK(options_.max_slow > 0);
    // Never refuses: slow_ bounds what it is given.
    sunk_ = ThreadPool::create(options_.max_slow, options_.max_slow, [this] {
      sink(gettid());
      return begin_thread();
    });
  }
  AsioHandOff(const AsioHandOff&) = delete;
  AsioHandOff& operator=(const AsioHandOff&) = delete;

  Loop& loop() override { return loop_; }
  Executor& executor() override { return *this; }

 private:
  class WatchedLoop final : public AsioLoop {
   public:
    // Two threads meet in Asio when one that has lost the loop leaves its callback.
    explicit WatchedLoop(AsioHandOff& owner) : AsioLoop(2), owner_(owner) {}
    void run() noexcept override { owner_.run(); }
    void post(std::function<void()> task) override {
      if (t_runs_tasks && !on_loop_thread()) return owner_.send(std::move(task));
      AsioLoop::post(std::move(task));
    }

   private:
    AsioHandOff& owner_;
  };

  struct Task {
    std::function<void()> run;
    std::uint64_t kind;
  };

  bool submit(std::function<void()> task, std::uint64_t kind) override;
  void post_turn();
  void turn();
  void run_in_place(std::deque<Task>& tasks);
  void start_beside();
  bool give_to_parked(Task& task);
  void give_to_sunk(Task& task);
  void report_end(std::uint64_t kind, bool was_slow);

  void run() noexcept;
  void watch();
  void wait_for_next_look(std::unique_lock<std::mutex>& lock, int idle_looks);
  void wake_watch();
  void send(std::function<void()> task);
  void deliver();
  void hand_off(std::uint64_t run);
  void let_run_beside(Worker& worker, std::chrono::nanoseconds processor_time);
  bool make_room_for_new(Worker& worker);
  void sink_slow_ones();
  void help_driver();
  void appoint_driver();
  void park_more();
  void await_workers();

  std::shared_ptr<void> begin_thread() const {
    t_runs_tasks = true;
    return options_.on_thread_start ? options_.on_thread_start() : nullptr;
  }
  void work(Worker& self) noexcept;
  bool park(Worker& self);
  bool was_slow(Worker& self);
  void leave(Worker& self);

  const Options options_;
  // So many that they and the loop have a processor each, where there are two.
  const unsigned max_new_ones_ = std::max(2u, std::thread::hardware_concurrency()) - 1;
  WatchedLoop loop_;

  // On the loop.
  std::deque<Task> waiting_;         // of quick kinds, and those that say nothing
  std::deque<Task> waiting_beside_;  // new ones, and of slow kinds
  bool turn_posted_ = false;
  Paces paces_;

  // Tasks that run beside the loop, handed off or not; changed on the loop.
  std::atomic<unsigned> slow_ = 0;
  InPlace in_place_;
  Outbox outbox_;
  std::atomic<int> watch_asleep_ = 0;
  std::atomic<bool> has_parked_ = false;
  std::atomic<bool> short_of_threads_ = false;  // the system gave none when it was last asked
  std::atomic<int> workers_ = 0;
  std::atomic<Worker*> last_to_leave_ = nullptr;

  std::mutex mutex_;  // a sunk thread never takes it
  std::condition_variable look_;
  // Guarded by mutex_.
  Worker* driver_ = nullptr;
  std::chrono::nanoseconds driver_used_{};  // of the processor, at the last look
  std::vector<Worker*> parked_;
  std::vector<Worker*>
      undecided_;  // run a task beside the loop, and nobody knows whether it is slow
  std::size_t starting_ = 0;
  unsigned new_ones_ = 0;  // those of undecided_ that keep other new ones waiting
  bool ended_ = false;

  std::unique_ptr<ThreadPool> sunk_;  // for kinds that were slow; last, it uses everything above
};

// --- On the loop

bool AsioHandOff::submit(std::function<void()> task, std::uint64_t kind) {
  NX_DCHECK(loop_.on_loop_thread());
  if (waiting_.size() + waiting_beside_.size() >= options_.max_waiting) return false;
  (paces_.for_in_place(kind) ? waiting_ : waiting_beside_).push_back({std::move(task), kind});
  post_turn();
  return true;
}

void AsioHandOff::post_turn() {
  if (std::exchange(turn_posted_, true)) return;
  loop_.post([this] { turn(); });
}

// One task in each turn, so that a flood of short ones leaves room for sockets and timers.
void AsioHandOff::turn() {
  turn_posted_ = false;
  start_beside();
  if (slow_ > options_.max_slow || !has_parked_.load()) return;
  if (!waiting_.empty()) return run_in_place(waiting_);
  // Is a thread on its way for the new ones?
  if (slow_ < options_.max_slow && !short_of_threads_.load()) return;
  // What is new is tried out here when it would have to wait, but never before what is known to be
  // quick, nor twice at once: each endless one delays the loop by a millisecond.
  const auto unknown =
      std::find_if(waiting_beside_.begin(), waiting_beside_.end(),
                   [this](const Task& task) { return paces_.of(task.kind) == Pace::kUnknown; });
  if (unknown == waiting_beside_.end()) return;
  std::rotate(waiting_beside_.begin(), unknown, unknown + 1);
  run_in_place(waiting_beside_);
}

// The first of `tasks`.
void AsioHandOff::run_in_place(std::deque<Task>& tasks) {
  Task task = std::move(tasks.front());
  tasks.pop_front();
  if (!waiting_.empty() || !waiting_beside_.empty()) post_turn();
  paces_.note_start(task.kind);
  const std::uint64_t run = in_place_.enter();
  if (watch_asleep_.load() != 0) wake_watch();
  task.run();
  task.run = nullptr;
  if (in_place_.end(run)) {
    // A kind that has turned out to be slow meanwhile stays so until one is quick beside the loop.
    if (paces_.of(task.kind) != Pace::kSlow) paces_.note_end(task.kind, false);
    return;
  }
  // This thread has lost the loop while it ran the task, and owns nothing any more.
  report_end(task.kind, was_slow(*t_worker));
}

void AsioHandOff::start_beside() {
  while (!waiting_beside_.empty() && slow_ < options_.max_slow) {
    Task& task = waiting_beside_.front();
    if (paces_.of(task.kind) == Pace::kSlow)
      give_to_sunk(task);
    else if (!give_to_parked(task))
      return;
    ++slow_;
    waiting_beside_.pop_front();
    if (watch_asleep_.load() != 0) wake_watch();
  }
}

// A task of a kind that may be quick must not wait for a processor behind slow ones. False when it
// has to wait for a thread, or for other new ones; then a turn comes in time.
bool AsioHandOff::give_to_parked(Task& task) {
  {
    const std::lock_guard lock(mutex_);
    if (parked_.size() < 2 || new_ones_ >= max_new_ones_) return false;
    Worker& worker = *parked_.back();
    parked_.pop_back();
    paces_.note_start(task.kind);
    worker.task = [this, run = std::move(task.run), kind = task.kind]() mutable {
      run();
      run = nullptr;
      report_end(kind, was_slow(*t_worker));
    };
    let_run_beside(worker, kLooksForNew * options_.time_between_looks);
    worker.looks_as_new = 2 * kLooksForNew;
    ++new_ones_;
    worker.appointed.notify_one();
  }
  wake_watch();
  return true;
}

void AsioHandOff::give_to_sunk(Task& task) {
  const bool accepted = sunk_->submit([this, run = std::move(task.run),
                                       kind = task.kind]() mutable {
    const auto start = read_clock(CLOCK_THREAD_CPUTIME_ID);
    run();
    run = nullptr;
    report_end(kind, read_clock(CLOCK_THREAD_CPUTIME_ID) - start >= options_.time_between_looks);
  });
  NX_CHECK(accepted);
}

// Of a task beside the loop, by its thread.
void AsioHandOff::report_end(std::uint64_t kind, bool was_slow) {
  loop_.post([this, kind, was_slow] {
    --slow_;
    paces_.note_end(kind, was_slow);
    post_turn();
  });
}

// --- The watching thread

void AsioHandOff::run() noexcept {
  ask_for_short_slices();
  {
    std::unique_lock lock(mutex_);
    NX_CHECK(!ended_ && workers_ == 0);
    park_more();
    NX_CHECK(starting_ > 0);
    look_.wait(lock, [this] { return !parked_.empty(); });
    appoint_driver();
  }
  watch();
  await_workers();
  sunk_.reset();
  deliver();
  loop_.finish();
}

void AsioHandOff::watch() {
  std::unique_lock lock(mutex_);
  std::uint64_t last = 0;
  int idle_looks = 0;
  while (!ended_) {
    const std::uint64_t now = in_place_.look();
    if (InPlace::under_way(now) && now == last) hand_off(now);
    idle_looks = now == last ? idle_looks + 1 : 0;
    last = now;
    sink_slow_ones();
    help_driver();
    wait_for_next_look(lock, idle_looks);
  }
}

// Does meanwhile what is asked for between two looks.
void AsioHandOff::wait_for_next_look(std::unique_lock<std::mutex>& lock, int idle_looks) {
  const auto next = std::chrono::steady_clock::now() + options_.time_between_looks;
  do {
    deliver();
    park_more();
    if (ended_) return;
  } while (look_.wait_until(lock, next) == std::cv_status::no_timeout);
  if (ended_ || idle_looks < kLingerLooks || parked_.size() < kParked || slow_ > 0) return;
  watch_asleep_ = 1;
  // What came before it could see the flag keeps the watch awake.
  if (InPlace::under_way(in_place_.look()) || slow_ > 0 || !outbox_.empty()) watch_asleep_ = 0;
  lock.unlock();
  watch_asleep_.wait(1);
  lock.lock();
}

// Without the mutex: a sunk thread would keep it for as long as others want the processor.
void AsioHandOff::wake_watch() {
  if (watch_asleep_.exchange(0) != 0)
    watch_asleep_.notify_one();
  else
    look_.notify_one();
}

void AsioHandOff::send(std::function<void()> task) {
  outbox_.push(std::move(task));
  wake_watch();
}

// In the name of threads that had better not.
void AsioHandOff::deliver() {
  outbox_.drain([this](std::function<void()> task) { loop_.post(std::move(task)); });
}

// Once the task in place is ended here, its thread owns nothing, and what is on the loop belongs to
// this thread until it passes the loop on.
void AsioHandOff::hand_off(std::uint64_t run) {
  // Before the end: the thread asks was_slow() as soon as it sees that.
  let_run_beside(*driver_, options_.time_between_looks);
  if (!in_place_.end(run)) return undecided_.pop_back();
  ++slow_;
  appoint_driver();
}

// It is slow once it has used that much of the processor from now on.
void AsioHandOff::let_run_beside(Worker& worker, std::chrono::nanoseconds processor_time) {
  worker.slow_from = read_clock(worker.processor) + processor_time;
  worker.standing = Worker::Standing::kUndecided;
  undecided_.push_back(&worker);
}

// Only its appetite tells whether a task is slow, or is quick and waits for a processor; a quick
// one must not be made to wait longer. The threads of those in undecided_ have not ended.
void AsioHandOff::sink_slow_ones() {
  bool room_for_new = false;
  std::erase_if(undecided_, [&](Worker* worker) {
    if (worker->looks_as_new > 1)
      --worker->looks_as_new;
    else
      room_for_new |= make_room_for_new(*worker);
    auto undecided = Worker::Standing::kUndecided;
    if (read_clock(worker->processor) < worker->slow_from ||
        !worker->standing.compare_exchange_strong(undecided, Worker::Standing::kSinking))
      return false;
    room_for_new |= make_room_for_new(*worker);
    sink(worker->system_id);
    worker->standing = Worker::Standing::kSunk;
    return true;
  });
  if (room_for_new) loop_.post([this] { post_turn(); });
}

// Where several sunk threads share a processor, one that wakes there may wait for two ticks behind
// them, whatever its priority and its slice (Linux 6.18). So may a loop that has not worked since
// the last look.
void AsioHandOff::help_driver() {
  if (slow_ == 0) return;
  const std::chrono::nanoseconds used = read_clock(driver_->processor);
  if (used == driver_used_) let_run_here(driver_->system_id);
  driver_used_ = used;
}

// False when it is not new any more.
bool AsioHandOff::make_room_for_new(Worker& worker) {
  if (std::exchange(worker.looks_as_new, 0) == 0) return false;
  --new_ones_;
  return true;
}

void AsioHandOff::appoint_driver() {
  driver_ = parked_.back();
  parked_.pop_back();
  has_parked_ = !parked_.empty();
  loop_.pass_to(driver_->thread.get_id());
  driver_->appointed.notify_one();
}

// Without a parked thread no task is run in place, and without two nothing new beside the loop.
void AsioHandOff::park_more() {
  bool refused = false;
  while (!ended_ && !refused && parked_.size() + starting_ < kParked) {
    auto worker = std::make_unique<Worker>();
    try {
      worker->thread = std::thread([this, self = worker.get()]() noexcept { work(*self); });
      worker.release();  // the next one to leave deletes it
      ++starting_;
      ++workers_;
    } catch (const std::system_error&) {
      refused = true;  // tried again at the next look
    }
  }
  if (short_of_threads_.exchange(refused) != refused) loop_.post([this] { post_turn(); });
}

void AsioHandOff::await_workers() {
  {
    const std::lock_guard lock(mutex_);
    for (Worker* worker : parked_) worker->appointed.notify_one();
  }
  for (int left = workers_; left > 0; left = workers_) workers_.wait(left);
  const std::unique_ptr<Worker> last(last_to_leave_.exchange(nullptr));
  last->thread.join();
}

// --- Workers

void AsioHandOff::work(Worker& self) noexcept {
  t_worker = &self;
  const std::shared_ptr<void> kept = begin_thread();
  ask_for_short_slices();
  self.system_id = gettid();
  self.processor = own_processor_clock();
  {
    const std::lock_guard lock(mutex_);
    --starting_;
  }
  while (park(self)) {
    if (self.task) {
      ask_for_usual_slices();  // the loop comes first
      std::exchange(self.task, nullptr)();
      ask_for_short_slices();
    } else if (loop_.drive()) {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      break;
    }
    if (self.standing == Worker::Standing::kSunk) break;
  }
  leave(self);
}

// Until this thread is to drive the loop or has a task. False when the end has come instead.
bool AsioHandOff::park(Worker& self) {
  std::unique_lock lock(mutex_);
  parked_.push_back(&self);
  has_parked_ = true;
  look_.notify_one();
  // Tasks may have waited for this.
  loop_.post([this] { post_turn(); });
  self.appointed.wait(lock,
                      [&] { return ended_ || self.task || loop_.owner() == self.thread.get_id(); });
  if (self.task || !ended_) return true;
  std::erase(parked_, &self);
  return false;
}

// To be asked once at the end of each task that ran beside the loop, by its thread.
bool AsioHandOff::was_slow(Worker& self) {
  auto undecided = Worker::Standing::kUndecided;
  if (!self.standing.compare_exchange_strong(undecided, Worker::Standing::kEnded)) {
    while (self.standing == Worker::Standing::kSinking) std::this_thread::yield();
    return true;
  }
  const std::lock_guard lock(mutex_);
  std::erase(undecided_, &self);
  make_room_for_new(self);
  return read_clock(self.processor) >= self.slow_from;
}

// A sunk thread may take long to end. So nobody waits for it but the next one to leave.
void AsioHandOff::leave(Worker& self) {
  const std::unique_ptr<Worker> previous(last_to_leave_.exchange(&self));
  if (previous) previous->thread.join();
  wake_watch();
  --workers_;
  workers_.notify_one();
}

}  // namespace

std::unique_ptr<HandOff> HandOff::create(Options options) {
  return std::make_unique<AsioHandOff>(std::move(options));
}

}  // namespace nexus::loop
