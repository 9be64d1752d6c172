#pragma once

namespace nexus::sandbox {

class LinearMemory;

// While one lives, a memory that generated code allocates on this thread is `memory`.
class MemoryBeingMade {
 public:
  explicit MemoryBeingMade(LinearMemory& memory);
  ~MemoryBeingMade();
  MemoryBeingMade(const MemoryBeingMade&) = delete;
  MemoryBeingMade& operator=(const MemoryBeingMade&) = delete;
};

}  // namespace nexus::sandbox
