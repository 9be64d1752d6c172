#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/loop/loop.h"

// Time that passes when the test says so, for the tests of this folder.
namespace nexus::extension {

class ManualLoop : public loop::Loop {
 public:
  struct Alarm {
    std::chrono::milliseconds delay;
    std::function<void()> task;  // empty once cancelled or run
  };

  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  std::unique_ptr<loop::Timer> after(std::chrono::milliseconds delay,
                                     std::function<void()> task) override {
    auto alarm = std::make_shared<Alarm>(Alarm{delay, std::move(task)});
    alarms.push_back(alarm);
    return std::make_unique<Handle>(alarm);
  }
  void run() override {}
  void stop() override {}
  bool on_loop_thread() const override { return true; }
  boost::asio::io_context& context() override { std::abort(); }

  // Runs what was posted, and what that posts.
  void drain() {
    while (!tasks_.empty()) {
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }
  // Lets every alarm that is set go off.
  void fire_all() {
    for (auto& alarm : std::exchange(alarms, {}))
      if (const auto task = std::exchange(alarm->task, nullptr)) task();
  }
  std::size_t armed() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(alarms, [](const auto& alarm) { return alarm->task != nullptr; }));
  }

  std::vector<std::shared_ptr<Alarm>> alarms;

 private:
  struct Handle : loop::Timer {
    explicit Handle(std::shared_ptr<Alarm> a) : alarm(std::move(a)) {}
    ~Handle() override { alarm->task = nullptr; }
    std::shared_ptr<Alarm> alarm;
  };

  std::deque<std::function<void()>> tasks_;
};

class FixedClock : public Clock {
 public:
  Steady now() const override { return {}; }
  Wall wall() const override { return time; }
  Wall time{std::chrono::milliseconds{1'700'000'000'123}};
};

}  // namespace nexus::extension
