#pragma once

#include <string>

#include "nexus/engine/engine.h"

namespace nexus::server {

// Appends the engine's numbers in the Prometheus text format; names of reference.md section 5.11.
void write_engine_metrics(const engine::Stats& stats, std::string& out);

// Mean running time of the finished runs, in microseconds; 0 when there was none.
double mean_run_us(const engine::Stats& stats);

// Hits per look-up, 0 to 1; 0 when there was none.
double cache_hit_rate(const engine::Stats& stats);

}  // namespace nexus::server
