#include "nexus/loop/fair_lanes.h"

#include <utility>

#include "nexus/base/check.h"

namespace nexus::loop {
namespace {

// How soon a task is offered again to an executor that had no room.
constexpr std::chrono::milliseconds kRetryDelay{5};

}  // namespace

class FairLanes::Lane final : public Executor, public std::enable_shared_from_this<Lane> {
 public:
  explicit Lane(FairLanes& lanes) : lanes_(lanes) {}

  bool submit(std::function<void()> task, std::uint64_t kind) override {
    if (tasks.size() >= lanes_.options_.max_waiting_per_lane) return false;
    tasks.push_back({std::move(task), kind});
    lanes_.enter(shared_from_this());
    return true;
  }

  struct Task {
    std::function<void()> run;
    std::uint64_t kind;
  };

  std::deque<Task> tasks;
  std::size_t running = 0;

 private:
  FairLanes& lanes_;
};

FairLanes::FairLanes(Loop& loop, Executor& executor, Options options)
    : loop_(loop), executor_(executor), options_(options) {
  NX_CHECK(options_.max_running > 0 && options_.max_running_per_lane > 0);
}

FairLanes::~FairLanes() = default;

std::shared_ptr<Executor> FairLanes::lane(const std::string& name) {
  std::weak_ptr<Lane>& known = lanes_[name];
  auto lane = known.lock();
  if (!lane) known = lane = std::make_shared<Lane>(*this);
  std::erase_if(lanes_, [](const auto& entry) { return entry.second.expired(); });
  return lane;
}

void FairLanes::enter(const std::shared_ptr<Lane>& lane) {
  ++waiting_;
  if (lane->tasks.size() == 1) rotation_.push_back(lane);
  dispatch();
}

void FairLanes::dispatch() {
  while (!retry_ && running_ < options_.max_running) {
    const auto lane = next_lane();
    if (!lane) return;
    if (start(lane)) continue;
    rotation_.push_front(lane);
    retry_ = loop_.after(kRetryDelay, [this] {
      retry_.reset();
      dispatch();
    });
  }
}

// Takes the first lane that may run one more out of the rotation; the others keep their order.
std::shared_ptr<FairLanes::Lane> FairLanes::next_lane() {
  for (auto place = rotation_.begin(); place != rotation_.end(); ++place) {
    if ((*place)->running >= options_.max_running_per_lane) continue;
    auto lane = *place;
    rotation_.erase(place);
    return lane;
  }
  return nullptr;
}

bool FairLanes::start(const std::shared_ptr<Lane>& lane) {
  Lane::Task task = std::move(lane->tasks.front());
  auto run = std::make_shared<std::function<void()>>(std::move(task.run));
  const bool accepted = executor_.submit(
      [run, lane, self = std::weak_ptr(self_), &loop = loop_]() mutable {
        (*run)();
        run.reset();
        // The lane belongs to the loop and ends there.
        loop.post([lane = std::move(lane), self = std::move(self)] {
          if (const auto lanes = self.lock()) (*lanes)->finish(*lane);
        });
      },
      task.kind);
  if (!accepted) {
    lane->tasks.front().run = std::move(*run);
    return false;
  }
  lane->tasks.pop_front();
  --waiting_;
  ++running_;
  ++lane->running;
  if (!lane->tasks.empty()) rotation_.push_back(lane);
  return true;
}

void FairLanes::finish(Lane& lane) {
  --running_;
  --lane.running;
  dispatch();
}

}  // namespace nexus::loop
