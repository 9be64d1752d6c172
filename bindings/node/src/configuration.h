#pragma once

#include <napi.h>

#include <cstdint>

#include "nexus/engine/engine.h"

namespace nexus::node {

struct Configuration {
  engine::Options engine;
  // Whether errors carry stack, position and snippet (reference.md section 5.10).
  bool debug = false;
};

// Reads the configuration of `new NexusRuntime(...)`: fields, ranges and defaults of reference.md
// sections 5.2 and 8. `fields` is an object or undefined. Throws TypeError or RangeError naming the
// field, its value and what it may be.
Configuration read_configuration(const Napi::Value& fields);

// The same for the one limit that a call may set; `otherwise` when it is undefined.
std::uint32_t read_timeout_ms(const Napi::Value& value, std::uint32_t otherwise);

}  // namespace nexus::node
