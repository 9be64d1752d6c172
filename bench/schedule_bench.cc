// Who should run a handler: the thread that drives the loop, a pool of threads, or the loop's
// thread until the handler turns out to be slow? And what do other panels notice of endless loops?
//
// Real panels with a real engine, everything between a trigger and its result included, sockets
// excluded. "p50" and "p99" are latencies of short runs that arrive at a fixed rate, whether or not
// the earlier ones are done; "runs/s" is what the same panels do when each starts its next run at
// the end of the last.
//   schedule_bench [ROUNDS]     (a round takes two and a half minutes)
// Figures are medians over the rounds, each of which measures everything once. Read them as ratios.

#include <fmt/format.h>
#include <sched.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "nexus/loop/hand_off.h"
#include "nexus/loop/thread_priority_internal.h"
#include "nexus/panel/workspace.h"
#include "nexus/sandbox/entry.h"

namespace nexus::bench {
namespace {

using Time = std::chrono::steady_clock::time_point;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr unsigned kMaxInstances = 10;
constexpr int kShortPanels = 16;
constexpr microseconds kInterval{500};   // between arrivals
constexpr milliseconds kOpenTime{6000};  // longer than the time limit: endless runs end in it
constexpr milliseconds kClosedTime{500};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "schedule_bench: {}\n", why);
  std::exit(1);
}

std::shared_ptr<void> sandbox_scope() { return std::make_shared<sandbox::ThreadScope>(); }

// Keeps the calling thread, which makes the load, on the processor that slow runs leave to others
// (loop/thread_priority_internal.h): what is measured is how long the loop takes.
class Undisturbed {
 public:
  Undisturbed() {
    if (sched_getaffinity(0, sizeof all_, &all_) != 0) give_up("the processors cannot be told");
    int first = 0;
    while (!CPU_ISSET(first, &all_)) ++first;
    cpu_set_t only_first;
    CPU_ZERO(&only_first);
    CPU_SET(first, &only_first);
    sched_setaffinity(0, sizeof only_first, &only_first);
  }
  ~Undisturbed() { sched_setaffinity(0, sizeof all_, &all_); }
  Undisturbed(const Undisturbed&) = delete;
  Undisturbed& operator=(const Undisturbed&) = delete;

 private:
  cpu_set_t all_;
};

// ---- Variants
// ---------------------------------------------------------------------------------------

// A loop and who runs its segments.
class Variant {
 public:
  virtual ~Variant() = default;
  virtual loop::Loop& loop() = 0;
  virtual loop::Executor& executor() = 0;
};

class InPlaceOnly final : public Variant, private loop::Executor {
 public:
  loop::Loop& loop() override { return *loop_; }
  loop::Executor& executor() override { return *this; }

 private:
  bool submit(std::function<void()> task, std::uint64_t) override {
    loop_->post(std::move(task));
    return true;
  }
  const std::unique_ptr<loop::Loop> loop_ = loop::Loop::create();
};

class ExecutorPool final : public Variant {
 public:
  loop::Loop& loop() override { return *loop_; }
  loop::Executor& executor() override { return *pool_; }

 private:
  const std::unique_ptr<loop::Loop> loop_ = loop::Loop::create();
  const std::unique_ptr<loop::ThreadPool> pool_ =
      loop::ThreadPool::create(kMaxInstances, 1000, sandbox_scope);
};

class HandOff : public Variant, private loop::Executor {
 public:
  explicit HandOff(bool remembers) : remembers_(remembers) {}
  loop::Loop& loop() override { return hand_off_->loop(); }
  loop::Executor& executor() override { return *this; }

 private:
  bool submit(std::function<void()> task, std::uint64_t kind) override {
    return hand_off_->executor().submit(std::move(task), remembers_ ? kind : 0);
  }
  const bool remembers_;
  const std::unique_ptr<loop::HandOff> hand_off_ =
      loop::HandOff::create({.max_slow = kMaxInstances, .on_thread_start = sandbox_scope});
};

const std::vector<std::string> kVariants = {"in place only", "executor pool", "hand-off",
                                            "hand-off, remembering"};

std::unique_ptr<Variant> make_variant(const std::string& name) {
  if (name == kVariants[0]) return std::make_unique<InPlaceOnly>();
  if (name == kVariants[1]) return std::make_unique<ExecutorPool>();
  return std::make_unique<HandOff>(name == kVariants[3]);
}

