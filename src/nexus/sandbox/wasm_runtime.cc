// The runtime that translated code links to (interface: wasm-rt.h of wabt 1.0.32), and the imports of
// the guest. wabt's own implementation keeps its state in plain globals and takes every fault of the
// process for the guest's; this one keeps it per thread.
//
// Everything here is called from generated code. A stop unwinds by siglongjmp, so the frames of these
// functions hold trivial objects only at the moment they may unwind.

#include <atomic>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <span>
#include <vector>

#include "nexus/base/check.h"
#include "nexus/sandbox/entry.h"
#include "nexus/sandbox/instance.h"
#include "nexus/sandbox/wasm_runtime_internal.h"
#include "nexus_abi.h"
#include "wasm-rt.h"

namespace nexus::sandbox {
namespace {

// A host function with less native stack than this ends the run instead.
constexpr std::uintptr_t kHostStackBytes = 256 * 1024;

thread_local LinearMemory* t_memory_being_made = nullptr;
thread_local std::string_view t_table_being_made;

const char* describe(wasm_rt_trap_t trap) {
  switch (trap) {
    case WASM_RT_TRAP_OOB:
      return "out of bounds memory access";
    case WASM_RT_TRAP_INT_OVERFLOW:
      return "integer overflow";
    case WASM_RT_TRAP_DIV_BY_ZERO:
      return "integer division by zero";
    case WASM_RT_TRAP_INVALID_CONVERSION:
      return "invalid conversion to integer";
    case WASM_RT_TRAP_UNREACHABLE:
      return "unreachable executed";
    case WASM_RT_TRAP_CALL_INDIRECT:
      return "bad indirect call";
    default:
      return "trap";
  }
}

// Host code runs between these two: a time limit that strikes is noted and honoured at the end.
void enter_host(ThreadState& thread) {
  if (reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) < thread.stack_low + kHostStackBytes)
    unwind_guest(thread, StopReason::kStackOverflow);
  thread.in_host = 1;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void leave_host(ThreadState& thread) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread.in_host = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (thread.stop_pending) unwind_guest(thread, StopReason::kTimeout);
}

Instance& instance_of(void* context) { return *static_cast<Instance*>(context); }

std::uint32_t import(void* context, HostFunction function, const std::uint32_t* arguments) {
  ThreadState& thread = *thread_state();
  enter_host(thread);
  const HostReply reply = instance_of(context).host_call(function, arguments);
  if (reply.stop != StopReason::kNone) {
    thread.in_host = 0;
    unwind_guest(thread, reply.stop);
  }
  leave_host(thread);
  return static_cast<std::uint32_t>(reply.code);
}

constexpr std::uint32_t kWasiSuccess = 0;
constexpr std::uint32_t kWasiBadDescriptor = 8;
constexpr std::uint32_t kWasiFault = 21;

// Every clock is the host's wall clock.
std::uint32_t write_clock(Instance& instance, std::uint32_t out) {
  const std::uint64_t now = instance.host_clock_ns();
  GuestMemory memory(instance.linear_memory());
  return memory.write(out, std::as_bytes(std::span(&now, 1))) ? kWasiSuccess : kWasiFault;
}

// Function types seen so far: parameter and result types in one row each.
std::mutex types_mutex;
std::vector<std::vector<int>>& types() {
  static std::vector<std::vector<int>> list;
  return list;
}

}  // namespace

MemoryBeingMade::MemoryBeingMade(LinearMemory& memory) { t_memory_being_made = &memory; }
MemoryBeingMade::~MemoryBeingMade() {
  t_memory_being_made = nullptr;
  t_table_being_made = {};
}
std::string_view MemoryBeingMade::table() const { return t_table_being_made; }

}  // namespace nexus::sandbox

using namespace nexus::sandbox;  // NOLINT: the C functions below have no namespace of their own

