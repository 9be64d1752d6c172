#include "nexus/loop/hand_off.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <future>
#include <set>
#include <vector>

namespace nexus::loop {
namespace {

// Of the calling thread.
int niceness() { return getpriority(PRIO_PROCESS, 0); }

// Those that the calling thread may run on.
int processors() {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  return CPU_COUNT(&set);
}

using std::chrono::milliseconds;

// Where tasks wait, so that they are slow for as long as the test wants, on any machine.
class Gate {
 public:
  void wait() {
    ++waiting_;
    opened_.wait();
  }
  void open() { open_.set_value(); }
  // Calls `then` on the loop once `tasks` tasks wait here. A task in place holds the loop up, so
  // this takes hand-offs.
  void when_waiting(Loop& loop, int tasks, std::function<void()> then) {
    loop.post([this, &loop, tasks, then = std::move(then)] {
      if (waiting_ == tasks) return then();
      when_waiting(loop, tasks, then);
    });
  }
  void open_when_waiting(Loop& loop) {
    when_waiting(loop, 1, [this] { open(); });
  }

 private:
  std::atomic<int> waiting_ = 0;
  std::promise<void> open_;
  const std::shared_future<void> opened_ = open_.get_future().share();
};

class HandOffTest : public testing::Test {
 protected:
  explicit HandOffTest(HandOff::Options options = {}) : hand_off_(HandOff::create(options)) {}

  Loop& loop() { return hand_off_->loop(); }
  void submit(std::function<void()> task, std::uint64_t kind = 0) {
    ASSERT_TRUE(hand_off_->executor().submit(std::move(task), kind));
  }
  // Runs `first` on the loop, and the loop until it is stopped.
  void run(std::function<void()> first) {
    loop().post(std::move(first));
    loop().run();
  }
  void stop() { loop().stop(); }
  // Works in a task until its thread is at a lower priority.
  void be_slow() {
    while (niceness() == niceness_) {
    }
  }
  // Stays in a task for as long as its thread has the loop.
  void lose_loop() {
    while (loop().on_loop_thread()) std::this_thread::yield();
  }

