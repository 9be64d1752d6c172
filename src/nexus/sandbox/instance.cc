#include "nexus/sandbox/instance.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>

#include "guest_module.h"
#include "nexus/base/check.h"
#include "nexus/sandbox/base_image.h"
#include "nexus/sandbox/entry.h"
#include "nexus/sandbox/watchdog.h"
#include "nexus/sandbox/wasm_runtime_internal.h"
#include "nexus_abi.h"

namespace nexus::sandbox {
namespace {

constexpr std::size_t kWasmPage = 65536;

std::size_t whole_pages(std::size_t bytes) { return (bytes + kWasmPage - 1) / kWasmPage * kWasmPage; }

#if defined(__x86_64__)
__attribute__((target("fsgsbase"))) void set_segment_base(const void* base) {
  _writegsbase_u64(reinterpret_cast<std::uintptr_t>(base));
}
#else
void set_segment_base(const void*) {}
#endif

}  // namespace

Instance::Instance(const nx_guest_module& module, Watchdog& watchdog)
    : module_(module),
      watched_(watchdog),
      globals_((module.instance_size + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t)) {}

Instance::~Instance() {
  if (memory_ != nullptr) module_.release(globals_.data());
}

void Instance::instantiate() {
  const MemoryBeingMade scope(*memory_);
  module_.instantiate(globals_.data(), reinterpret_cast<nx_host_context*>(this));
  table_ = scope.table();
  pristine_table_hash_ = std::hash<std::string_view>()(table_);
}

Result<std::unique_ptr<Instance>> Instance::create_blank(const nx_guest_module& module, Watchdog& watchdog) {
  std::unique_ptr<Instance> instance(new Instance(module, watchdog));
  NX_TRY(auto memory, LinearMemory::create(module.checks_bounds ? Bounds::kChecked : Bounds::kGuardPages));
  instance->memory_ = std::move(memory);
  instance->instantiate();
  return instance;
}

Result<std::unique_ptr<Instance>> Instance::create(const nx_guest_module& module, Watchdog& watchdog,
                                                   const BaseImage& image, CommonPages* common) {
  NX_TRY(auto instance, create_blank(module, watchdog));
  NX_TRY_VOID(instance->memory_->map(image, common));
  wasm_rt_memory_t* const memory = module.memory(instance->globals_.data());
  memory->size = static_cast<std::uint32_t>(image.size());
  memory->pages = static_cast<std::uint32_t>(image.size() / kWasmPage);
  instance->pristine_globals_ = instance->globals_;
  instance->memory_peak_ = image.size();

  // The address of the control block is a constant of the build; asking needs no host.
  struct NoHost final : HostCalls {
    HostReply call(HostFunction, const std::uint32_t*, GuestMemory&) override { return {0, StopReason::kHost}; }
    std::uint64_t wall_clock_ns() override { return 0; }
  } no_host;
  const Budget budget{std::chrono::steady_clock::now() + std::chrono::seconds(10), image.size()};
  const Exit exit = instance->call(Export::kControl, {}, no_host, budget);
  if (exit.stop != StopReason::kNone || std::uint64_t{exit.value} + sizeof(nx_control) > image.size())
    return Error{ErrorCode::kWasmError, "the guest does not say where its control block is"};
  instance->control_address_ = exit.value;
  if (!instance->restore()) return Error{ErrorCode::kWasmError, "the system has no memory for another sandbox"};
  return instance;
}

std::uint32_t* Instance::interrupt_flag() const {
  if (control_address_ == 0) return nullptr;
  return reinterpret_cast<std::uint32_t*>(memory_->data() + control_address_ + offsetof(nx_control, interrupt));
}

std::uint32_t Instance::dispatch(Export entry, const std::array<std::uint32_t, 4>& a) {
  void* const state = globals_.data();
  switch (entry) {
    case Export::kInitialize:
      module_.initialize(state);
      return 0;
    case Export::kInit:
      return module_.init(state);
    case Export::kControl:
      return module_.control(state);
    case Export::kRun:
      return module_.run(state, a[0], a[1], a[2], a[3]);
    case Export::kResume:
      return module_.resume(state, a[0], a[1]);
    case Export::kCompile:
      return module_.compile(state);
    case Export::kEval:
      return module_.eval(state, a[0]);
    case Export::kDrain:
      return module_.drain(state);
  }
  return 0;
}

Exit Instance::call(Export entry, std::array<std::uint32_t, 4> arguments, HostCalls& host,
                    const Budget& budget) {
  ThreadState* const thread = thread_state();
  NX_CHECK(thread != nullptr && !thread->in_guest);
  become(InstanceState::kExecuting);
  host_ = &host;
  budget_ = budget;
  // Blank instances are watched too: their flag is a word of ours that nobody polls.
  std::uint32_t unpolled = 0;
  std::uint32_t* const flag = interrupt_flag();
  if (flag != nullptr)
    std::memcpy(memory_->data() + control_address_ + offsetof(nx_control, job_limit), &budget.promise_jobs,
                sizeof budget.promise_jobs);
  const std::uint32_t run = thread->run + 1;
  thread->run = run;
  thread->memory = memory_.get();
  thread->instance = this;
  thread->reason = StopReason::kNone;
  thread->trap_text = "";
  thread->stop_pending = 0;
  thread->in_host = 0;
  thread->call_depth = 0;
  const Watchdog::Watch watch(watched_, budget.deadline, run, flag != nullptr ? flag : &unpolled);

  Exit exit;
  if (sigsetjmp(thread->unwind, 0) == 0) {
    if (module_.uses_segment_base) set_segment_base(memory_->data());
    thread->in_guest = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    const std::uint32_t value = dispatch(entry, arguments);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    thread->in_guest = 0;
    exit.value = value;
    const bool runs_jobs = entry == Export::kRun || entry == Export::kResume;
    if (runs_jobs && value == NX_RUN_TOO_MANY_JOBS) exit.stop = StopReason::kJobLimit;
    // The poll ended it, or should have: at an async boundary the engine forgets.
    if (flag != nullptr && __atomic_load_n(flag, __ATOMIC_RELAXED) != 0) exit.stop = StopReason::kTimeout;
  } else {
    thread->in_guest = 0;
    recover_from_unwind();
    exit.stop = thread->reason;
    exit.trap_text = thread->trap_text;
  }
  if (exit.stop == StopReason::kTimeout && watch.cancelled()) exit.stop = StopReason::kCancelled;
  if (exit.stop != StopReason::kNone) become(InstanceState::kStopped);
  host_ = nullptr;
  return exit;
}

Transition Instance::become(InstanceState next) {
  const Transition way = transition(state_, next);
  NX_CHECK(way != Transition::kNone);
  state_ = next;
  return way;
}

bool Instance::restore() {
  return restore_by(transition(state_, InstanceState::kIdle));
}

bool Instance::restore_whole() { return restore_by(Transition::kRestoreWhole); }

bool Instance::restore_by(Transition way) {
  if (state_ == InstanceState::kTerminated) return false;
  become(InstanceState::kIdle);
  const bool mapped = way != Transition::kRestoreWhole || memory_->remap();
  if (!mapped || !memory_->reset()) {
    become(InstanceState::kTerminated);
    return false;
  }
  // The watchdog writes there from its own thread, where a fault would be fatal.
  memory_->prepare_write(control_address_, sizeof(nx_control));
  globals_ = pristine_globals_;
  memory_peak_ = memory_->size();
  return true;
}

Snapshot Instance::snapshot() {
  become(InstanceState::kSuspended);
  return take_snapshot(*memory_);
}

Result<void> Instance::load(const Snapshot& snapshot, std::size_t memory_bytes) {
  if (snapshot.memory_bytes > std::max(whole_pages(memory_bytes), memory_->image_size()))
    return Error{ErrorCode::kMemoryLimit, "the suspended run holds " + std::to_string(snapshot.memory_bytes) +
                                              " bytes of memory, limit " + std::to_string(memory_bytes)};
  if (!restore()) return Error{ErrorCode::kWasmError, "the system has no memory for restoring a sandbox"};
  become(InstanceState::kSuspended);
  NX_TRY_VOID(apply_snapshot(snapshot, *memory_));
  wasm_rt_memory_t* const memory = module_.memory(globals_.data());
  memory->size = static_cast<std::uint32_t>(memory_->size());
  memory->pages = static_cast<std::uint32_t>(memory_->size() / kWasmPage);
  memory_peak_ = memory_->size();
  return {};
}

std::size_t Instance::private_bytes() const {
  return sizeof *this + 2 * module_.instance_size + table_.size() + memory_->private_bytes();
}

std::string Instance::difference_to_pristine() const {
  if (state_ != InstanceState::kIdle) return "the instance is " + std::string(to_string(state_)) + ", not idle";
  const BaseImage& image = *memory_->image();
  if (memory_->size() != image.size())
    return "the memory has " + std::to_string(memory_->size()) + " bytes, not " + std::to_string(image.size());
  const std::uint8_t* const end = memory_->data() + memory_->size();
  const auto [found, expected] = std::mismatch(static_cast<const std::uint8_t*>(memory_->data()), end, image.data());
  if (found != end)
    return "byte " + std::to_string(found - memory_->data()) + " of the memory is " + std::to_string(*found) +
           ", not " + std::to_string(*expected);
  const auto global = std::ranges::mismatch(globals_, pristine_globals_);
  if (global.in1 != globals_.end())
    return "word " + std::to_string(global.in1 - globals_.begin()) + " of the globals is " +
           std::to_string(*global.in1) + ", not " + std::to_string(*global.in2);
  if (std::hash<std::string_view>()(table_) != pristine_table_hash_) return "the function table has changed";
  if (memory_peak_ != image.size()) return "the peak of the memory is " + std::to_string(memory_peak_);
  return {};
}

Instance::GuestCounters Instance::counters() const {
  nx_control control;
  std::memcpy(&control, memory_->data() + control_address_, sizeof control);
  return {control.heap_bytes, control.heap_peak, control.jobs};
}

std::uint32_t Instance::grow(std::uint32_t wasm_pages) {
  wasm_rt_memory_t* const memory = module_.memory(globals_.data());
  const std::uint32_t before = memory->pages;
  const std::size_t bytes = std::size_t{wasm_pages} * kWasmPage;
  const std::size_t wanted = memory_->size() + bytes;
  if (wanted > whole_pages(budget_.memory_bytes)) {
    if (budget_.on_memory_limit == Budget::OnMemoryLimit::kStop)
      unwind_guest(*thread_state(), StopReason::kMemoryLimit);
    return UINT32_MAX;
  }
  if (wasm_pages > memory->max_pages - before || !memory_->grow(bytes)) return UINT32_MAX;
  memory->pages = before + wasm_pages;
  memory->size = static_cast<std::uint32_t>(memory_->size());
  memory_peak_ = memory_->size();
  return before;
}

HostReply Instance::host_call(HostFunction function, const std::uint32_t* arguments) {
  GuestMemory view(*memory_);
  // An exception must not meet the guest's frames; only memory exhaustion and bugs of ours get here.
  try {
    return host_->call(function, arguments, view);
  } catch (...) {
    return {NX_INTERNAL_ERROR, StopReason::kHost};
  }
}

std::uint64_t Instance::host_clock_ns() { return host_->wall_clock_ns(); }

}  // namespace nexus::sandbox
