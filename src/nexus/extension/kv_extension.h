#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/extension/extension.h"
#include "nexus/loop/loop.h"

namespace nexus::extension {

// Bounds on what one panel keeps.
struct KvLimits {
  std::size_t key_bytes = 256;
  std::size_t value_bytes = 64 * 1024;   // of one value as MessagePack
  std::size_t keys = 1000;
  std::size_t total_bytes = 1024 * 1024;  // keys and values
};

using KvEntries = std::map<std::string, value::Value, std::less<>>;

// Where the entries are kept beyond this process. Loop thread only; callbacks come later, once each,
// on the loop's thread, and those of one panel in the order of the requests.
class KvBackend {
 public:
  virtual ~KvBackend() = default;
  virtual void load(const std::string& panel_id, std::function<void(Result<KvEntries>)> done) = 0;
  // No value removes the key.
  virtual void store(const std::string& panel_id, const std::string& key,
                     const std::optional<value::Value>& value,
                     std::function<void(Result<void>)> done) = 0;
};

// Keeps nothing: entries live as long as the process. For programs without a data directory.
std::unique_ptr<KvBackend> make_volatile_kv_backend(loop::Loop& loop);

// "nexus.kv": get(key) answers the value or null, set(key, value) null, delete(key) whether it was
// there, list(prefix?) the keys in byte order. A change is answered when the backend has it. Each panel
// sees its own entries only; they go with the panel. `loop` outlives the extension.
std::unique_ptr<Extension> make_kv_extension(loop::Loop& loop, std::unique_ptr<KvBackend> backend,
                                             const KvLimits& limits = {});

}  // namespace nexus::extension
