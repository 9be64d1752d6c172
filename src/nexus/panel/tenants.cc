#include "nexus/panel/tenants.h"

namespace nexus::panel {

// A panel submits one segment at a time, so that of a lane no more wait than there are panels.
Tenants::Tenants(loop::Loop& loop, loop::Executor& executor, const Settings& settings)
    : max_waiting_(settings.queue_per_owner),
      lanes_(loop, executor,
             {.max_running = settings.max_running,
              .max_running_per_lane = settings.max_running_per_owner,
              .max_waiting_per_lane = settings.max_panels + std::size_t{1}}) {}

Tenant Tenants::of(const std::string& owner) {
  std::erase_if(quotas_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<Quota>& known = quotas_[owner];
  auto quota = known.lock();
  if (!quota) known = quota = std::make_shared<Quota>(Quota{max_waiting_, 0});
  return {lanes_.lane(owner), std::move(quota)};
}

void Tenants::count(Traffic& traffic) const {
  traffic.segments_waiting = lanes_.waiting();
  traffic.segments_running = lanes_.running();
  for (const auto& [owner, known] : quotas_)
    if (const auto quota = known.lock()) traffic.requests_waiting += quota->waiting;
}

}  // namespace nexus::panel
