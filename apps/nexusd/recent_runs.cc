#include "recent_runs.h"

#include "nexus/base/error.h"

namespace nexusd {
namespace {

namespace engine = nexus::engine;
namespace value = nexus::value;

constexpr std::size_t kKept = 50;
constexpr std::int64_t kSlowUs = 100'000;
constexpr std::size_t kMaxMessageBytes = 300;

std::int64_t unix_ms(nexus::Clock::Wall time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

void RecentRuns::on_segment(const nexus::panel::SegmentReport& report) {
  const engine::Outcome& outcome = report.outcome;
  if (outcome.status == engine::Status::kSuspended) return;
  const bool slow = outcome.metrics.total_us >= kSlowUs;
  if (!slow && !outcome.error) return;
  Entry entry{clock_.wall(), std::string(report.panel), std::string(report.owner),
              std::string(report.handler), outcome.run_id, {}, {}, outcome.metrics.total_us};
  if (outcome.error) {
    entry.code = to_string(outcome.error->code);
    entry.message = outcome.error->message.substr(0, kMaxMessageBytes);
    keep(failed_, entry);
  }
  if (slow) keep(slow_, std::move(entry));
}

void RecentRuns::keep(std::deque<Entry>& list, Entry entry) {
  list.push_front(std::move(entry));
  if (list.size() > kKept) list.pop_back();
}

value::List RecentRuns::describe(const std::deque<Entry>& list) {
  value::List rows;
  for (const Entry& entry : list) {
    value::Object row{{"at", unix_ms(entry.at)},
                      {"panel", entry.panel},
                      {"workspace", entry.workspace},
                      {"handler", entry.handler},
                      {"run", entry.run},
                      {"runningMs", static_cast<double>(entry.running_us) / 1000}};
    if (!entry.code.empty()) {
      row.set("code", entry.code);
      row.set("message", entry.message);
    }
    rows.emplace_back(std::move(row));
  }
  return rows;
}

value::Object RecentRuns::facts() const {
  return {{"slow", describe(slow_)}, {"failed", describe(failed_)}};
}

}  // namespace nexusd
