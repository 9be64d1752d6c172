#include <cstdint>
#include <span>
#include <string_view>

#include "nexus/base/check.h"
#include "nexus/value/json.h"
#include "nexus/value/json_diagnosis.h"
#include "nexus/value/msgpack.h"
#include "nexus/value/utf8.h"
#include "nexus_msgpack.h"

// Both codecs on hostile bytes. An input is read as JSON and as MessagePack; oracles:
// - the MessagePack validator accepts exactly what the decoder accepts;
// - the JSON diagnosis explains exactly what the JSON parser refuses;
// - an accepted value survives both encodings unchanged, and encoding is a fixed point.

namespace {

using nexus::Result;
using nexus::value::Value;
using nexus::value::ValueLimits;

constexpr ValueLimits kLimits{.depth = 16, .bytes = 1u << 20};
// JSON needs more bytes than MessagePack for the same value, and the other way round.
constexpr ValueLimits kRoomy{.depth = 16, .bytes = 64u << 20};

Result<Value> decode(std::string_view bytes, const ValueLimits& limits) {
  return nexus::value::decode_msgpack(std::as_bytes(std::span(bytes)), limits);
}

void check_strings(const Value& value) {
  if (value.is_string()) NX_CHECK(nexus::value::is_valid_utf8(value.string()));
  if (value.is_list())
    for (const Value& element : value.list()) check_strings(element);
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.object()) {
    NX_CHECK(nexus::value::is_valid_utf8(key));
    check_strings(member);
  }
}

void check_round_trips(const Value& value) {
  check_strings(value);

  const std::string packed = nexus::value::to_msgpack(value);
  NX_CHECK(packed.size() == nexus::value::msgpack_size(value));
  const Result<Value> unpacked = decode(packed, kRoomy);
  NX_CHECK(unpacked.ok() && unpacked.value() == value);
  NX_CHECK(nexus::value::to_msgpack(unpacked.value()) == packed);

  const std::string text = nexus::value::to_json(value);
  NX_CHECK(nexus::value::is_valid_utf8(text));
  const Result<Value> parsed = nexus::value::parse_json(text, kRoomy);
  NX_CHECK(parsed.ok() && parsed.value() == value);
  NX_CHECK(nexus::value::to_json(parsed.value()) == text);
}

void try_msgpack(std::string_view input) {
  const int status = nx_mp_validate(reinterpret_cast<const std::uint8_t*>(input.data()),
                                    input.size(), static_cast<std::uint32_t>(kLimits.depth));
  const Result<Value> decoded = decode(input, kLimits);
  NX_CHECK(decoded.ok() == (status == NX_MP_OK));
  if (decoded.ok()) check_round_trips(decoded.value());
}

void try_json(std::string_view input) {
  const Result<Value> parsed = nexus::value::parse_json(input, kLimits);
  NX_CHECK(parsed.ok() == !nexus::value::diagnose_json(input, kLimits.depth).has_value());
  if (parsed.ok()) check_round_trips(parsed.value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kLimits.bytes) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try_msgpack(input);
  try_json(input);
  return 0;
}