  const std::unique_ptr<HandOff> hand_off_;
  const int niceness_ = niceness();
  const int processors_ = processors();
};

TEST_F(HandOffTest, RunsQuickTasksInOrderOnTheThreadOfTheLoop) {
  std::vector<int> seen;
  run([&] {
    for (int i = 0; i < 100; ++i) submit([&seen, i] { seen.push_back(i); });
    submit([&] { loop().post([&] { stop(); }); });
  });
  ASSERT_EQ(seen.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST_F(HandOffTest, ASubmittedTaskNeverRunsInsideSubmit) {
  bool ran = false;
  bool ran_inside = true;
  run([&] {
    submit([&] {
      ran = true;
      stop();
    });
    ran_inside = ran;
  });
  EXPECT_FALSE(ran_inside);
  EXPECT_TRUE(ran);
}

TEST_F(HandOffTest, TasksSubmittedBeforeTheRunAreRun) {
  bool ran = false;
  submit([&] {
    ran = true;
    stop();
  });
  loop().run();
  EXPECT_TRUE(ran);
}

TEST_F(HandOffTest, ASlowTaskKeepsItsThreadAndLosesTheLoop) {
  Gate gate;
  std::thread::id slow_thread;
  bool owned_before = false, owned_after = true, owned_by_next = false;
  std::thread::id next_thread;
  run([&] {
    submit([&] {
      slow_thread = std::this_thread::get_id();
      owned_before = loop().on_loop_thread();
      gate.wait();
      owned_after = loop().on_loop_thread();
      loop().post([&] { stop(); });
    });
    gate.when_waiting(loop(), 1, [&] {
      next_thread = std::this_thread::get_id();
      owned_by_next = loop().on_loop_thread();
      gate.open();
    });
  });
  EXPECT_TRUE(owned_before);
  EXPECT_FALSE(owned_after);
  EXPECT_TRUE(owned_by_next);
  EXPECT_NE(slow_thread, next_thread);
  EXPECT_TRUE(loop().on_loop_thread()) << "nobody drives it any more";
}

TEST_F(HandOffTest, TimersSetBeforeAndAfterAHandOffFireOnTheLoop) {
  Gate gate;
  std::vector<std::string> seen;
  std::unique_ptr<Timer> early, late;
  run([&] {
    early = loop().after(milliseconds(5), [&] {
      EXPECT_TRUE(loop().on_loop_thread());
      seen.push_back("early");
      late = loop().after(milliseconds(1), [&] {
        EXPECT_TRUE(loop().on_loop_thread());
        seen.push_back("late");
        gate.open();
      });
    });
    submit([&] {
      gate.wait();
      loop().post([&] { stop(); });
    });
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"early", "late"}));
}

// What lives on the loop is touched without a lock by every thread that ever drives it; a thread
// sanitizer sees whether each hand-off orders those accesses.
TEST_F(HandOffTest, ManyHandOffsInARowKeepTheLoopsDataWhole) {
  constexpr int kRounds = 50;
  int done = 0;
  std::set<std::thread::id> drivers;
  std::function<void()> round = [&] {
    drivers.insert(std::this_thread::get_id());
    submit([&] {
      lose_loop();
      loop().post([&] {
        if (++done == kRounds) return stop();
        round();
      });
    });
  };
  run(round);
  EXPECT_EQ(done, kRounds);
  EXPECT_GT(drivers.size(), 1u);
}

TEST_F(HandOffTest, QuickTasksGoOnInPlaceBesideASlowOne) {
  constexpr int kTasks = 200;
  Gate gate;
  int quick = 0;
  std::function<void()> one = [&] {
    submit([&] {
      loop().post([&] {
        if (++quick == kTasks) return gate.open();
        one();
      });
    });
  };
  run([&] {
    submit([&] {
      gate.wait();
      loop().post([&] { stop(); });
    });
    one();
  });
  EXPECT_EQ(quick, kTasks);
}

TEST_F(HandOffTest, AFloodOfTasksLeavesTheLoopItsTurns) {
  constexpr int kTasks = 100;
  int ran = 0;
  int ran_at_post = -1;
  run([&] {
    for (int i = 0; i < kTasks; ++i) submit([&] { ++ran; });
    loop().post([&] { ran_at_post = ran; });
    submit([&] { stop(); });
  });
  EXPECT_EQ(ran, kTasks);
  EXPECT_GE(ran_at_post, 0);
  EXPECT_LT(ran_at_post, kTasks) << "what came after the flood waited for all of it";
}

class Kinds : public HandOffTest {
 protected:
  static constexpr std::uint64_t kKind = 7;
  using HandOffTest::HandOffTest;

  // Submits quick tasks of one kind, one after the other, and notes which ran in place, until
  // `enough`.
  void submit_quick(std::function<bool()> enough, std::function<void()> then) {
    submit(
        [this, enough, then] {
          const bool owner = loop().on_loop_thread();
          loop().post([this, enough, then, owner] {
            in_place_.push_back(owner);
            if (enough()) return then();
            submit_quick(enough, then);
          });
        },
        kKind);
  }
  // Submits quick ones until they are known to be quick, and forgets them.
  void get_known(std::function<void()> then) {
    submit_quick([this] { return in_place_.back(); },
                 [this, then = std::move(then)] {
                   in_place_.clear();
                   then();
                 });
  }
  bool seen_beside() const {
    return std::find(in_place_.begin(), in_place_.end(), false) != in_place_.end();
  }

  std::vector<bool> in_place_;
};

TEST_F(Kinds, ThatAreNewStartBesideTheLoopUntilTheyAreQuick) {
  run([&] { submit_quick([&] { return in_place_.back(); }, [&] { stop(); }); });
  EXPECT_FALSE(in_place_.front());
  EXPECT_TRUE(in_place_.back());
}

// Where something else wants all processors, a sunk thread may wait for seconds.
TEST_F(Kinds, ThatAreNewStartAtTheUsualPriority) {
  std::vector<int> seen;
  std::function<void(std::uint64_t)> one = [&](std::uint64_t kind) {
    submit(
        [&, kind] {
          const int at_start = niceness();
          if (kind % 2 == 1) be_slow();
          loop().post([&, kind, at_start] {
            seen.push_back(at_start);
            if (kind == 20) return stop();
            one(kind + 1);
          });
        },
        kind);
  };
  run([&] { one(1); });
  EXPECT_EQ(seen, std::vector<int>(20, niceness_));
}

// The first ones may come before the news of the end of those before them.
TEST_F(Kinds, ThatWereSlowStartAtTheLowerPriority) {
  std::function<void()> one = [&] {
    submit(
        [&] {
          const int at_start = niceness();
          be_slow();
          loop().post([&, at_start] { at_start > niceness_ ? stop() : one(); });
        },
        kKind);
  };
  run(one);
  EXPECT_TRUE(loop().on_loop_thread());
}

// More at once than there are threads parked for them.
TEST_F(Kinds, ThatAreNewRunSideBySide) {
  constexpr int kTasks = 10;
  Gate gate;
  int ended = 0;
  run([&] {
    for (std::uint64_t kind = 1; kind <= kTasks; ++kind)
      submit(
          [&] {
            gate.wait();
            loop().post([&] {
              if (++ended == kTasks) stop();
            });
          },
          kind);
    gate.when_waiting(loop(), kTasks, [&] { gate.open(); });
  });
  EXPECT_EQ(ended, kTasks);
}

TEST_F(Kinds, ThatWereSlowTwiceStartBesideTheLoopUntilTheyAreQuick) {
  int slow_in_place = 0;
  std::function<void()> be_slow_in_place = [&] {
    submit(
        [&] {
          const bool owner = loop().on_loop_thread();
          if (owner) be_slow();
          loop().post([&, owner] {
            slow_in_place += owner;
            if (owner) return be_slow_in_place();
            submit_quick([&] { return in_place_.back(); }, [&] { stop(); });
          });
        },
        kKind);
  };
  run([&] { get_known(be_slow_in_place); });
  EXPECT_GE(slow_in_place, 2);
  EXPECT_TRUE(in_place_.back());
}

TEST_F(Kinds, ThatOnlyWaitedAreNotTakenForSlow) {
  Gate gate;
  int niceness_at_end = -1;
  run([&] {
    get_known([&] {
      submit(
          [&] {
            gate.wait();
            niceness_at_end = niceness();
            loop().post(
                [&] { submit_quick([&] { return in_place_.size() == 50; }, [&] { stop(); }); });
          },
          kKind);
      gate.open_when_waiting(loop());
    });
  });
  EXPECT_EQ(niceness_at_end, niceness_);
  EXPECT_FALSE(seen_beside());
}

class FullLane : public Kinds {
 protected:
  FullLane() : Kinds({.max_slow = 1}) {}
};

TEST_F(FullLane, NewKindsAreTriedInPlaceAfterQuickOnes) {
  Gate gate;
  std::vector<std::string> seen;
  bool new_in_place = false;
  run([&] {
    submit([&] { gate.wait(); }, 1);
    gate.when_waiting(loop(), 1, [&] {
      submit(
          [&] {
            new_in_place = loop().on_loop_thread();
            seen.push_back("new");
            loop().post([&] { gate.open(), stop(); });
          },
          2);
      submit([&] { seen.push_back("quick"); });
    });
  });
  EXPECT_TRUE(new_in_place);
  EXPECT_EQ(seen, (std::vector<std::string>{"quick", "new"}));
}

TEST_F(FullLane, AKindWhoseFirstTaskIsUnderWayIsNotTriedInPlaceToo) {
  Gate gate;
  bool second_in_place = true;
  run([&] {
    submit([&] { gate.wait(); }, 1);
    gate.when_waiting(loop(), 1, [&] {
      submit(
          [&] {
            second_in_place = loop().on_loop_thread();
            loop().post([&] { stop(); });
          },
          1);
      // The turn in which the second one could be tried comes before what this one posts.
      submit([&] { loop().post([&] { gate.open(); }); });
    });
  });
  EXPECT_FALSE(second_in_place);
}

TEST_F(HandOffTest, ASlowTaskGoesOnAtALowerPriority) {
  run([&] {
    submit([&] {
      be_slow();
      loop().post([&] { stop(); });
    });
  });
  EXPECT_TRUE(loop().on_loop_thread());
}

TEST_F(HandOffTest, SlowTasksLeaveOneProcessorToTheLoop) {
  std::atomic<int> of_slow = 0;
  Gate gate;
  // The watching thread may be about to move the loop.
  std::function<void()> stop_with_all = [&] {
    loop().post([&] { processors() == processors_ ? stop() : stop_with_all(); });
  };
  run([&] {
    submit([&] {
      be_slow();
      of_slow = processors();
      gate.wait();
      stop_with_all();
    });
    gate.open_when_waiting(loop());
  });
  EXPECT_EQ(of_slow, std::max(1, processors_ - 1));
}

TEST_F(HandOffTest, OthersMayPostWhileTheLoopChangesHands) {
  constexpr int kThreads = 3;
  constexpr int kEach = 500;
  constexpr int kSlow = 10;
  int posted = 0, slow = 0;
  const auto finish = [&] {
    if (posted == kThreads * kEach && slow == kSlow) stop();
  };
  std::vector<std::thread> posters;
  std::function<void()> next = [&] {
    submit([&] {
      lose_loop();
      loop().post([&] {
        ++slow;
        if (slow < kSlow) next();
        finish();
      });
    });
  };
  loop().post(next);
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        loop().post([&] {
          ++posted;
          finish();
        });
      }
    });
  }
  loop().run();
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(posted, kThreads * kEach);
  EXPECT_EQ(slow, kSlow);
}

