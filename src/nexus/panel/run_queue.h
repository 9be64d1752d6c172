#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "nexus/panel/run.h"
#include "nexus/panel/workspace.h"

namespace nexus::panel {

// The first segment of a run.
struct StartTurn {
  std::shared_ptr<Run> run;
  engine::RunRequest request;
};
// A later segment: the answer of a call that the run waits for.
struct ResumeTurn {
  std::shared_ptr<Run> run;
  std::string suspension_id;
  engine::AsyncResult answer;
};
// A write that needs no handler.
struct WriteTurn {
  SetRequest request;
};
struct Reload;  // reload.h
// Another document takes the place of the panel's.
struct ReloadTurn {
  std::shared_ptr<Reload> reload;
};
using Turn = std::variant<StartTurn, ResumeTurn, WriteTurn, ReloadTurn>;

// How many starts and writes wait in all the queues that share it.
struct Quota {
  std::size_t max = std::numeric_limits<std::size_t>::max();
  std::size_t waiting = 0;
};

// Who goes next in one panel: one turn at a time, in order of arrival. Between the segments of a
// suspended run others have their turns; its answers queue like everything else. Loop thread only.
class RunQueue {
 public:
  explicit RunQueue(std::size_t max_newcomers,
                    std::shared_ptr<Quota> shared = std::make_shared<Quota>())
      : max_newcomers_(max_newcomers), shared_(std::move(shared)) {}
  ~RunQueue() { shared_->waiting -= newcomers_; }
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  // Lets a start or a write in; false, and `turn` untouched, when `max_newcomers` of them wait
  // already, or in all queues together as many as may.
  [[nodiscard]] bool admit(Turn& turn);
  // Lets one in whatever the bounds say: `mount` and `unmount`.
  void admit_anyway(Turn turn);
  // Whether one more would be too many for this queue alone.
  bool full() const { return newcomers_ >= max_newcomers_; }
  // Lets the answer of an open call in. Always room: a run has a bounded number of open calls.
  void resume(ResumeTurn turn);
  // Lets a reload in, before all but earlier reloads.
  void reload(ReloadTurn turn);

  // Begins the next turn; nothing while one is under way, or when nobody waits.
  std::optional<Turn> next();
  // Ends the turn that next() began.
  void finish();
  // Ends the turn that next() began, undone: it will be the next one again.
  void put_back(Turn turn);

  bool busy() const { return busy_; }
  std::size_t waiting() const { return turns_.size(); }
  // Empties the queue; a turn under way is not touched.
  std::vector<Turn> drain();

 private:
  void count_newcomer();
  void forget_newcomers(std::size_t count);

  const std::size_t max_newcomers_;
  const std::shared_ptr<Quota> shared_;
  std::deque<Turn> turns_;
  std::size_t newcomers_ = 0;  // starts and writes among them
  bool busy_ = false;
};

}  // namespace nexus::panel
