#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace nexus::engine {

// Totals since the engine was made, and how things stand now.
struct Stats {
  std::uint64_t runs_success = 0;
  std::uint64_t runs_error = 0;
  std::uint64_t segments = 0;
  std::uint64_t suspensions = 0;
  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;
  std::uint64_t total_run_us = 0;
  std::uint64_t peak_memory_bytes = 0;
  std::uint32_t instances_active = 0;
  std::uint32_t instances_available = 0;
  std::uint64_t instances_created = 0;
  std::uint32_t runs_suspended = 0;
  std::uint64_t suspended_bytes = 0;  // memory held by suspended runs
  std::uint64_t total_memory_bytes = 0;
  std::map<std::string, std::uint64_t> host_calls;  // by ABI name; every name present from the start
  std::map<std::string, std::uint64_t> errors;      // by code; every code present from the start
};

}  // namespace nexus::engine
