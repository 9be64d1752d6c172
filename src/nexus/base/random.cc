#include "nexus/base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "nexus/base/check.h"

namespace nexus {

namespace {

void kernel_random(void* out, std::size_t size) {
  auto* at = static_cast<unsigned char*>(out);
  while (size > 0) {
    const ssize_t got = getrandom(at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    NX_CHECK(got > 0);
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace

// A system call costs more than most of what wants to be random here, so each thread fetches ahead. What
// was given out is wiped.
void random_bytes(void* out, std::size_t size) {
  thread_local unsigned char ahead[512];
  thread_local std::size_t left = 0;
  if (size > sizeof ahead) return kernel_random(out, size);
  if (size > left) {
    kernel_random(ahead, sizeof ahead);
    left = sizeof ahead;
  }
  left -= size;
  std::memcpy(out, ahead + left, size);
  std::memset(ahead + left, 0, size);
}

std::uint64_t random_u64() {
  std::uint64_t value;
  random_bytes(&value, sizeof value);
  return value;
}

std::string random_hex(std::size_t digits) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string bytes((digits + 1) / 2, '\0');
  random_bytes(bytes.data(), bytes.size());
  std::string text;
  text.reserve(digits + 1);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  text.resize(digits);
  return text;
}

std::string random_uuid() {
  std::string hex = random_hex(32);
  hex[12] = '4';
  hex[16] = "89ab"[random_u64() & 3];
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) +
         '-' + hex.substr(20);
}

}  // namespace nexus
