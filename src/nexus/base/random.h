#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace nexus {

// Fills `size` bytes at `out` from the kernel's random source. Aborts when there is none. Any thread.
void random_bytes(void* out, std::size_t size);

// A random 64-bit number. Any thread.
std::uint64_t random_u64();

// A random version 4 UUID in its 36-character lower-case form (RFC 9562 section 5.4). Any thread.
std::string random_uuid();

// `digits` random lower-case hexadecimal characters. Any thread.
std::string random_hex(std::size_t digits);

}  // namespace nexus
