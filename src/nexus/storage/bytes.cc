#include "nexus/storage/bytes_internal.h"

namespace nexus::storage {

void put_number(std::uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(0x80 | (number & 0x7f));
  out += static_cast<char>(number);
}

void put_bytes(std::string_view bytes, std::string& out) {
  put_number(bytes.size(), out);
  out += bytes;
}

void ByteReader::fail() {
  ok_ = false;
  rest_ = {};
}

std::uint64_t ByteReader::number() {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    number |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return number;
  }
  fail();
  return 0;
}

std::string_view ByteReader::bytes() {
  const std::uint64_t size = number();
  if (size > rest_.size()) {
    fail();
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

// Each change: the key, 1 and the value, or 0.
std::string pack_changes(const std::vector<StateChange>& changes) {
  std::string out;
  for (const StateChange& change : changes) {
    put_bytes(change.key, out);
    put_number(change.value ? 1 : 0, out);
    if (change.value) put_bytes(*change.value, out);
  }
  return out;
}

Result<std::vector<StateChange>> unpack_changes(std::string_view bytes) {
  std::vector<StateChange> changes;
  ByteReader in(bytes);
  while (!in.at_end()) {
    StateChange change{std::string(in.bytes()), std::nullopt};
    if (in.number() == 1) change.value = std::string(in.bytes());
    changes.push_back(std::move(change));
  }
  if (!in.ok()) return Error{ErrorCode::kStorageError, "a history entry is damaged"};
  return changes;
}

}  // namespace nexus::storage
