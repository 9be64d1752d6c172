#include "lifecycle.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>

namespace nexusd {
namespace {

constexpr std::uint16_t kGoingAway = 1001;  // RFC 6455 section 7.4.1
constexpr std::chrono::milliseconds kBetweenLooks{20};

}  // namespace

void Shutdown::next() {
  if (step_ == Step::kRunning) {
    spdlog::info("the server is stopping");
    step_ = Step::kAnnounced;
    parts_.server.announce_stop();
    if (times_.delay.count() == 0) return stop_server();
    timer_ = parts_.loop.after(times_.delay, [this] { stop_server(); });
    return;
  }
  spdlog::warn("the server is asked again to stop, and waits for nothing more");
  hurried_ = true;
  if (step_ == Step::kAnnounced) stop_server();
  if (step_ == Step::kStopping) parts_.server.hurry();
  if (step_ == Step::kAwaitingRuns) end_runs();
}

void Shutdown::stop_server() {
  step_ = Step::kStopping;
  timer_.reset();
  deadline_ = std::chrono::steady_clock::now() + times_.timeout;
  parts_.server.stop([this] {
    step_ = Step::kAwaitingRuns;
    await_runs();
  });
}

// Runs that nobody waits for, of intervals for example, have the rest of the time.
void Shutdown::await_runs() {
  const bool idle = parts_.engine.stats().instances_active == 0;
  if (idle || hurried_ || std::chrono::steady_clock::now() >= deadline_) return end_runs();
  timer_ = parts_.loop.after(kBetweenLooks, [this] { await_runs(); });
}

void Shutdown::end_runs() {
  step_ = Step::kEnding;
  timer_.reset();
  parts_.engine.shutdown();  // ends the runs under way, which the panels wait for
  parts_.workspace.shutdown(kGoingAway, "the server is shutting down", [this] { parts_.loop.stop(); });
}

Signals::Signals(nexus::loop::Loop& loop, std::function<void()> stop, std::function<void()> reload)
    : signals_(loop.context(), SIGINT, SIGTERM, SIGHUP),
      stop_(std::move(stop)),
      reload_(std::move(reload)) {
  wait();
}

Signals::~Signals() {
  boost::system::error_code ignored;
  signals_.clear(ignored);  // which gives back the default actions
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_IGN);
}

void Signals::wait() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    wait();
    on_signal(number);
  });
}

void Signals::on_signal(int number) {
  if (number == SIGHUP) return reload_();
  if (++stops_ > 2) _exit(128 + number);
  stop_();
}

}  // namespace nexusd
