#include "nexus/sandbox/entry.h"

#include <pthread.h>
#include <sys/mman.h>

#include <mutex>
#include <utility>

#include "nexus/base/check.h"
#include "nexus/sandbox/linear_memory.h"

namespace nexus::sandbox {
namespace {

constexpr std::size_t kAlternateStackBytes = 64 * 1024;
// A fault this far around the lower end of the stack is a stack overflow, not a wild pointer.
constexpr std::uintptr_t kStackGuardBelow = 1024 * 1024;
constexpr std::uintptr_t kStackGuardAbove = 16 * 1024;

thread_local ThreadState* t_state = nullptr;
struct sigaction previous_segv;
struct sigaction previous_bus;

// A fault that is none of ours: whoever was there before us deals with it, else the process dies as it
// would have without us.
void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
  if (previous.sa_flags & SA_SIGINFO) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler == SIG_IGN) return;
  if (previous.sa_handler != SIG_DFL) return previous.sa_handler(signal);
  // The faulting instruction runs again, now with the default action.
  sigaction(signal, &previous, nullptr);
}

bool in_stack_guard(const ThreadState& state, std::uintptr_t address) {
  return address >= state.stack_low - kStackGuardBelow && address < state.stack_low + kStackGuardAbove;
}

void on_fault(int signal, siginfo_t* info, void* context) {
  ThreadState* const state = t_state;
  if (state == nullptr || !state->in_guest) return pass_on(signal, info, context);
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  if (state->memory->handle_write_fault(address)) return;
  if (state->in_host) return pass_on(signal, info, context);
  if (state->memory->reserved(address))
    unwind_guest(*state, StopReason::kTrap, "out of bounds memory access");
  if (in_stack_guard(*state, address)) unwind_guest(*state, StopReason::kStackOverflow);
  pass_on(signal, info, context);
}

void on_stop(int, siginfo_t* info, void*) {
  ThreadState* const state = t_state;
  if (state == nullptr || !state->in_guest) return;
  if (static_cast<std::uint32_t>(info->si_value.sival_int) != state->run) return;
  if (state->in_host) {
    state->stop_pending = 1;
    return;
  }
  unwind_guest(*state, StopReason::kTimeout);
}

// Handlers leave by siglongjmp and no signal mask is saved per run: a fault is not deferred, and the stop
// signal is, until recover_from_unwind(). A stop must not strike while a fault is being handled, for it would
// tear the resident set apart, nor on top of itself: stops that queued up while the thread had no processor
// would all be stacked at once and overflow the alternate stack.
void install_handlers() {
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, stop_signal());
  action.sa_sigaction = on_fault;
  NX_CHECK(sigaction(SIGSEGV, &action, &previous_segv) == 0);
  NX_CHECK(sigaction(SIGBUS, &action, &previous_bus) == 0);
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  action.sa_sigaction = on_stop;
  NX_CHECK(sigaction(stop_signal(), &action, nullptr) == 0);
}

std::uintptr_t lowest_stack_address() {
  pthread_attr_t attributes;
  void* low = nullptr;
  std::size_t size = 0;
  NX_CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
  NX_CHECK(pthread_attr_getstack(&attributes, &low, &size) == 0);
  pthread_attr_destroy(&attributes);
  return reinterpret_cast<std::uintptr_t>(low);
}

}  // namespace

int stop_signal() { return SIGRTMIN + 6; }

ThreadState* thread_state() { return t_state; }

void unwind_guest(ThreadState& state, StopReason reason, const char* text) {
  state.reason = reason;
  state.trap_text = text;
  siglongjmp(state.unwind, 1);
}

void recover_from_unwind() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, stop_signal());
  pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
}

std::thread thread_without_signals(std::function<void()> work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(work));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

ThreadScope::ThreadScope() : outermost_(t_state == nullptr) {
  static std::once_flag once;
  std::call_once(once, install_handlers);
  if (!outermost_) return;
  alternate_stack_ =
      mmap(nullptr, kAlternateStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  NX_CHECK(alternate_stack_ != MAP_FAILED);
  stack_t stack = {};
  stack.ss_sp = alternate_stack_;
  stack.ss_size = kAlternateStackBytes;
  NX_CHECK(sigaltstack(&stack, &previous_) == 0);
  t_state = new ThreadState;
  t_state->stack_low = lowest_stack_address();
}

ThreadScope::~ThreadScope() {
  if (!outermost_) return;
  ThreadState* const state = t_state;
  t_state = nullptr;
  delete state;
  if (previous_.ss_sp == nullptr) previous_.ss_flags = SS_DISABLE;
  sigaltstack(&previous_, nullptr);
  munmap(alternate_stack_, kAlternateStackBytes);
}

}  // namespace nexus::sandbox
