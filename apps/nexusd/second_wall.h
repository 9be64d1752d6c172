#pragma once

#include <string>
#include <vector>

#include "nexus/value/value.h"
#include "settings.h"

// What the process gives up once it has started, so that somebody who broke out of the sandbox meets a second wall: it
// starts no program, traces nobody, opens no socket but for TCP and UDP, and no file outside the directories it works
// with (docs/SECURITY.md, "The second wall"). Linux: no_new_privs, Landlock, seccomp.
namespace nexusd {

struct WallPaths {
  std::vector<std::string> writable;  // directories, with all that is below
  std::vector<std::string> readable;  // files, and directories with all that is below
};

// The paths that these settings name, and the system's files that the resolver, TLS and time zones read.
WallPaths wall_paths(const Settings& settings);

class SecondWall {
 public:
  // Closes everything but `paths` to the calling thread and to the threads it will start: to be called while there is
  // no other. Paths that do not exist stay closed.
  void close_files(const WallPaths& paths);

  // Closes the system calls that a running server does not need, to all threads of the process. Files and programs
  // stay open to those who have them open.
  void close_calls();

  // For /health: {"mode":"strict","noNewPrivs":true,"landlock":7,"seccomp":true,"missing":["..."]}.
  nexus::value::Object facts() const;
  // What the kernel did not do, and why; a line each.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  bool no_new_privs_ = false;
  int landlock_ = 0;  // version of the interface in use; 0: none
  bool seccomp_ = false;
  std::vector<std::string> missing_;
};

}  // namespace nexusd
