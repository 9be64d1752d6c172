#pragma once

#include <string>

#include "nexus/storage/store.h"

namespace nexusd {

// Appends what the store counts in the Prometheus text format; names of docs/METRICS.md.
void write_store_metrics(const nexus::storage::Store& store, std::string& out);

}  // namespace nexusd
