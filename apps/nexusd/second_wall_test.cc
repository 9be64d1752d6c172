#include "second_wall.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <sstream>
#include <thread>

// Each test tries things in a child process that has raised the wall: what it tries, and with which errno it ended.
namespace nexusd {
namespace {

namespace fs = std::filesystem;
using Attempts = std::vector<std::pair<std::string, std::function<bool()>>>;
using Outcomes = std::map<std::string, int>;  // 0: it was done

class SecondWallTest : public testing::Test {
 protected:
  SecondWallTest() {
    for (const char* name : {"data", "web", "other"}) fs::create_directories(scratch_ / name);
    std::ofstream(scratch_ / "web" / "page") << "page";
    std::ofstream(scratch_ / "other" / "secret") << "secret";
  }
  ~SecondWallTest() override { fs::remove_all(scratch_); }

  std::string path(const std::string& below) const { return (scratch_ / below).string(); }

  Outcomes attempt(const Attempts& attempts) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) try_all(attempts, ends[1]);
    close(ends[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status << " after " << text;
    Outcomes outcomes;
    std::istringstream lines(text);
    std::string name;
    for (int error; lines >> name >> error;) outcomes[name] = error;
    return outcomes;
  }

  // Whether this kernel, and this build, have all parts of the wall; says what they lack.
  bool is_whole() {
    Outcomes outcomes = attempt({});
    return outcomes.at("missing") == 0;
  }

 private:
  [[noreturn]] void try_all(const Attempts& attempts, int out) {
    const auto say = [out](const std::string& name, int error) { dprintf(out, "%s %d\n", name.c_str(), error); };
    WallPaths paths = wall_paths(Settings{});
    paths.writable = {path("data")};
    paths.readable.push_back(path("web"));
    SecondWall wall;
    wall.close_files(paths);
    // A thread from before learns of the closed calls too.
    std::promise<void> closed;
    int of_thread = -1;
    std::thread thread([&] {
      closed.get_future().wait();
      of_thread = socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0;
    });
    wall.close_calls();
    closed.set_value();
    thread.join();
    say("thread", of_thread);
    for (const std::string& line : wall.missing()) dprintf(STDERR_FILENO, "missing: %s\n", line.c_str());
    say("missing", static_cast<int>(wall.missing().size()));
    for (const auto& [name, action] : attempts) {
      errno = 0;
      say(name, action() ? 0 : errno);
    }
    _exit(0);
  }

  const fs::path scratch_ = fs::path(testing::TempDir()) / ("wall-" + std::to_string(getpid()));
};

bool opens(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file >= 0) close(file);
  return file >= 0;
}

bool has_socket(int family, int type = SOCK_STREAM) {
  const int made = socket(family, type, 0);
  if (made >= 0) close(made);
  return made >= 0;
}

TEST_F(SecondWallTest, NoProgramStartsAndNobodyIsTraced) {
  if (!is_whole()) GTEST_SKIP() << "this kernel or build has not all of it, see above";
  const Outcomes outcomes = attempt({
      {"execve", [] { return execl("/bin/true", "true", nullptr) == 0; }},
      {"execveat", [] { return syscall(SYS_execveat, AT_FDCWD, "/bin/true", nullptr, nullptr, 0) == 0; }},
      {"fork", [] { return fork() >= 0; }},
      {"clone", [] { return syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr) >= 0; }},
      {"ptrace", [] { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }},
      {"process_vm_readv", [] { return syscall(SYS_process_vm_readv, getppid(), nullptr, 0, nullptr, 0, 0) >= 0; }},
      {"kill", [] { return kill(getppid(), 0) == 0; }},
      {"bpf", [] { return syscall(SYS_bpf, 0, nullptr, 0) >= 0; }},
      {"io_uring", [] { return syscall(SYS_io_uring_setup, 1, nullptr) >= 0; }},
      {"code", [] { return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; }},
  });
  for (const auto& [name, error] : outcomes) {
    if (name != "missing" && name != "thread") { EXPECT_EQ(error, EPERM) << name; }
  }
}

