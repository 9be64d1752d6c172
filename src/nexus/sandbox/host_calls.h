#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "nexus/sandbox/stop.h"

namespace nexus::sandbox {

class LinearMemory;

// The functions a guest can import; names and parameters in abi/nexus_abi.h.
enum class HostFunction : std::uint8_t {
  kInput,
  kOutput,
  kStateGet,
  kStateSet,
  kStateDelete,
  kStateHas,
  kStateKeys,
  kStateDeclared,
  kStatePatch,
  kEmitEvent,
  kViewCommand,
  kExtSuspend,
  kExtExists,
  kExtMethods,
  kExtList,
  kLog,
  kPrint,
  kNow,
};
inline constexpr std::size_t kHostFunctionCount = static_cast<std::size_t>(HostFunction::kNow) + 1;

// The ABI name, for example "__nexus_state_get".
std::string_view to_string(HostFunction function);

// An address and a length as the guest gave them: not yet checked, not yet trusted.
struct GuestRange {
  std::uint32_t address = 0;
  std::uint32_t length = 0;
};

// The guest's memory as a host function sees it. Every access is checked against the current size, and
// bytes are copied before anybody looks at them. Valid during one host call only.
class GuestMemory {
 public:
  explicit GuestMemory(LinearMemory& memory) : memory_(memory) {}

  // A copy of the bytes; nullopt when they are not all inside the memory.
  std::optional<std::string> read(GuestRange range) const;
  // Copies `bytes` to `address`; false, with nothing written, when they do not fit.
  bool write(std::uint32_t address, std::span<const std::byte> bytes);
  bool write(std::uint32_t address, std::string_view bytes) {
    return write(address, std::as_bytes(std::span(bytes.data(), bytes.size())));
  }

 private:
  LinearMemory& memory_;
};

// What a host function answers: the code for the guest, or a reason to end the run here and now.
struct HostReply {
  std::int32_t code = 0;
  StopReason stop = StopReason::kNone;
};

// What the guest's imports do; one object per run, called on the thread that runs the guest. Must bound
// its own work: the time limit cannot interrupt it.
class HostCalls {
 public:
  virtual ~HostCalls() = default;
  // `arguments` holds as many numbers as the function has parameters.
  virtual HostReply call(HostFunction function, const std::uint32_t* arguments, GuestMemory& memory) = 0;
  // Nanoseconds since the Unix epoch, for the guest's Date.
  virtual std::uint64_t wall_clock_ns() = 0;
};

}  // namespace nexus::sandbox
