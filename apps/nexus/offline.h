#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "nexus/extension/approval_extension.h"
#include "nexus/extension/http_extension.h"
#include "nexus/extension/kv_extension.h"
#include "nexus/extension/registry.h"
#include "nexus/extension/time_extension.h"
#include "nexus/loop/loop.h"
#include "nexus/panel/program.h"
#include "nexus/panel/workspace.h"
#include "nexus/sandbox/entry.h"
#include "nexus/value/json.h"

namespace nexus::cli {

// Everything a panel needs to be loaded and run in this process: one loop, one thread for handlers, the
// engine, the extensions. The creating thread may enter the sandbox.
struct Offline {
  // `private_hosts`: as HTTP_ALLOW_PRIVATE_HOSTS. The error says which part cannot start, and why.
  static Result<std::unique_ptr<Offline>> create(const std::vector<std::string>& private_hosts);

  const sandbox::ThreadScope thread;
  std::unique_ptr<loop::Loop> loop;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<extension::Registry> extensions;
  std::unique_ptr<loop::ThreadPool> executor;
};

}  // namespace nexus::cli
