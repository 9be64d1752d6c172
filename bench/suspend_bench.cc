// What does it cost to suspend a run and to have it on the disk, beside a plain SQLite commit of as many bytes?
//
//   suspend_bench [rounds]
//
// Both take turns in one directory under TMPDIR, which is removed afterwards. Plain: one row inserted by SQLite as it
// comes, with a write-ahead log and a sync for each commit. Ours: a handler runs up to its first `await`, its memory is
// packed, and the store answers that it has the run, its call and the history's entry. Read the ratio; times depend on
// the disk.

#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "must.h"
#include "nexus/base/check.h"
#include "nexus/engine/engine.h"
#include "nexus/engine/no_state.h"
#include "nexus/sandbox/entry.h"
#include "nexus/storage/store.h"
#include "nexus/value/msgpack.h"

namespace nexus::bench {
namespace {

constexpr const char* kHandler =
    "const began = {who: $args.who, steps: []};"
    "for (let i = 0; i < 3; ++i) began.steps.push('step ' + i);"
    "const answer = await $ext.time.sleep(60000); return [began, answer];";

using Microseconds = std::chrono::duration<double, std::micro>;

template <typename Work>
double timed(Work work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return Microseconds(std::chrono::steady_clock::now() - began).count();
}

class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nexus_bench_XXXXXX").string();
    NX_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

class PlainTable {
 public:
  explicit PlainTable(const std::string& file) {
    NX_CHECK(sqlite3_open(file.c_str(), &database_) == SQLITE_OK);
    execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE rows(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
    NX_CHECK(sqlite3_prepare_v2(database_, "INSERT INTO rows(bytes) VALUES(?)", -1, &insert_,
                                nullptr) == SQLITE_OK);
  }
  ~PlainTable() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  PlainTable(const PlainTable&) = delete;
  PlainTable& operator=(const PlainTable&) = delete;

  // One transaction.
  void insert(const std::string& bytes) {
    sqlite3_bind_blob64(insert_, 1, bytes.data(), bytes.size(), SQLITE_STATIC);
    NX_CHECK(sqlite3_step(insert_) == SQLITE_DONE);
    sqlite3_reset(insert_);
  }

 private:
  void execute(const char* sql) {
    NX_CHECK(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

// A panel whose only tool waits.
class Suspender {
 public:
  explicit Suspender(const std::string& directory)
      : engine_(must(engine::Engine::create({}))),
        store_(must(storage::Store::open(must(storage::DataDir::open(directory)), {}))) {
    panel_.id = "bench";
    panel_.epoch = "epoch";
    wait([&](storage::Done done) { store_->create(panel_, {}, std::move(done)); });
    auto methods = std::make_shared<engine::ExtensionMethods>();
    methods->emplace("time", engine::ExtensionEntry{"time", {"sleep"}});
    request_ = {.panel_id = panel_.id,
                .handler_name = "wait",
                .source = {kHandler, {1, 1}},
                .args = value::Object{{"who", "alice"}},
                .scope = value::Object{},
                .capabilities = capability::GrantSet::everything(),
                .extensions = std::move(methods),
                .limits = {},
                .save_suspended = true};
  }

  struct Times {
    double run_us, commit_us;
  };
  Times suspend() {
    engine::Outcome outcome;
    Times times;
    times.run_us = timed([&] { outcome = engine_->execute(request_, state_); });
    NX_CHECK(outcome.saved.has_value());
    times.commit_us = timed([&] { commit(outcome); });
    NX_CHECK(engine_->cancel(outcome.run_id));
    return times;
  }
  // Of what is stored for one run: memory, the host's part, the call.
  std::size_t bytes() const { return bytes_; }

 private:
  template <typename Start>
  static void wait(Start start) {
    std::promise<bool> stored;
    start([&](Result<void> result) { stored.set_value(result.ok()); });
    NX_CHECK(stored.get_future().get());
  }

  void commit(engine::Outcome& outcome) {
    storage::Transaction transaction{.panel_id = panel_.id, .epoch = panel_.epoch};
    transaction.segment = storage::Segment{++panel_.sequence, panel_.version, 1, 120, "alice", "wait",
                                           outcome.run_id, value::to_msgpack(request_.args), {}, {}};
    storage::SuspendedRun run;
    run.execution_id = outcome.run_id;
    run.guest_hash = std::move(outcome.saved->guest_hash);
    run.image_hash = std::move(outcome.saved->image_hash);
    run.memory = std::move(outcome.saved->memory);
    run.host = std::move(outcome.saved->host);
    const auto& call = outcome.suspensions.front();
    run.calls.push_back({call.id, "time", "sleep", value::to_msgpack(call.args), 0, true, false, {}});
    bytes_ = run.memory.size() + run.host.size() + run.calls.front().args.size();
    transaction.suspended.push_back(std::move(run));
    wait([&](storage::Done done) { store_->commit(std::move(transaction), std::move(done)); });
  }

  const std::unique_ptr<engine::Engine> engine_;
  const std::unique_ptr<storage::Store> store_;
  const engine::NoState state_;
  storage::PanelRecord panel_;
  engine::RunRequest request_;
  std::size_t bytes_ = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure(int rounds) {
  const Directory directory;
  const sandbox::ThreadScope scope;
  Suspender suspender(directory / "data");
  suspender.suspend();  // compiles
  PlainTable plain(directory / "plain.db");
  const std::string row(suspender.bytes(), 'x');
  std::vector<double> plain_us, run_us, commit_us, both_us;
  for (int i = 0; i < rounds; ++i) {
    plain_us.push_back(timed([&] { plain.insert(row); }));
    const auto times = suspender.suspend();
    run_us.push_back(times.run_us);
    commit_us.push_back(times.commit_us);
    both_us.push_back(times.run_us + times.commit_us);
  }
  fmt::print(
      "median of {} rounds, {} bytes each\n"
      "plain SQLite commit   {:7.0f} us\n"
      "suspend and commit    {:7.0f} us, {:.2f} times as much (run and snapshot {:.0f} us, commit {:.0f} us)\n",
      rounds, row.size(), median(plain_us), median(both_us), median(both_us) / median(plain_us),
      median(run_us), median(commit_us));
}

}  // namespace
}  // namespace nexus::bench

int main(int argc, char** argv) {
  int rounds = 1000;
  if (argc > 1) {
    const std::string_view text = argv[1];
    if (std::from_chars(text.data(), text.data() + text.size(), rounds).ptr != text.data() + text.size() || rounds < 1) {
      fmt::print(stderr, "usage: suspend_bench [rounds]\n");
      return 2;
    }
  }
  nexus::bench::measure(rounds);
}
