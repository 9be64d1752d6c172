#pragma once

#include <string_view>

namespace nexus::sandbox {

class LinearMemory;

// While one lives, a memory that generated code allocates on this thread is `memory`, and the bytes of the
// function table it allocates are found in table().
class MemoryBeingMade {
 public:
  explicit MemoryBeingMade(LinearMemory& memory);
  std::string_view table() const;
  ~MemoryBeingMade();
  MemoryBeingMade(const MemoryBeingMade&) = delete;
  MemoryBeingMade& operator=(const MemoryBeingMade&) = delete;
};

}  // namespace nexus::sandbox