// --- Bounds

class TwoSlowTasks : public HandOffTest {
 protected:
  TwoSlowTasks() : HandOffTest({.max_slow = 1, .max_waiting = 2}) {}

  // Lets two tasks become slow, which is as many as there may be, and then calls `then` on the
  // loop.
  void fill(std::function<void()> then) {
    for (int i = 0; i < 2; ++i) submit([this] { gate_.wait(); });
    gate_.when_waiting(loop(), 2, std::move(then));
  }

  Gate gate_;
};

TEST_F(TwoSlowTasks, FurtherTasksWaitAndTheLoopGoesOn) {
  bool ran_early = false, ran = false;
  std::unique_ptr<Timer> timer;
  run([&] {
    fill([&] {
      submit([&] {
        ran = true;
        stop();
      });
      timer = loop().after(milliseconds(3), [&] {
        ran_early = ran;
        gate_.open();
      });
    });
  });
  EXPECT_FALSE(ran_early);
  EXPECT_TRUE(ran);
}

TEST_F(TwoSlowTasks, OneTaskMoreThanMayWaitIsRefused) {
  bool refused = false;
  run([&] {
    fill([&] {
      submit([] {});
      submit([&] { stop(); });
      refused = !hand_off_->executor().submit([] {});
      gate_.open();
    });
  });
  EXPECT_TRUE(refused);
}

