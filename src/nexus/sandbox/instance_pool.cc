#include "nexus/sandbox/instance_pool.h"

namespace nexus::sandbox {

InstancePool::Lease::~Lease() {
  if (instance_ != nullptr) pool_->give_back(std::move(instance_), poisoned_);
}

Result<std::unique_ptr<InstancePool>> InstancePool::create(Sandbox& sandbox, const Options& options) {
  std::unique_ptr<InstancePool> pool(new InstancePool(sandbox, options));
  for (std::uint32_t i = 0; i < options.min; ++i) {
    NX_TRY(auto instance, sandbox.new_instance());
    pool->available_.push_back(std::move(instance));
    ++pool->counts_.created;
  }
  return pool;
}

Result<InstancePool::Lease> InstancePool::lease() {
  std::unique_lock lock(mutex_);
  ++counts_.waiting;
  returned_.wait(lock, [this] { return closed_ || counts_.active < options_.max; });
  --counts_.waiting;
  if (closed_) return Error{ErrorCode::kCancelled, "the engine is shutting down"};
  ++counts_.active;
  if (!available_.empty()) {
    auto instance = std::move(available_.back());
    available_.pop_back();
    return Lease(*this, std::move(instance));
  }
  ++counts_.created;
  lock.unlock();
  auto made = sandbox_.new_instance();
  if (made.ok()) return Lease(*this, std::move(made).take());
  lock.lock();
  --counts_.created;
  --counts_.active;
  return std::move(made).take_error();
}

void InstancePool::give_back(std::unique_ptr<Instance> instance, bool poisoned) {
  // Outside the lock: this is where most of the work of a reset is.
  if (poisoned)
    instance->restore_whole();
  else
    instance->restore();
  {
    const std::lock_guard lock(mutex_);
    --counts_.active;
    available_.push_back(std::move(instance));
  }
  returned_.notify_one();
}

void InstancePool::shutdown() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  returned_.notify_all();
}

InstancePool::Counts InstancePool::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.available = static_cast<std::uint32_t>(available_.size());
  return counts;
}

}  // namespace nexus::sandbox
