#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "nexus/loop/loop.h"

namespace nexus::loop {

// A loop for tests: tasks run, and time passes, when the test says so. One thread.
class ManualLoop : public Loop {
 public:
  struct Alarm {
    std::chrono::milliseconds delay;  // as it was asked for
    std::chrono::milliseconds at;     // since the loop was made
    std::function<void()> task;       // empty once cancelled or run
  };

  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  std::unique_ptr<Timer> after(std::chrono::milliseconds delay,
                               std::function<void()> task) override {
    auto alarm = std::make_shared<Alarm>(Alarm{delay, now_ + delay, std::move(task)});
    alarms.push_back(alarm);
    return std::make_unique<Handle>(std::move(alarm));
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
  // Lets time pass and runs what is due, in order.
  void advance(std::chrono::milliseconds time) {
    now_ += time;
    drain();
    while (const auto due = take_due()) {
      due();
      drain();
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
  struct Handle : Timer {
    explicit Handle(std::shared_ptr<Alarm> a) : alarm(std::move(a)) {}
    ~Handle() override { alarm->task = nullptr; }
    std::shared_ptr<Alarm> alarm;
  };

  std::function<void()> take_due() {
    std::shared_ptr<Alarm> first;
    for (const auto& alarm : alarms)
      if (alarm->task && alarm->at <= now_ && (!first || alarm->at < first->at)) first = alarm;
    return first ? std::exchange(first->task, nullptr) : nullptr;
  }

  std::chrono::milliseconds now_{0};
  std::deque<std::function<void()>> tasks_;
};

}  // namespace nexus::loop