// --- The end

TEST_F(HandOffTest, StopBeforeRunEndsTheRun) {
  bool ran = false;
  loop().post([&] { ran = true; });
  stop();
  loop().run();
  EXPECT_FALSE(ran);
}

TEST_F(HandOffTest, TheRunEndsWhenASlowTaskHasEnded) {
  Gate gate;
  std::atomic<bool> ended = false;
  run([&] {
    submit([&] {
      gate.wait();
      ended = true;
    });
    gate.when_waiting(loop(), 1, [&] {
      stop();
      gate.open();
    });
  });
  EXPECT_TRUE(ended);
}

// A task in place stops the loop, and only then turns out to be slow.
TEST_F(HandOffTest, AStopDuringAHandOffIsHeard) {
  run([&] {
    submit([&] {
      stop();
      lose_loop();
    });
  });
  EXPECT_TRUE(loop().on_loop_thread());
}

TEST_F(HandOffTest, TasksThatWaitAtTheEndAreDropped) {
  const auto held = std::make_shared<int>(1);
  bool ran = false;
  {
    const auto hand_off = HandOff::create({});
    hand_off->loop().post([&, held] {
      hand_off->loop().stop();
      EXPECT_TRUE(hand_off->executor().submit([&ran, held] { ran = true; }));
    });
    hand_off->loop().run();
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(HandOffThreads, KeepWhatThreadStartReturnedUntilTheyEnd) {
  std::atomic<int> alive = 0;
  std::atomic<int> seen = 0;
  {
    const auto hand_off = HandOff::create({.on_thread_start = [&] {
      ++alive;
      return std::shared_ptr<void>(nullptr, [&](void*) { --alive; });
    }});
    hand_off->loop().post([&] {
      EXPECT_TRUE(hand_off->executor().submit([&] {
        seen = alive.load();
        hand_off->loop().stop();
      }));
    });
    hand_off->loop().run();
  }
  EXPECT_GT(seen, 0);
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace nexus::loop
