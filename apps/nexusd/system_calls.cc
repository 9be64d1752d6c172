#include "system_calls.h"

#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace nexusd {
namespace {

using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;

// By what needs them. Files are the business of Landlock, but for those it does not know (modes, owners, times).
constexpr const char* kAllowed[] = {
    // memory
    "brk", "munmap", "mremap", "madvise", "memfd_create", "membarrier", "mincore",
    // threads, their priorities and processors (loop/thread_priority.cc changes those of slow runs)
    "exit", "exit_group", "futex", "gettid", "getpid", "set_robust_list", "rseq", "sched_yield",
    "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler", "sched_setscheduler",
    "sched_setattr", "sched_getattr", "getpriority", "setpriority", "arch_prctl", "set_tid_address",
    // signals and timers
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigaltstack",
    "restart_syscall", "timer_create", "timer_settime", "timer_gettime", "timer_getoverrun",
    "timer_delete", "timerfd_create", "timerfd_settime", "timerfd_gettime", "nanosleep",
    "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time",
    // descriptors
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2",
    "close", "close_range", "dup", "dup2", "dup3", "fcntl", "lseek", "pipe2", "pipe", "eventfd2",
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select",
    "pselect6", "inotify_init1", "inotify_add_watch", "inotify_rm_watch", "sendfile", "copy_file_range",
    // files
    "open", "openat", "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access",
    "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "truncate", "ftruncate",
    "fallocate", "fadvise64", "fsync", "fdatasync", "sync_file_range", "flock", "unlink", "unlinkat",
    "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "umask", "fchmod", "fchown", "utimensat",
    // connections
    "connect", "accept", "accept4", "shutdown", "getsockname", "getpeername", "getsockopt", "setsockopt",
    "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "socketpair",
    // facts
    "uname", "sysinfo", "getrandom", "getrlimit", "getrusage", "times", "getuid", "geteuid", "getgid",
    "getegid", "getppid", "getcpu"};

// Those that a library meets with a clear answer; whatever else is not allowed does not exist (ENOSYS), so that libraries
// take their way around a call that is newer than this list.
constexpr const char* kRefused[] = {
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open",
    "pidfd_getfd", "kill", "bind", "listen", "io_uring_setup", "bpf", "userfaultfd", "perf_event_open",
    "mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "keyctl", "add_key", "mknod", "mknodat",
    "symlink", "symlinkat", "setuid", "setgid", "setresuid", "setresgid", "capset", "personality",
    "open_by_handle_at", "seccomp", "init_module", "finit_module", "kexec_load", "reboot"};

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), seccomp_release) {}

  // Several conditions must all hold, each on another argument.
  template <typename... Conditions>
  void add(std::uint32_t action, const char* name, const Conditions&... conditions) {
    const int number = seccomp_syscall_resolve_name(name);
    // Newer than the library, or of another processor: then nobody calls it.
    if (number == __NR_SCMP_ERROR || context_ == nullptr) return;
    const int error = seccomp_rule_add(context_.get(), action, number, sizeof...(conditions), conditions...);
    if (error != 0 && error_ == 0) error_ = error;
  }
  template <typename... Conditions>
  void allow(const char* name, const Conditions&... conditions) {
    add(SCMP_ACT_ALLOW, name, conditions...);
  }
  void set(scmp_filter_attr attribute, std::uint32_t value) {
    if (context_ == nullptr) return;
    const int error = seccomp_attr_set(context_.get(), attribute, value);
    if (error != 0 && error_ == 0) error_ = error;
  }
  Result<void> load() {
    if (context_ == nullptr) error_ = -ENOMEM;
    if (error_ == 0) error_ = seccomp_load(context_.get());
    if (error_ == 0) return {};
    return Error{ErrorCode::kUnavailable, std::strerror(-error_)};
  }

 private:
  const std::unique_ptr<void, decltype(&seccomp_release)> context_;
  int error_ = 0;  // the first, negative
};

scmp_arg_cmp is(unsigned argument, scmp_datum_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }
scmp_arg_cmp has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

// Memory that can be executed was there at the start or will never be.
void add_memory(Filter& filter) {
  for (const char* name : {"mmap", "mprotect"}) {
    filter.allow(name, has_bits(2, PROT_EXEC, 0));
    filter.add(SCMP_ACT_ERRNO(EPERM), name, has_bits(2, PROT_EXEC, PROT_EXEC));
  }
}

// Threads, never processes. The arguments of clone3 lie in memory, where a filter cannot see them: without it the C
// library uses clone.
void add_threads(Filter& filter) {
  filter.allow("clone", has_bits(0, CLONE_THREAD, CLONE_THREAD));
  filter.add(SCMP_ACT_ERRNO(EPERM), "clone", has_bits(0, CLONE_THREAD, 0));
  const auto self = static_cast<scmp_datum_t>(getpid());
  for (const char* name : {"tgkill", "rt_tgsigqueueinfo"}) filter.allow(name, is(0, self));
  filter.allow("prlimit64", is(0, 0), is(2, 0));  // reads its own
  constexpr scmp_datum_t kSetVma = 0x53564d41;    // PR_SET_VMA: names of memory, for /proc
  for (const scmp_datum_t option : {scmp_datum_t{PR_SET_NAME}, scmp_datum_t{PR_GET_NAME}, kSetVma})
    filter.allow("prctl", is(0, option));
}

// TCP and UDP. To other families the answer is that of a kernel without them, which libraries take well.
void add_sockets(Filter& filter) {
  constexpr scmp_datum_t kTypes = 0xf;  // the other bits are SOCK_NONBLOCK and SOCK_CLOEXEC
  for (const scmp_datum_t family : {AF_INET, AF_INET6})
    for (const scmp_datum_t type : {SOCK_STREAM, SOCK_DGRAM})
      filter.allow("socket", is(0, family), has_bits(1, kTypes, type));
  for (scmp_datum_t family = 0; family < AF_INET6; ++family)
    if (family != AF_INET) filter.add(SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket", is(0, family));
  filter.add(SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket", scmp_arg_cmp{0, SCMP_CMP_GT, AF_INET6, 0});
  // What Asio, libcurl and the logger ask of their descriptors; nobody types into a terminal (TIOCSTI).
  for (const unsigned long request : {FIONBIO, FIONREAD, FIOCLEX, TCGETS, TIOCGWINSZ})
    filter.allow("ioctl", is(1, request));
}

// Sanitizers trace and fork their own process.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

Result<void> restrict_calls() {
  if (kSanitized) return Error{ErrorCode::kUnavailable, "this build has a sanitizer, which needs more calls"};
  Filter filter;
  filter.set(SCMP_FLTATR_CTL_TSYNC, 1);
  filter.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  filter.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree: the calls are many, and each pays for the search
  for (const char* name : kAllowed) filter.allow(name);
  for (const char* name : kRefused) filter.add(SCMP_ACT_ERRNO(EPERM), name);
  add_memory(filter);
  add_threads(filter);
  add_sockets(filter);
  return filter.load();
}

}  // namespace nexusd
