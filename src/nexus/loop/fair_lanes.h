#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "nexus/loop/loop.h"

namespace nexus::loop {

// Shares an executor fairly: each lane gets its turn, however many tasks the others have, and no lane can take all of
// what runs at once. Within a lane tasks start in order of submission. Lives on the loop.
class FairLanes {
 public:
  struct Options {
    std::size_t max_running = 1;           // tasks given to the executor and not finished
    std::size_t max_running_per_lane = 1;  // of them, of one lane
    std::size_t max_waiting_per_lane = 1000;  // besides those; one more is refused
  };

  // Both outlive it, and every task that it gave away.
  FairLanes(Loop& loop, Executor& executor, Options options);
  ~FairLanes();
  FairLanes(const FairLanes&) = delete;
  FairLanes& operator=(const FairLanes&) = delete;

  // The lane of that name, which FairLanes outlives.
  std::shared_ptr<Executor> lane(const std::string& name);

  std::size_t waiting() const { return waiting_; }
  std::size_t running() const { return running_; }

 private:
  class Lane;

  void enter(const std::shared_ptr<Lane>& lane);
  void dispatch();
  std::shared_ptr<Lane> next_lane();
  bool start(const std::shared_ptr<Lane>& lane);
  void finish(Lane& lane);

  Loop& loop_;
  Executor& executor_;
  const Options options_;
  std::map<std::string, std::weak_ptr<Lane>> lanes_;
  std::deque<std::shared_ptr<Lane>> rotation_;  // those with tasks, the next to be served first
  std::size_t waiting_ = 0;
  std::size_t running_ = 0;
  std::unique_ptr<Timer> retry_;  // set while the executor has no room
  // Lets a task that ends late find out that there is nobody to tell.
  const std::shared_ptr<FairLanes*> self_ = std::make_shared<FairLanes*>(this);
};

}  // namespace nexus::loop
