#include "nexus/loop/loop.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "nexus/base/check.h"

namespace nexus::loop {
namespace {

namespace asio = boost::asio;

// Shared between the Timer and the pending wait: cancelling a wait whose completion is queued
// already does not unqueue it, so the wait asks `task` whether it is still wanted.
struct Alarm {
  explicit Alarm(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::function<void()> task;  // empty once cancelled or run
};

class AsioTimer final : public Timer {
 public:
  explicit AsioTimer(std::shared_ptr<Alarm> alarm) : alarm_(std::move(alarm)) {}
  ~AsioTimer() override {
    alarm_->task = nullptr;
    alarm_->timer.cancel();
  }
  AsioTimer(const AsioTimer&) = delete;
  AsioTimer& operator=(const AsioTimer&) = delete;

 private:
  const std::shared_ptr<Alarm> alarm_;
};

class AsioLoop final : public Loop {
 public:
  // The hint of one thread spares Asio most of its locking; post() from other threads stays legal.
  AsioLoop() : context_(1), work_(context_.get_executor()) {}

  void post(std::function<void()> task) override { asio::post(context_, std::move(task)); }

  std::unique_ptr<Timer> after(std::chrono::milliseconds delay,
                               std::function<void()> task) override {
    NX_DCHECK(on_loop_thread());
    auto alarm = std::make_shared<Alarm>(context_);
    alarm->task = std::move(task);
    alarm->timer.expires_after(delay);
    alarm->timer.async_wait([alarm](const boost::system::error_code&) {
      // Moved out first: the task may destroy its own Timer.
      const std::function<void()> wanted = std::exchange(alarm->task, nullptr);
      if (wanted) wanted();
    });
    return std::make_unique<AsioTimer>(std::move(alarm));
  }

  // noexcept: an exception that leaves a task is a bug, and terminating here keeps the stack that
  // threw it in the core file.
  void run() noexcept override {
    driver_.store(std::this_thread::get_id());
    context_.run();
    context_
        .restart();  // after the run and not before, so that a stop() that came first still counts
    driver_.store(std::thread::id());
  }

  void stop() override { context_.stop(); }

  bool on_loop_thread() const override {
    const std::thread::id driver = driver_.load();
    return driver == std::thread::id() || driver == std::this_thread::get_id();
  }

  asio::io_context& context() override { return context_; }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type>
      work_;  // run() waits for stop(), not for work
  std::atomic<std::thread::id> driver_{};
};

}  // namespace

std::unique_ptr<Loop> Loop::create() { return std::make_unique<AsioLoop>(); }

}  // namespace nexus::loop
