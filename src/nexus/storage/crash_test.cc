#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <random>

#include "nexus/storage/store_fixture_internal.h"

namespace nexus::storage {
namespace {

constexpr std::size_t kPanels = 6;

// What a child reports for each answer it got.
struct Acknowledgement {
  std::uint32_t panel;
  std::uint32_t sequence;
};

std::string panel_id(std::size_t i) { return "panel-" + std::to_string(i); }

// Segment n of a panel: n % 4 == 1 suspends run n, n % 4 == 3 ends it; those in between change
// state only.
Transaction make_segment(PanelRecord& panel) {
  const std::uint64_t n = panel.sequence + 1;
  Transaction transaction =
      next_segment(panel, {{"n", std::to_string(n)}, {"filler", std::string(n * 37 % 5000, 'x')}});
  if (n % 4 == 1)
    transaction.suspended = {
        {"run-" + std::to_string(n), "g", "i", std::string(5000, 'm'), "h", 1, 1, 1, {}}};
  if (n % 4 == 3) transaction.ended_runs = {"run-" + std::to_string(n - 2)};
  transaction.timers = {{"cron", static_cast<std::int64_t>(n), ""}};
  transaction.kv = {{"n", std::to_string(n)}};
  return transaction;
}

// The child: goes on with every panel until it is killed.
class Child {
 public:
  Child(Store& store, int pipe) : store_(store), pipe_(pipe) {
    for (std::size_t i = 0; i < kPanels; ++i) {
      panels_[i] = make_panel(panel_id(i));
      if (auto stored = store.load(panel_id(i)); stored.ok()) {
        panels_[i] = stored->record;
      } else if (!create(store, panels_[i]).ok()) {
        _exit(1);
      }
    }
    // Only now: the first answer may be followed by the end, and each panel is to be there then.
    for (std::size_t i = 0; i < kPanels; ++i) write(i);
  }

 private:
  void write(std::size_t i) {
    Transaction transaction = make_segment(panels_[i]);
    const Acknowledgement done{static_cast<std::uint32_t>(i),
                               static_cast<std::uint32_t>(panels_[i].sequence)};
    store_.commit(std::move(transaction), [this, i, done](Result<void> result) {
      if (!result.ok() || ::write(pipe_, &done, sizeof done) != sizeof done) _exit(2);
      write(i);
    });
  }

  Store& store_;
  const int pipe_;
  std::array<PanelRecord, kPanels> panels_;
};

using Acknowledged = std::array<std::uint64_t, kPanels>;

[[noreturn]] void run_child(const std::string& path, int pipe) {
  auto store = open_store(path);
  if (!store.ok()) _exit(3);
  const Child child(**store, pipe);
  for (;;) pause();
}

// Lets a child write until it has acknowledged `enough`, kills it, and adds what it acknowledged.
void write_and_kill(const std::string& path, int enough, Acknowledged& acknowledged) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    close(ends[0]);
    run_child(path, ends[1]);
  }
  close(ends[1]);
  Acknowledgement done;
  for (int count = 0; read(ends[0], &done, sizeof done) == sizeof done;) {
    acknowledged[done.panel] = std::max<std::uint64_t>(acknowledged[done.panel], done.sequence);
    if (++count == enough) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
}

void expect_whole(Store& store, std::size_t i, std::uint64_t acknowledged) {
  const auto loaded = store.load(panel_id(i));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const std::uint64_t n = loaded->record.sequence;
  EXPECT_GE(n, acknowledged) << "lost an acknowledged change";
  if (n == 0) return;
  const auto state = as_map(loaded->state);
  EXPECT_EQ(loaded->record.version, n);
  EXPECT_EQ(loaded->record.epoch, "epoch");
  EXPECT_EQ(state.at("n"), std::to_string(n));
  EXPECT_EQ(state.at("filler").size(), n * 37 % 5000);
  EXPECT_EQ(loaded->timers, (std::vector<Timer>{{"cron", static_cast<std::int64_t>(n), ""}}));
  EXPECT_EQ(store.kv(panel_id(i), "n").value(), std::to_string(n));
  ASSERT_EQ(loaded->suspended.size(), n % 4 == 1 || n % 4 == 2 ? 1u : 0u);
  if (!loaded->suspended.empty()) {
    EXPECT_EQ(loaded->suspended[0].execution_id, "run-" + std::to_string(n % 4 == 2 ? n - 1 : n));
  }
  const auto history = store.history(panel_id(i), ~std::uint64_t{0}, 50).take();
  for (std::size_t k = 0; k < history.size(); ++k) EXPECT_EQ(history[k].sequence, n - k);
  EXPECT_EQ(history.size(), std::min<std::uint64_t>(n, 50));
}

int rounds() {
  const char* const wanted = std::getenv("NEXUS_CRASH_ROUNDS");
  return wanted == nullptr ? 20 : std::atoi(wanted);
}

TEST_F(StoreTest, AKillAtAnyMomentLosesNothingThatWasAcknowledged) {
  const auto seed = static_cast<std::uint32_t>(std::random_device{}());
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Acknowledged acknowledged{};
  for (int round = 0; round < rounds(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ASSERT_NO_FATAL_FAILURE(
        write_and_kill(path(), 1 + static_cast<int>(random() % 300), acknowledged));
    open();
    for (std::size_t i = 0; i < kPanels; ++i) expect_whole(*store, i, acknowledged[i]);
    store.reset();
  }
  EXPECT_GT(acknowledged[0], 0u);
}

}  // namespace
}  // namespace nexus::storage
