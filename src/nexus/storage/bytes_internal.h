#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/storage/records.h"

namespace nexus::storage {

// Appends `number` in groups of seven bits, lowest first, the top bit set on all but the last
// (LEB128).
void put_number(std::uint64_t number, std::string& out);
// Appends the length, then the bytes.
void put_bytes(std::string_view bytes, std::string& out);

// Reads what the functions above wrote. Past the end, or on a malformed number, everything reads as
// 0 or empty and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t number();
  std::string_view bytes();
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  void fail();

  std::string_view rest_;
  bool ok_ = true;
};

// A list of changes as the history keeps it.
std::string pack_changes(const std::vector<StateChange>& changes);
// Error kStorageError: the bytes are damaged.
Result<std::vector<StateChange>> unpack_changes(std::string_view bytes);

}  // namespace nexus::storage
