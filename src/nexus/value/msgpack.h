#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "nexus/base/result.h"
#include "nexus/value/value.h"

namespace nexus::value {

// Decodes exactly one MessagePack value. Refuses ext and bin types, non-string keys, invalid UTF-8,
// numbers that are not finite, trailing bytes, and anything past `limits`, all with
// kSerializationError. Never recurses on input depth beyond limits.depth. Duplicate keys: the last
// one wins, at the place of the first. Any thread.
Result<Value> decode_msgpack(std::span<const std::byte> bytes, const ValueLimits& limits = {});

// Appends the encoding: whole numbers in the 32-bit range as integers, other numbers as float64,
// maps with string keys in insertion order. Ill-formed UTF-8, which no value should hold, becomes
// U+FFFD; a number that is not finite becomes nil. Any thread.
void encode_msgpack(const Value& value, std::string& out);

inline std::string to_msgpack(const Value& value) {
  std::string out;
  encode_msgpack(value, out);
  return out;
}

// The bytes encode_msgpack appends for `value`, without encoding it. Any thread.
std::size_t msgpack_size(const Value& value);
// The same for a string, and for what stands before `count` elements or members.
std::size_t msgpack_text_size(std::string_view text);
std::size_t msgpack_header_size(std::size_t count);

}  // namespace nexus::value
