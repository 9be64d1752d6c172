#include "nexus/loop/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "nexus/base/check.h"
#include "nexus/loop/asio_loop_internal.h"

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

}  // namespace

AsioLoop::AsioLoop(int threads)
    : context_(std::make_unique<asio::io_context>(threads)),
      work_(std::make_shared<asio::executor_work_guard<asio::io_context::executor_type>>(
          context_->get_executor())) {}

AsioLoop::~AsioLoop() = default;

void AsioLoop::post(std::function<void()> task) { asio::post(*context_, std::move(task)); }

void AsioLoop::stop() { context_->stop(); }

std::unique_ptr<Timer> AsioLoop::after(std::chrono::milliseconds delay,
                                       std::function<void()> task) {
  NX_DCHECK(on_loop_thread());
  auto alarm = std::make_shared<Alarm>(*context_);
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
void AsioLoop::run() noexcept {
  pass_to(std::this_thread::get_id());
  drive();
  finish();
}

bool AsioLoop::drive() {
  const std::thread::id self = std::this_thread::get_id();
  while (owner() == self)
    if (context_->run_one() == 0) return true;
  return false;
}

void AsioLoop::finish() {
  // After the run and not before, so that a stop() that came first still counts.
  context_->restart();
  pass_to({});
}

bool AsioLoop::on_loop_thread() const {
  const std::thread::id owner = this->owner();
  return owner == std::thread::id() || owner == std::this_thread::get_id();
}

std::unique_ptr<Loop> Loop::create() { return std::make_unique<AsioLoop>(1); }

}  // namespace nexus::loop
