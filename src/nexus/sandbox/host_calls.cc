#include "nexus/sandbox/host_calls.h"

#include <cstring>

#include "nexus/sandbox/linear_memory.h"
#include "nexus_abi.h"

namespace nexus::sandbox {

std::string_view to_string(HostFunction function) {
  switch (function) {
#define NX_NAME(name, enumerator)     \
  case HostFunction::enumerator:      \
    return #name;
    NX_IMPORTS(NX_NAME, NX_NAME, NX_NAME, NX_NAME, NX_NAME, NX_NAME)
#undef NX_NAME
  }
  return "";
}

std::string_view to_string(StopReason reason) {
  switch (reason) {
    case StopReason::kNone:
      return "none";
    case StopReason::kTimeout:
      return "time limit";
    case StopReason::kCancelled:
      return "cancelled";
    case StopReason::kMemoryLimit:
      return "memory limit";
    case StopReason::kJobLimit:
      return "limit of promise jobs";
    case StopReason::kStackOverflow:
      return "stack overflow";
    case StopReason::kHost:
      return "ended by the host";
    case StopReason::kTrap:
      return "trap";
  }
  return "";
}

std::optional<std::string> GuestMemory::read(GuestRange range) const {
  if (std::uint64_t{range.address} + range.length > memory_.size()) return std::nullopt;
  // SAFETY: checked above against the current size, and nothing enters the guest before the copy is done.
  return std::string(reinterpret_cast<const char*>(memory_.data()) + range.address, range.length);
}

bool GuestMemory::write(std::uint32_t address, std::span<const std::byte> bytes) {
  if (std::uint64_t{address} + bytes.size() > memory_.size()) return false;
  memory_.prepare_write(address, bytes.size());
  // SAFETY: as in read(); prepare_write() made the pages writable.
  if (!bytes.empty()) std::memcpy(memory_.data() + address, bytes.data(), bytes.size());
  return true;
}

}  // namespace nexus::sandbox
