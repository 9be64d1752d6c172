#include "nexus/loop/hand_off.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
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

// How the last task of each kind was; kTried while the first one is under way. Kinds that fall on one
// place displace each other.
class Paces {
 public:
  enum class Pace { kUnknown, kTried, kQuick, kSlow };

  // Kind 0, which says nothing of a task, counts as quick.
  Pace of(std::uint64_t kind) const {
    if (kind == 0) return Pace::kQuick;
    const Place& place = places_[kind % places_.size()];
    return place.kind == kind ? place.pace : Pace::kUnknown;
  }
  void note(std::uint64_t kind, Pace pace) {
    if (kind != 0) places_[kind % places_.size()] = {kind, pace};
  }
  void note_start(std::uint64_t kind) {
    if (of(kind) == Pace::kUnknown) note(kind, Pace::kTried);
  }

 private:
  struct Place {
    std::uint64_t kind = 0;
    Pace pace = Pace::kUnknown;
  };
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

// Whether this thread runs tasks, and so may be at a low priority when it does not drive the loop.
thread_local bool t_runs_tasks = false;

class AsioHandOff final : public HandOff, private Executor {
  using Pace = Paces::Pace;

 public:
  explicit AsioHandOff(Options options) : options_(std::move(options)), loop_(*this) {
    NX_CHECK(options_.max_slow > 0);
    // Never refuses: slow_ bounds what it is given.
    lane_ = ThreadPool::create(options_.max_slow, options_.max_slow, [this] {
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

  struct Driver {
    std::thread::id thread;
    pid_t system_id = 0;
    clockid_t processor = {};  // counts the processor time of the thread
  };

  // A task that has lost the loop. Only its appetite tells whether it is slow, or was quick and
  // waited for a processor; a quick one must not be made to wait longer.
  struct Slow {
    Driver driver;
    std::chrono::nanoseconds processor_time;  // when it lost the loop
    bool low_priority;
  };

  bool submit(std::function<void()> task, std::uint64_t kind) override;
  void post_turn();
  void turn();
  void run_in_place(std::deque<Task>& tasks);
  void start_beside();
  bool was_slow();
  void end_slow(std::uint64_t kind, bool was_slow);

  void run() noexcept;
  void watch();
  void wait_for_next_look(std::unique_lock<std::mutex>& lock, int idle_looks);
  void wake_watch();
  void send(std::function<void()> task);
  void deliver();
  void hand_off(std::uint64_t run);
  void lower_priorities();
  void appoint_spare();
  void tend_threads(std::unique_lock<std::mutex>& lock);
  void join_all();

  std::shared_ptr<void> begin_thread() const {
    t_runs_tasks = true;
    return options_.on_thread_start ? options_.on_thread_start() : nullptr;
  }
  void be_spare() noexcept;
  bool wait_for_appointment();

  const Options options_;
  WatchedLoop loop_;

  // On the loop.
  std::deque<Task> waiting_;         // of quick kinds, and those that say nothing
  std::deque<Task> waiting_beside_;  // new ones, and of slow kinds
  bool turn_posted_ = false;
  unsigned slow_ = 0;  // tasks that run beside the loop, handed off or not
  Paces paces_;

  InPlace in_place_;
  Outbox outbox_;
  std::atomic<bool> watch_asleep_ = false;
  std::atomic<bool> has_spare_ = false;

  std::mutex mutex_;
  std::condition_variable look_;
  std::condition_variable appointed_;
  // Guarded by mutex_.
  Driver driver_;
  std::vector<Driver> spares_;
  std::vector<Slow> slow_tasks_;  // those that were handed off
  std::map<std::thread::id, std::thread> threads_;
  std::vector<std::thread> gone_;  // have lost the loop and are about to end
  bool ended_ = false;

  std::unique_ptr<ThreadPool>
      lane_;  // for what runs beside the loop from the start; last, it uses everything above
};

// --- On the loop

bool AsioHandOff::submit(std::function<void()> task, std::uint64_t kind) {
  NX_DCHECK(loop_.on_loop_thread());
  if (waiting_.size() + waiting_beside_.size() >= options_.max_waiting) return false;
  const bool quick = paces_.of(kind) == Pace::kQuick;
  (quick ? waiting_ : waiting_beside_).push_back({std::move(task), kind});
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
  if (slow_ > options_.max_slow || !has_spare_.load()) return;
  if (!waiting_.empty()) return run_in_place(waiting_);
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
  if (watch_asleep_.load()) wake_watch();
  task.run();
  task.run = nullptr;
  if (in_place_.end(run)) {
    // A kind that has turned out to be slow meanwhile stays so until one is quick beside the loop.
    if (paces_.of(task.kind) == Pace::kTried) paces_.note(task.kind, Pace::kQuick);
    return;
  }
  // This thread has lost the loop while it ran the task, and owns nothing any more.
  loop_.post([this, kind = task.kind, slow = was_slow()] { end_slow(kind, slow); });
}

// To be asked once by each thread that has lost the loop.
bool AsioHandOff::was_slow() {
  const std::lock_guard lock(mutex_);
  const auto self = std::find_if(slow_tasks_.begin(), slow_tasks_.end(), [](const Slow& slow) {
    return slow.driver.thread == std::this_thread::get_id();
  });
  NX_CHECK(self != slow_tasks_.end());
  const bool slow = self->low_priority;
  slow_tasks_.erase(self);
  return slow;
}

void AsioHandOff::start_beside() {
  while (!waiting_beside_.empty() && slow_ < options_.max_slow) {
    ++slow_;
    auto task = std::make_shared<Task>(std::move(waiting_beside_.front()));
    waiting_beside_.pop_front();
    paces_.note_start(task->kind);
    const bool accepted = lane_->submit([this, task] {
      const auto start = read_clock(CLOCK_THREAD_CPUTIME_ID);
      task->run();
      task->run = nullptr;
      const bool slow = read_clock(CLOCK_THREAD_CPUTIME_ID) - start >= options_.time_between_looks;
      loop_.post([this, kind = task->kind, slow] { end_slow(kind, slow); });
    });
    NX_CHECK(accepted);
  }
}

void AsioHandOff::end_slow(std::uint64_t kind, bool was_slow) {
  --slow_;
  paces_.note(kind, was_slow ? Pace::kSlow : Pace::kQuick);
  post_turn();
}

// --- The watching thread

void AsioHandOff::run() noexcept {
  ask_for_short_slices();
  {
    std::unique_lock lock(mutex_);
    NX_CHECK(!ended_ && threads_.empty());
    tend_threads(lock);
    NX_CHECK(!spares_.empty());
    appoint_spare();
  }
  watch();
  join_all();
  lane_.reset();
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
    deliver();
    lower_priorities();
    tend_threads(lock);
    wait_for_next_look(lock, idle_looks);
  }
}

void AsioHandOff::wait_for_next_look(std::unique_lock<std::mutex>& lock, int idle_looks) {
  if (ended_) return;
  const bool undecided = std::any_of(slow_tasks_.begin(), slow_tasks_.end(),
                                     [](const Slow& slow) { return !slow.low_priority; });
  if (idle_looks < kLingerLooks || spares_.empty() || undecided) {
    look_.wait_for(lock, options_.time_between_looks);
    return;
  }
  watch_asleep_ = true;
  // What came before it could see the flag keeps the watch awake.
  if (InPlace::under_way(in_place_.look()) || !outbox_.empty()) watch_asleep_ = false;
  look_.wait(lock, [this] { return ended_ || !watch_asleep_; });
}

void AsioHandOff::wake_watch() {
  {
    const std::lock_guard lock(mutex_);
    watch_asleep_ = false;
  }
  look_.notify_one();
}

void AsioHandOff::send(std::function<void()> task) {
  outbox_.push(std::move(task));
  if (watch_asleep_.load())
    wake_watch();
  else
    look_.notify_one();
}

// In the name of threads that had better not.
void AsioHandOff::deliver() {
  outbox_.drain([this](std::function<void()> task) { loop_.post(std::move(task)); });
}

// Once the task in place is ended here, its thread owns nothing, and what is on the loop belongs to
// this thread until it passes the loop on.
void AsioHandOff::hand_off(std::uint64_t run) {
  if (!in_place_.end(run)) return;
  ++slow_;
  slow_tasks_.push_back({driver_, read_clock(driver_.processor), false});
  appoint_spare();
}

// The threads are there still: before they end they leave slow_tasks_.
void AsioHandOff::lower_priorities() {
  for (Slow& slow : slow_tasks_) {
    if (slow.low_priority) continue;
    const auto used = read_clock(slow.driver.processor) - slow.processor_time;
    if (used < options_.time_between_looks) continue;
    sink(slow.driver.system_id);
    slow.low_priority = true;
  }
}

void AsioHandOff::appoint_spare() {
  driver_ = spares_.back();
  spares_.pop_back();
  has_spare_ = !spares_.empty();
  loop_.pass_to(driver_.thread);
  appointed_.notify_all();
}

// Sees to it that there is a spare: without one no task is run in place.
void AsioHandOff::tend_threads(std::unique_lock<std::mutex>& lock) {
  if (!spares_.empty()) return;
  auto gone = std::exchange(gone_, {});
  lock.unlock();
  for (std::thread& thread : gone) thread.join();
  std::thread made;
  try {
    made = std::thread([this]() noexcept { be_spare(); });
  } catch (const std::system_error&) {
    // The system has no thread for us now: tried again at the next look.
  }
  lock.lock();
  if (!made.joinable()) return;
  threads_.emplace(made.get_id(), std::move(made));
  look_.wait(lock, [this] { return ended_ || !spares_.empty(); });
}

void AsioHandOff::join_all() {
  std::vector<std::thread> all;
  {
    const std::lock_guard lock(mutex_);
    all = std::exchange(gone_, {});
    for (auto& [id, thread] : threads_) all.push_back(std::move(thread));
    threads_.clear();
  }
  for (std::thread& thread : all) thread.join();
}

// --- Threads that drive, one at a time

void AsioHandOff::be_spare() noexcept {
  const std::shared_ptr<void> kept = begin_thread();
  ask_for_short_slices();
  if (!wait_for_appointment()) return;
  const bool stopped = loop_.drive();
  const std::lock_guard lock(mutex_);
  if (stopped) {
    ended_ = true;
    appointed_.notify_all();
    look_.notify_one();
    return;
  }
  const auto self = threads_.find(std::this_thread::get_id());
  if (self == threads_.end()) return;  // it is being joined
  gone_.push_back(std::move(self->second));
  threads_.erase(self);
}

// False when the end has come instead.
bool AsioHandOff::wait_for_appointment() {
  const std::thread::id self = std::this_thread::get_id();
  std::unique_lock lock(mutex_);
  spares_.push_back({self, gettid(), own_processor_clock()});
  has_spare_ = true;
  look_.notify_one();
  // Tasks may have waited for a spare.
  loop_.post([this] { post_turn(); });
  appointed_.wait(lock, [&] { return ended_ || loop_.owner() == self; });
  return !ended_;
}

}  // namespace

std::unique_ptr<HandOff> HandOff::create(Options options) {
  return std::make_unique<AsioHandOff>(std::move(options));
}

}  // namespace nexus::loop
