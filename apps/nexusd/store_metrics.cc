#include "store_metrics.h"

#include "nexus/metrics/text.h"

namespace nexusd {

void write_store_metrics(const nexus::storage::Store& store, std::string& out) {
  const nexus::storage::StoreStats stats = store.stats();
  nexus::metrics::TextWriter writer(out);
  writer.counter("nexus_store_commits_total", "Groups of changes stored with one sync of the disk.");
  writer.sample({}, stats.commits);
  writer.counter("nexus_store_commit_seconds_total", "Time that all commits took together.");
  writer.sample({}, stats.commit_seconds, 6);
  writer.counter("nexus_store_changes_total", "Changes, by whether they were stored.");
  writer.sample({{"result", "stored"}}, stats.changes_stored);
  writer.sample({{"result", "failed"}}, stats.changes_failed);
  writer.gauge("nexus_store_waiting_changes", "Changes that wait to be stored.");
  writer.sample({}, stats.waiting_changes);
  writer.gauge("nexus_store_waiting_bytes", "Their size, roughly, with the group under way.");
  writer.sample({}, stats.waiting_bytes);
  writer.gauge("nexus_store_healthy", "Whether the last attempt to store something succeeded.");
  writer.sample({}, std::uint64_t{store.health().ok()});
}

}  // namespace nexusd
