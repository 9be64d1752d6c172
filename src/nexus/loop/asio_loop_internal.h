#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "nexus/loop/loop.h"

namespace nexus::loop {

// The loop, and the token that says which thread drives it. Only the owner of the token touches
// what lives on the loop.
class AsioLoop : public Loop {
 public:
  // `threads`: how many may be inside drive() at once; one spares Asio most of its locking.
  explicit AsioLoop(int threads);
  ~AsioLoop() override;

  void post(std::function<void()> task) override;
  std::unique_ptr<Timer> after(std::chrono::milliseconds delay,
                               std::function<void()> task) override;
  void run() noexcept override;
  void stop() override;
  bool on_loop_thread() const override;
  boost::asio::io_context& context() override { return *context_; }

  // Names the next driver. By the owner or for it: while it is in a callback that touches nothing
  // of the loop any more.
  void pass_to(std::thread::id thread) { owner_.store(thread); }
  std::thread::id owner() const { return owner_.load(); }
  // Drives the loop for as long as this thread is the owner. True when that was until stop().
  bool drive();
  // Undoes stop() and the ownership. When no thread is inside drive().
  void finish();

 private:
  const std::unique_ptr<boost::asio::io_context> context_;
  const std::shared_ptr<void> work_;  // drive() waits for stop(), not for work
  std::atomic<std::thread::id> owner_{};
};

}  // namespace nexus::loop
