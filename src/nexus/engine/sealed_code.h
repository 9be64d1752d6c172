#pragma once

#include <string>
#include <string_view>

#include "nexus/base/result.h"

namespace nexus::engine {

// Raised whenever bytecode of the same guest build would mean something else; part of every cache key and
// of everything that is sealed.
inline constexpr std::string_view kCacheVersion = "v1";

// Wraps bytecode for the way out of the process, so that only what was sealed under the same key comes back
// in: QuickJS trusts its bytecode, so bytecode is code. Immutable: any thread.
//
// Sealed form: 8 bytes "nxsealed", 8 bytes cache version, 64 bytes guest build hash, 8 bytes purpose, 64
// bytes subject (shorter texts are followed by zeros), the code, 32 bytes HMAC-SHA-256 of all that.
class Seal {
 public:
  // What a sealed text is for: one is never taken for the other.
  enum class Purpose { kCacheFile, kBlob };

  static constexpr std::size_t kOverhead = 8 + 8 + 64 + 8 + 64 + 32;
  static constexpr std::size_t kMaxCodeBytes = std::size_t{16} << 20;
  static constexpr std::size_t kMinKeyBytes = 32;

  // `key` is secret and has at least kMinKeyBytes.
  explicit Seal(std::string key) : key_(std::move(key)) {}

  // `subject` has at most 64 bytes and no zeros: what the code belongs to.
  std::string close(Purpose purpose, std::string_view subject, std::string_view code) const;

  struct Opened {
    std::string subject;
    std::string code;
  };
  // Error kInvalidHandler, with the reason, for everything that close() of an engine of the same key and
  // guest build did not make for this purpose.
  Result<Opened> open(Purpose purpose, std::string_view sealed) const;

 private:
  const std::string key_;
};

}  // namespace nexus::engine
