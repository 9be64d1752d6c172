#include "nexus/value/msgpack.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nexus/value/utf8.h"
#include "nexus_msgpack.h"

namespace nexus::value {
namespace {

std::string_view describe(int status) {
  switch (status) {
    case NX_MP_TRUNCATED:
      return "it ends inside a value";
    case NX_MP_TRAILING:
      return "bytes follow the value";
    case NX_MP_BAD_COUNT:
      return "a length exceeds the bytes that follow";
    case NX_MP_BAD_TYPE:
      return "it holds a bin or ext value, which has no JSON counterpart";
    case NX_MP_RESERVED:
      return "it holds the reserved byte 0xc1";
    case NX_MP_BAD_KEY:
      return "a map has a key that is not a string";
    case NX_MP_BAD_UTF8:
      return "a string is not valid UTF-8";
    case NX_MP_NOT_FINITE:
      return "a number is NaN or infinite";
    default:
      return "it is too large";
  }
}

Error malformed(std::string_view why) {
  return Error{ErrorCode::kSerializationError, fmt::format("invalid MessagePack: {}", why)};
}

// Recursion is bounded: the validator has checked the depth.
Value read_value(nx_mp_reader& reader);

Value read_list(nx_mp_reader& reader, std::uint32_t count) {
  List list;
  list.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) list.push_back(read_value(reader));
  return list;
}

Value read_object(nx_mp_reader& reader, std::uint32_t count) {
  Object object;
  object.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const nx_mp_token key = nx_mp_read(&reader);
    object.append(std::string(key.text, key.count), read_value(reader));
  }
  object.merge_duplicates();
  return object;
}

Value read_value(nx_mp_reader& reader) {
  const nx_mp_token token = nx_mp_read(&reader);
  switch (token.type) {
    case NX_MP_NIL:
      return {};
    case NX_MP_BOOL:
      return token.count != 0;
    case NX_MP_NUMBER:
      return token.number;
    case NX_MP_STR:
      return std::string(token.text, token.count);
    case NX_MP_ARRAY:
      return read_list(reader, token.count);
    case NX_MP_MAP:
      return read_object(reader, token.count);
  }
  return {};
}

int grow_string(nx_mp_writer* writer, std::size_t needed) {
  auto& out = *static_cast<std::string*>(writer->context);
  out.resize(std::max(needed, 2 * writer->capacity));
  writer->data = reinterpret_cast<std::uint8_t*>(out.data());
  writer->capacity = out.size();
  return 0;
}

void write_text(nx_mp_writer& writer, std::string_view text) {
  if (is_valid_utf8(text)) {
    nx_mp_write_str(&writer, text.data(), text.size());
  } else {
    const std::string repaired = replace_invalid_utf8(text);
    nx_mp_write_str(&writer, repaired.data(), repaired.size());
  }
}

void write_value(nx_mp_writer& writer, const Value& value) {
  switch (value.type()) {
    case Value::Type::kNull:
      return nx_mp_write_nil(&writer);
    case Value::Type::kBoolean:
      return nx_mp_write_bool(&writer, value.boolean());
    case Value::Type::kNumber:
      if (!std::isfinite(value.number())) return nx_mp_write_nil(&writer);
      return nx_mp_write_double(&writer, value.number());
    case Value::Type::kString:
      return write_text(writer, value.string());
    case Value::Type::kList:
      nx_mp_write_array_header(&writer, static_cast<std::uint32_t>(value.list().size()));
      for (const Value& element : value.list()) write_value(writer, element);
      return;
    case Value::Type::kObject:
      nx_mp_write_map_header(&writer, static_cast<std::uint32_t>(value.object().size()));
      for (const auto& [key, member] : value.object()) {
        write_text(writer, key);
        write_value(writer, member);
      }
      return;
  }
}

std::size_t number_size(double number) {
  if (!std::isfinite(number)) return 1;
  std::uint8_t scratch[9];
  nx_mp_writer writer;
  nx_mp_writer_init(&writer, scratch, sizeof scratch, nullptr, nullptr);
  nx_mp_write_double(&writer, number);
  return writer.size;
}

}  // namespace

Result<Value> decode_msgpack(std::span<const std::byte> bytes, const ValueLimits& limits) {
  if (bytes.size() > limits.bytes) {
    return malformed(
        fmt::format("it has {} bytes but at most {} are allowed", bytes.size(), limits.bytes));
  }
  const auto depth = static_cast<std::uint32_t>(std::min(limits.depth, kMaxDepth));
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const int status = nx_mp_validate(data, bytes.size(), depth);
  if (status == NX_MP_TOO_DEEP)
    return malformed(fmt::format("it nests deeper than the {} levels allowed", depth));
  if (status != NX_MP_OK) return malformed(describe(status));
  nx_mp_reader reader;
  nx_mp_reader_init(&reader, data);
  return read_value(reader);
}

void encode_msgpack(const Value& value, std::string& out) {
  nx_mp_writer writer;
  nx_mp_writer_init(&writer, out.data(), out.size(), grow_string, &out);
  writer.size = out.size();
  write_value(writer, value);
  NX_CHECK(writer.error == NX_MP_OK);
  out.resize(writer.size);
}

std::size_t msgpack_text_size(std::string_view text) {
  const std::size_t bytes = is_valid_utf8(text) ? text.size() : replace_invalid_utf8(text).size();
  return bytes + (bytes < 32 ? 1 : bytes <= 0xff ? 2 : bytes <= 0xffff ? 3 : 5);
}

std::size_t msgpack_header_size(std::size_t count) {
  return count < 16 ? 1 : count <= 0xffff ? 3 : 5;
}

std::size_t msgpack_size(const Value& value) {
  std::size_t size = 1;  // null and booleans
  switch (value.type()) {
    case Value::Type::kNull:
    case Value::Type::kBoolean:
      break;
    case Value::Type::kNumber:
      return number_size(value.number());
    case Value::Type::kString:
      return msgpack_text_size(value.string());
    case Value::Type::kList:
      size = msgpack_header_size(value.list().size());
      for (const Value& element : value.list()) size += msgpack_size(element);
      break;
    case Value::Type::kObject:
      size = msgpack_header_size(value.object().size());
      for (const auto& [key, member] : value.object())
        size += msgpack_text_size(key) + msgpack_size(member);
      break;
  }
  return size;
}

}  // namespace nexus::value