TEST_F(SecondWallTest, OnlyTcpAndUdpHaveSockets) {
  if (!is_whole()) GTEST_SKIP() << "this kernel or build has not all of it, see above";
  const Outcomes outcomes = attempt({
      {"unix", [] { return has_socket(AF_UNIX); }},
      {"netlink", [] { return has_socket(AF_NETLINK, SOCK_RAW); }},
      {"packet", [] { return has_socket(AF_PACKET, SOCK_RAW); }},
      {"vsock", [] { return has_socket(AF_VSOCK); }},
      {"raw", [] { return has_socket(AF_INET, SOCK_RAW); }},
      {"tcp", [] { return has_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC); }},
      {"udp6", [] { return has_socket(AF_INET6, SOCK_DGRAM); }},
      {"bind", [] {
         sockaddr_in any{};
         any.sin_family = AF_INET;
         return bind(socket(AF_INET, SOCK_STREAM, 0), reinterpret_cast<sockaddr*>(&any), sizeof any) == 0;
       }},
  });
  for (const char* family : {"unix", "netlink", "packet", "vsock", "thread"})
    EXPECT_EQ(outcomes.at(family), EAFNOSUPPORT) << family;
  EXPECT_EQ(outcomes.at("raw"), ENOSYS);
  EXPECT_EQ(outcomes.at("bind"), EPERM);
  EXPECT_EQ(outcomes.at("tcp"), 0);
  EXPECT_EQ(outcomes.at("udp6"), 0);
}

TEST_F(SecondWallTest, OnlyTheServersFilesAreOpened) {
  if (!is_whole()) GTEST_SKIP() << "this kernel or build has not all of it, see above";
  const Outcomes outcomes = attempt({
      {"read_other", [&] { return opens(path("other/secret"), O_RDONLY); }},
      {"read_passwd", [] { return opens("/etc/passwd", O_RDONLY); }},
      {"around", [&] { return opens(path("data/../other/secret"), O_RDONLY); }},
      {"through_proc", [&] { return opens("/proc/self/root" + path("other/secret"), O_RDONLY); }},
      {"list_other", [&] { return opens(path("other"), O_RDONLY | O_DIRECTORY); }},
      {"make_other", [&] { return opens(path("other/new"), O_WRONLY | O_CREAT); }},
      {"remove_other", [&] { return unlink(path("other/secret").c_str()) == 0; }},
      {"move_there", [&] {
         return opens(path("data/a"), O_WRONLY | O_CREAT) &&
                rename(path("data/a").c_str(), path("other/a").c_str()) == 0;
       }},
      {"write_web", [&] { return opens(path("web/page"), O_WRONLY); }},
      {"link", [&] { return symlink(path("other/secret").c_str(), path("data/link").c_str()) == 0; }},
      {"read_web", [&] { return opens(path("web/page"), O_RDONLY); }},
      {"make", [&] { return opens(path("data/b"), O_RDWR | O_CREAT | O_TRUNC); }},
      {"move", [&] { return rename(path("data/b").c_str(), path("data/c").c_str()) == 0; }},
      {"remove", [&] { return unlink(path("data/c").c_str()) == 0; }},
  });
  for (const char* name : {"read_other", "read_passwd", "around", "through_proc", "list_other", "make_other",
                           "remove_other", "write_web"})
    EXPECT_EQ(outcomes.at(name), EACCES) << name;
  EXPECT_THAT(outcomes.at("move_there"), testing::AnyOf(EACCES, EXDEV));
  EXPECT_EQ(outcomes.at("link"), EPERM);
  for (const char* name : {"read_web", "make", "move", "remove"}) EXPECT_EQ(outcomes.at(name), 0) << name;
}

TEST_F(SecondWallTest, WhatAServerDoesStaysPossible) {
  if (!is_whole()) GTEST_SKIP() << "this kernel or build has not all of it, see above";
  const Outcomes outcomes = attempt({
      {"threads", [] {
         bool ran = false;
         std::thread([&] { ran = true; }).join();
         return ran;
       }},
      {"names", [] {
         addrinfo* found = nullptr;
         if (getaddrinfo("localhost", "80", nullptr, &found) != 0) return false;
         freeaddrinfo(found);
         return true;
       }},
      {"pair", [] {
         int ends[2];
         return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0;
       }},
      {"own_signal", [] {
         std::signal(SIGUSR1, [](int) {});
         return pthread_kill(pthread_self(), SIGUSR1) == 0;
       }},
      {"nice", [] { return setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 5) == 0; }},
      {"memory", [] { return memfd_create("image", MFD_CLOEXEC) >= 0; }},
      {"zone", [] { return opens("/dev/urandom", O_RDONLY); }},
      {"status", [] { return opens("/proc/self/status", O_RDONLY); }},
  });
  for (const auto& [name, error] : outcomes) {
    if (name != "thread") { EXPECT_EQ(error, 0) << name; }
  }
}

TEST(SecondWallFacts, SayWhatStandsAndWhatDoesNot) {
  const SecondWall wall;
  const auto facts = wall.facts();
  EXPECT_FALSE(facts.find("seccomp")->boolean());
  EXPECT_EQ(facts.find("landlock")->number(), 0);
  EXPECT_TRUE(facts.find("missing")->list().empty());
}

}  // namespace
}  // namespace nexusd