// ---- Panels
// -----------------------------------------------------------------------------------------

struct Load {
  std::string name;
  unsigned panels;
  bool endless;
  std::string handler;
};

const std::vector<Load> kLoads = {
    {"none", 0, false, ""},
    {"1 endless", 1, true, "while (true);"},
    {fmt::format("{} endless", kMaxInstances), kMaxInstances, true, "while (true);"},
    {"4 of 5 ms", 4, false, "const end = Date.now() + 5; while (Date.now() < end);"},
};

std::string panel_source(const std::string& handler) {
  return "<NexusPanel title=\"Bench\"><Data><State name=\"count\" type=\"number\" "
         "default=\"0\"/></Data><Logic>"
         "<Tool name=\"run\"><Handler><![CDATA[" +
         handler + "]]></Handler></Tool></Logic></NexusPanel>";
}

struct Figures {
  double p50_us = 0;
  double p99_us = 0;
  double runs_per_second = 0;
  double refused = 0;
};

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) give_up("no run came back");
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// One server: panels on a loop that another thread drives. Public methods are for the main thread.
class Stage {
 public:
  explicit Stage(Variant& variant) : variant_(variant) {
    panel::Settings settings;
    engine::Options options;
    options.max_instances = kMaxInstances + 2;
    options.limits = settings.limits;
    auto engine = engine::Engine::create(options);
    if (!engine.ok()) give_up(engine.error().message);
    engine_ = std::move(engine).take();
    loads_ = loop::ThreadPool::create(1, 100, sandbox_scope);
    workspace_ = panel::create_workspace(variant.loop(), {variant.executor(), *loads_}, *engine_,
                                         extensions_, Clock::system(), settings);
    driver_ = std::thread([this] {
      const sandbox::ThreadScope scope;
      variant_.loop().run();
    });
    for (int i = 0; i < kShortPanels; ++i) short_panels_.push_back(create("$state.count++"));
    closed_ = true;
    run_short_panels(milliseconds(50));  // compiles, and faults the instances' pages in
  }
  ~Stage() {
    variant_.loop().stop();
    driver_.join();
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  Figures measure(const Load& load) {
    std::vector<panel::Panel*> slow;
    for (unsigned i = 0; i < load.panels; ++i) slow.push_back(create(load.handler));
    on_loop([&] {
      slow_ = true;
      for (panel::Panel* const panel : slow) keep_running(*panel, slow_);
    });
    Figures figures;
    arrive();
    figures.p50_us = percentile(latencies_, 0.5);
    figures.p99_us = percentile(latencies_, 0.99);
    figures.refused = refused_;
    figures.runs_per_second = run_short_panels(kClosedTime);
    on_loop([&] { slow_ = false; });
    wait_until_idle();
    return figures;
  }

 private:
  void on_loop(const std::function<void()>& task) {
    std::promise<void> done;
    variant_.loop().post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

  panel::Panel* create(const std::string& handler) {
    std::promise<panel::Panel*> made;
    variant_.loop().post([&] {
      workspace_->create({panel_source(handler), {}, {}}, [&](auto created) {
        if (const auto* error = std::get_if<panel::CreateError>(&created))
          give_up(error->error.message);
        made.set_value(std::get<panel::Panel*>(created));
      });
    });
    return made.get_future().get();
  }

  void trigger(panel::Panel& panel, std::function<void(bool started)> done) {
    ++under_way_;
    panel::TriggerRequest request;
    request.tool = "run";
    request.on_done = [this, done = std::move(done)](Result<panel::ExecutionResult> result) {
      --under_way_;
      done(result.ok());
    };
    panel.trigger(std::move(request));
  }

  void keep_running(panel::Panel& panel, const bool& wanted) {
    if (!wanted) return;
    trigger(panel, [this, &panel, &wanted](bool) { keep_running(panel, wanted); });
  }

  // Short runs at a fixed rate. A latency is counted from when the arrival was handed to the loop.
  void arrive() {
    on_loop([this] {
      latencies_.clear();
      refused_ = 0;
    });
    const Time start = std::chrono::steady_clock::now();
    std::size_t next = 0;
    const Undisturbed undisturbed;
    for (Time at = start; at < start + kOpenTime; at += kInterval) {
      std::this_thread::sleep_until(at);
      panel::Panel* const panel = short_panels_[next++ % short_panels_.size()];
      const Time posted = std::chrono::steady_clock::now();
      variant_.loop().post([this, panel, posted] {
        trigger(*panel, [this, posted](bool started) {
          if (!started) return void(++refused_);
          latencies_.push_back(
              std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - posted)
                  .count());
        });
      });
    }
    std::promise<void> all;
    on_loop([&] { call_when_answered(next, all); });
    all.get_future().wait();
  }

  void call_when_answered(std::size_t arrivals, std::promise<void>& all) {
    if (latencies_.size() + refused_ == arrivals) return all.set_value();
    pause_ = variant_.loop().after(milliseconds(5),
                                   [this, arrivals, &all] { call_when_answered(arrivals, all); });
  }

  // The rate at which the short panels run when each always has one run under way.
  double run_short_panels(milliseconds time) {
    on_loop([this] {
      runs_ = 0;
      closed_ = true;
      for (panel::Panel* const panel : short_panels_) run_again(*panel);
    });
    const Time start = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(time);
    double rate = 0;
    on_loop([&] {
      closed_ = false;
      rate = static_cast<double>(runs_) /
             std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    });
    return rate;
  }

  void run_again(panel::Panel& panel) {
    trigger(panel, [this, &panel](bool) {
      ++runs_;
      if (closed_) run_again(panel);
    });
  }

  void wait_until_idle() {
    std::promise<void> idle;
    on_loop([&] { call_when_idle(idle); });
    idle.get_future().wait();
  }

  void call_when_idle(std::promise<void>& idle) {
    if (under_way_ == 0) return idle.set_value();
    pause_ = variant_.loop().after(milliseconds(5), [this, &idle] { call_when_idle(idle); });
  }

  Variant& variant_;
  std::unique_ptr<engine::Engine> engine_;
  extension::Registry extensions_;
  std::unique_ptr<loop::ThreadPool> loads_;
  std::unique_ptr<panel::Workspace> workspace_;
  std::thread driver_;
  std::vector<panel::Panel*> short_panels_;

  // On the loop.
  std::vector<double> latencies_;
  std::size_t refused_ = 0;
  std::size_t runs_ = 0;
  std::size_t under_way_ = 0;
  bool slow_ = false;
  bool closed_ = false;
  std::unique_ptr<loop::Timer> pause_;
};

// ---- Report
// -----------------------------------------------------------------------------------------

// In place, every panel and the benchmark itself have one turn in the time limit of an endless run.
bool bearable(const std::string& variant, const Load& load) {
  return variant != kVariants[0] || !load.endless;
}

using Table = std::map<std::pair<std::string, std::string>, std::vector<Figures>>;

double median(const std::vector<Figures>& rounds, double Figures::*member) {
  std::vector<double> values;
  for (const Figures& round : rounds) values.push_back(round.*member);
  return percentile(values, 0.5);
}

void print_table(const Table& table) {
  fmt::print("{:<24}{:<12}{:>10}{:>10}{:>10}{:>12}{:>10}\n", "variant", "slow runs", "p50 us",
             "p99 us", "p99 by", "runs/s", "refused");
  for (const std::string& variant : kVariants) {
    const double calm = median(table.at({variant, kLoads[0].name}), &Figures::p99_us);
    for (const Load& load : kLoads) {
      if (!bearable(variant, load)) continue;
      const auto& rounds = table.at({variant, load.name});
      const double p99 = median(rounds, &Figures::p99_us);
      fmt::print("{:<24}{:<12}{:>10.1f}{:>10.1f}{:>+9.0f}%{:>12.0f}{:>10.0f}\n", variant, load.name,
                 median(rounds, &Figures::p50_us), p99, 100 * (p99 / calm - 1),
                 median(rounds, &Figures::runs_per_second), median(rounds, &Figures::refused));
    }
  }
}

void run(int rounds) {
  spdlog::set_level(spdlog::level::off);  // each endless run is logged
  prctl(PR_SET_TIMERSLACK, 1000);         // nanoseconds: arrivals keep their rate
  Table table;
  for (int round = 0; round < rounds; ++round) {
    for (const std::string& name : kVariants) {
      const auto variant = make_variant(name);
      Stage stage(*variant);
      for (const Load& load : kLoads)
        if (bearable(name, load)) table[{name, load.name}].push_back(stage.measure(load));
    }
  }
  print_table(table);
}

}  // namespace
}  // namespace nexus::bench

int main(int argc, char** argv) {
  const nexus::sandbox::ThreadScope scope;
  nexus::bench::run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 3);
}