extern "C" {

bool wasm_rt_is_initialized(void) { return true; }

void wasm_rt_trap(wasm_rt_trap_t trap) {
  unwind_guest(*thread_state(), trap == WASM_RT_TRAP_EXHAUSTION ? StopReason::kStackOverflow : StopReason::kTrap,
               describe(trap));
}

uint32_t wasm_rt_register_func_type(uint32_t parameters, uint32_t results, ...) {
  std::vector<int> row{static_cast<int>(parameters), static_cast<int>(results)};
  va_list list;
  va_start(list, results);
  for (uint32_t i = 0; i < parameters + results; ++i) row.push_back(va_arg(list, int));
  va_end(list);
  const std::lock_guard lock(types_mutex);
  for (std::size_t i = 0; i < types().size(); ++i)
    if (types()[i] == row) return static_cast<uint32_t>(i + 1);
  types().push_back(std::move(row));
  return static_cast<uint32_t>(types().size());
}

void wasm_rt_allocate_memory(wasm_rt_memory_t* memory, uint32_t initial_pages, uint32_t max_pages) {
  NX_CHECK(t_memory_being_made != nullptr);
  t_memory_being_made->allocate(std::size_t{initial_pages} * 65536);
  memory->data = t_memory_being_made->data();
  memory->pages = initial_pages;
  memory->max_pages = max_pages;
  memory->size = initial_pages * 65536;
}

// The instance owns its memory.
void wasm_rt_free_memory(wasm_rt_memory_t*) {}

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t* table, uint32_t elements, uint32_t max) {
  table->data = static_cast<wasm_rt_funcref_t*>(std::calloc(elements, sizeof(wasm_rt_funcref_t)));
  NX_CHECK(table->data != nullptr);
  table->size = elements;
  table->max_size = max;
  t_table_being_made = {reinterpret_cast<const char*>(table->data), elements * sizeof(wasm_rt_funcref_t)};
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t* table) { std::free(table->data); }

uint32_t* nx_call_depth(void) { return &thread_state()->call_depth; }

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t*, uint32_t pages) {
  ThreadState& thread = *thread_state();
  enter_host(thread);
  const uint32_t before = thread.instance->grow(pages);
  leave_host(thread);
  return before;
}

#define NX_DEFINE(name, host, parameters, ...)                       \
  uint32_t Z_nexusZ_##name parameters {                              \
    const uint32_t arguments[] = {__VA_ARGS__};                      \
    return import(context, HostFunction::host, arguments);           \
  }
#define NX_DEFINE1(name, host) NX_DEFINE(name, host, (void* context, uint32_t a), a)
#define NX_DEFINE2(name, host) NX_DEFINE(name, host, (void* context, uint32_t a, uint32_t b), a, b)
#define NX_DEFINE3(name, host) \
  NX_DEFINE(name, host, (void* context, uint32_t a, uint32_t b, uint32_t c), a, b, c)
#define NX_DEFINE4(name, host) \
  NX_DEFINE(name, host, (void* context, uint32_t a, uint32_t b, uint32_t c, uint32_t d), a, b, c, d)
#define NX_DEFINE5(name, host)                                                                       \
  NX_DEFINE(name, host, (void* context, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e), \
            a, b, c, d, e)
#define NX_DEFINE6(name, host)                                                                       \
  NX_DEFINE(name, host,                                                                              \
            (void* context, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f), \
            a, b, c, d, e, f)
NX_IMPORTS(NX_DEFINE1, NX_DEFINE2, NX_DEFINE3, NX_DEFINE4, NX_DEFINE5, NX_DEFINE6)

// WASI preview 1, as far as the guest's libc is linked against it. There are no files and no streams.

uint32_t Z_wasi_snapshot_preview1Z_clock_time_get(void* context, uint32_t, uint64_t, uint32_t out) {
  ThreadState& thread = *thread_state();
  enter_host(thread);
  const uint32_t error = write_clock(instance_of(context), out);
  leave_host(thread);
  return error;
}

uint32_t Z_wasi_snapshot_preview1Z_fd_close(void*, uint32_t) { return kWasiBadDescriptor; }

uint32_t Z_wasi_snapshot_preview1Z_fd_seek(void*, uint32_t, uint64_t, uint32_t, uint32_t) {
  return kWasiBadDescriptor;
}

uint32_t Z_wasi_snapshot_preview1Z_fd_write(void*, uint32_t, uint32_t, uint32_t, uint32_t) {
  return kWasiBadDescriptor;
}

}  // extern "C"
