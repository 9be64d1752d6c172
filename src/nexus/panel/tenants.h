#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "nexus/loop/fair_lanes.h"
#include "nexus/panel/run_queue.h"
#include "nexus/panel/workspace.h"

namespace nexus::panel {

// What the panels of one owner share.
struct Tenant {
  std::shared_ptr<loop::Executor> executor;  // its fair part of the workspace's
  std::shared_ptr<Quota> quota;              // of requests that wait
};

// The owners of panels: each gets its turn, and none can take all (docs/OPERATIONS.md, "Limits"). Lives on the loop.
class Tenants {
 public:
  // Both outlive it.
  Tenants(loop::Loop& loop, loop::Executor& executor, const Settings& settings);

  Tenant of(const std::string& owner);
  // Adds what waits and runs now.
  void count(Traffic& traffic) const;

 private:
  const std::size_t max_waiting_;
  loop::FairLanes lanes_;
  std::map<std::string, std::weak_ptr<Quota>> quotas_;
};

}  // namespace nexus::panel
