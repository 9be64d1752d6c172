#pragma once

#include <memory>
#include <string>
#include <variant>

#include "nexus/engine/code_cache.h"
#include "nexus/engine/engine.h"
#include "nexus/sandbox/instance_pool.h"

namespace nexus::engine {

struct Compiled {
  Code code;
  bool cache_hit = false;
  std::int64_t compile_us = 0;
};

// Turns handler text into bytecode, inside the sandbox, once per text. Guarded: any thread with a
// ThreadScope.
class Compiler {
 public:
  Compiler(sandbox::InstancePool& pool, std::size_t cache_bytes) : pool_(pool), cache_(cache_bytes) {}

  // The code, from the cache when it is there. The error has the author's position.
  std::variant<Compiled, RunError> compile(const HandlerSource& source);

 private:
  std::variant<Code, RunError> compile_in_sandbox(const HandlerSource& source);

  sandbox::InstancePool& pool_;
  CodeCache cache_;
};

}  // namespace nexus::engine
