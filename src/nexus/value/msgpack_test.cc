#include "nexus/value/msgpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "nexus/value/json.h"
#include "nexus_msgpack.h"

namespace nexus::value {
namespace {

using testing::HasSubstr;

// Bytes written as hexadecimal digits, blanks allowed.
std::string bytes(std::string_view hex) {
  std::string out;
  std::string digits;
  for (const char c : hex)
    if (c != ' ') digits.push_back(c);
  for (std::size_t i = 0; i < digits.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return out;
}

int validate(std::string_view data, std::uint32_t depth = 64) {
  return nx_mp_validate(reinterpret_cast<const std::uint8_t*>(data.data()), data.size(), depth);
}

Result<Value> decode(std::string_view data, const ValueLimits& limits = {}) {
  return decode_msgpack(std::as_bytes(std::span(data)), limits);
}

TEST(MsgpackCore, WritesTheCanonicalBytes) {
  const std::pair<Value, const char*> cases[] = {
      {Value(), "c0"},
      {false, "c2"},
      {true, "c3"},
      {0, "00"},
      {127, "7f"},
      {128, "cc80"},
      {255, "ccff"},
      {256, "cd0100"},
      {65535, "cdffff"},
      {65536, "ce00010000"},
      {2147483647, "ce7fffffff"},
      {-1, "ff"},
      {-32, "e0"},
      {-33, "d0df"},
      {-128, "d080"},
      {-129, "d1ff7f"},
      {-32768, "d18000"},
      {-32769, "d2ffff7fff"},
      {-2147483648.0, "d280000000"},
      {2147483648.0, "cb41e0000000000000"},
      {-2147483649.0, "cbc1e0000000200000"},
      {0.5, "cb3fe0000000000000"},
      {-0.0, "cb8000000000000000"},
      {"", "a0"},
      {"abc", "a3616263"},
      {List{}, "90"},
      {List{1, nullptr}, "9201c0"},
      {Object{}, "80"},
      {Object{{"a", List{true}}}, "81a16191c3"},
  };
  for (const auto& [value, hex] : cases) EXPECT_EQ(to_msgpack(value), bytes(hex)) << hex;
}

TEST(MsgpackCore, PicksTheShortestLengthForm) {
  for (const auto& [size, head] : {std::pair<std::size_t, const char*>{31, "bf"},
                                   {32, "d920"},
                                   {255, "d9ff"},
                                   {256, "da0100"},
                                   {65535, "daffff"},
                                   {65536, "db00010000"}})
    EXPECT_EQ(to_msgpack(std::string(size, 'x')), bytes(head) + std::string(size, 'x'));
  for (const auto& [size, head] : {std::pair<std::size_t, const char*>{15, "9f"},
                                   {16, "dc0010"},
                                   {65535, "dcffff"},
                                   {65536, "dd00010000"}})
    EXPECT_EQ(to_msgpack(List(size)), bytes(head) + std::string(size, '\xc0'));
  Object fifteen;
  for (int i = 0; i < 15; ++i) fifteen.append(std::string(1, static_cast<char>('a' + i)), 0);
  EXPECT_EQ(to_msgpack(fifteen).substr(0, 1), bytes("8f"));
  fifteen.append("z", 0);
  EXPECT_EQ(to_msgpack(fifteen).substr(0, 3), bytes("de0010"));
}

TEST(MsgpackCore, WritesInt64AsTheNearestDouble) {
  std::uint8_t buffer[16];
  nx_mp_writer writer;
  nx_mp_writer_init(&writer, buffer, sizeof buffer, nullptr, nullptr);
  nx_mp_write_int64(&writer, -5);
  nx_mp_write_int64(&writer, std::int64_t{1} << 40);
  EXPECT_EQ(writer.error, NX_MP_OK);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer), writer.size),
            bytes("fb cb4270000000000000"));
}

TEST(MsgpackCore, StopsAtTheEndOfAFixedBuffer) {
  std::uint8_t buffer[4] = {0, 0, 0, 0xee};
  nx_mp_writer writer;
  nx_mp_writer_init(&writer, buffer, 3, nullptr, nullptr);
  nx_mp_write_str(&writer, "ab", 2);
  EXPECT_EQ(writer.error, NX_MP_OK);
  nx_mp_write_nil(&writer);
  EXPECT_EQ(writer.error, NX_MP_NO_SPACE);
  nx_mp_write_bool(&writer, 1);
  EXPECT_EQ(writer.error, NX_MP_NO_SPACE);
  EXPECT_EQ(writer.size, 3u);
  EXPECT_EQ(buffer[3], 0xee);
}

TEST(MsgpackCore, ReportsABufferThatCannotGrow) {
  nx_mp_writer writer;
  nx_mp_writer_init(
      &writer, nullptr, 0, [](nx_mp_writer*, std::size_t) { return -1; }, nullptr);
  nx_mp_write_array_header(&writer, 3);
  EXPECT_EQ(writer.error, NX_MP_NO_SPACE);
}

TEST(MsgpackCore, RefusesToWriteNumbersThatAreNotFinite) {
  for (const double number :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    std::uint8_t buffer[16];
    nx_mp_writer writer;
    nx_mp_writer_init(&writer, buffer, sizeof buffer, nullptr, nullptr);
    nx_mp_write_double(&writer, number);
    EXPECT_EQ(writer.error, NX_MP_NOT_FINITE);
    EXPECT_EQ(writer.size, 0u);
  }
}

TEST(MsgpackCore, NamesEachKindOfMalformedInput) {
  const std::pair<const char*, int> cases[] = {
      {"", NX_MP_TRUNCATED},
      {"cc", NX_MP_TRUNCATED},
      {"cb00000000000000", NX_MP_TRUNCATED},
      {"d9", NX_MP_TRUNCATED},
      {"dd000000", NX_MP_TRUNCATED},
      {"9201", NX_MP_BAD_COUNT},
      {"9291c0", NX_MP_TRUNCATED},
      {"c0c0", NX_MP_TRAILING},
      {"9000", NX_MP_TRAILING},
      {"ddffffffff", NX_MP_BAD_COUNT},
      {"dfffffffff", NX_MP_BAD_COUNT},
      {"df80000000 a0c0a0c0", NX_MP_BAD_COUNT},
      {"dcffff00", NX_MP_BAD_COUNT},
      {"82a161c0", NX_MP_BAD_COUNT},
      {"dbffffffff61", NX_MP_BAD_COUNT},
      {"a2 61", NX_MP_BAD_COUNT},
      {"c40100", NX_MP_BAD_TYPE},
      {"c5000100", NX_MP_BAD_TYPE},
      {"c60000000100", NX_MP_BAD_TYPE},
      {"c7010000", NX_MP_BAD_TYPE},
      {"c800010000", NX_MP_BAD_TYPE},
      {"c9000000010000", NX_MP_BAD_TYPE},
      {"d40000", NX_MP_BAD_TYPE},
      {"d8", NX_MP_BAD_TYPE},
      {"91c1", NX_MP_RESERVED},
      {"8101c0", NX_MP_BAD_KEY},
      {"81c0c0", NX_MP_BAD_KEY},
      {"8190c0", NX_MP_BAD_KEY},
      {"82a161c0c0c0", NX_MP_BAD_KEY},
      {"a1ff", NX_MP_BAD_UTF8},
      {"a3eda080", NX_MP_BAD_UTF8},
      {"a2e282", NX_MP_BAD_UTF8},
      {"81a1ffc0", NX_MP_BAD_UTF8},
      {"ca7fc00000", NX_MP_NOT_FINITE},
      {"ca7f800000", NX_MP_NOT_FINITE},
      {"caff800000", NX_MP_NOT_FINITE},
      {"cb7ff0000000000000", NX_MP_NOT_FINITE},
      {"cbfff0000000000001", NX_MP_NOT_FINITE},
  };
  for (const auto& [hex, status] : cases) {
    std::string data = bytes(hex);
    EXPECT_EQ(validate(data), status) << hex;
    const Result<Value> decoded = decode(data);
    ASSERT_FALSE(decoded.ok()) << hex;
    EXPECT_EQ(decoded.error().code, ErrorCode::kSerializationError);
    EXPECT_THAT(decoded.error().message, HasSubstr("invalid MessagePack: "));
  }
}

TEST(MsgpackCore, NoPrefixOfAValueIsAValue) {
  const std::string whole = to_msgpack(
      Object{{"list", List{1, -70000, 0.25, "text", nullptr}}, {"nested", Object{{"a", true}}}});
  ASSERT_EQ(validate(whole), NX_MP_OK);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_LT(validate(std::string_view(whole).substr(0, size)), 0) << size;
}

TEST(MsgpackCore, CountsNestingExactly) {
  EXPECT_EQ(validate(bytes("c0"), 0), NX_MP_OK);
  EXPECT_EQ(validate(bytes("90"), 0), NX_MP_TOO_DEEP);
  EXPECT_EQ(validate(bytes("9190"), 2), NX_MP_OK);
  EXPECT_EQ(validate(bytes("9190"), 1), NX_MP_TOO_DEEP);
  EXPECT_EQ(validate(bytes("929190 81a060"), 3), NX_MP_OK);
  const std::string deepest = std::string(NX_MP_MAX_DEPTH - 1, '\x91') + '\x90';
  EXPECT_EQ(validate(deepest, UINT32_MAX), NX_MP_OK);
  EXPECT_EQ(validate('\x91' + deepest, UINT32_MAX), NX_MP_TOO_DEEP);
  EXPECT_EQ(validate(std::string(1u << 20, '\x91'), UINT32_MAX), NX_MP_TOO_DEEP);
}

TEST(Msgpack, ReadsEveryFormOfANumber) {
  const std::pair<const char*, double> cases[] = {
      {"cc05", 5},
      {"cd0005", 5},
      {"ce00000005", 5},
      {"ceffffffff", 4294967295.0},
      {"cf0000000000000005", 5},
      {"cfffffffffffffffff", 18446744073709551615.0},
      {"d0ff", -1},
      {"d1ffff", -1},
      {"d2ffffffff", -1},
      {"d3ffffffffffffffff", -1},
      {"d38000000000000000", -9223372036854775808.0},
      {"ca3fc00000", 1.5},
      {"cb3ff8000000000000", 1.5},
      {"cb0000000000000001", 5e-324},
  };
  for (const auto& [hex, number] : cases) {
    const Result<Value> decoded = decode(bytes(hex));
    ASSERT_TRUE(decoded.ok()) << hex;
    EXPECT_EQ(decoded.value(), Value(number)) << hex;
  }
  EXPECT_TRUE(std::signbit(decode(to_msgpack(-0.0))->number()));
}

TEST(Msgpack, ReadsLengthFormsLongerThanNeeded) {
  for (const char* hex : {"a161", "d90161", "da000161", "db0000000161"})
    EXPECT_EQ(decode(bytes(hex)).value(), Value("a")) << hex;
  for (const char* hex : {"91c3", "dc0001c3", "dd00000001c3"})
    EXPECT_EQ(decode(bytes(hex)).value(), Value(List{true})) << hex;
  for (const char* hex : {"81a161c3", "de0001a161c3", "df00000001a161c3"})
    EXPECT_EQ(decode(bytes(hex)).value(), Value(Object{{"a", true}})) << hex;
}

TEST(Msgpack, LetsTheLastDuplicateKeyWin) {
  EXPECT_EQ(to_json(decode(bytes("83 a16101 a16202 a16103")).value()), R"({"a":3,"b":2})");
}

TEST(Msgpack, SaysWhichLimitWasPassed) {
  const Result<Value> large = decode(to_msgpack("abc"), {.bytes = 3});
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, ErrorCode::kSerializationError);
  EXPECT_THAT(large.error().message, HasSubstr("it has 4 bytes but at most 3 are allowed"));
  const Result<Value> deep = decode(to_msgpack(List(1, List())), {.depth = 1});
  ASSERT_FALSE(deep.ok());
  EXPECT_THAT(deep.error().message, HasSubstr("deeper than the 1 levels allowed"));
}

TEST(Msgpack, EncodesWhatNoValueShouldHoldAsSomethingReadable) {
  EXPECT_EQ(to_msgpack(Value("a\xff")), bytes("a4 61 efbfbd"));
  EXPECT_EQ(to_msgpack(Value(std::numeric_limits<double>::quiet_NaN())), bytes("c0"));
}

TEST(Msgpack, AppendsToWhatIsThere) {
  std::string out = "head";
  encode_msgpack(List{1, 2}, out);
  EXPECT_EQ(out, "head" + bytes("920102"));
}

TEST(Msgpack, KnowsTheSizeOfAnEncodingWithoutMakingIt) {
  Object wide;
  for (int i = 0; i < 70000; ++i) wide.append(std::to_string(i), i * 0.5);
  for (const Value& value :
       {Value(), Value(true), Value(-33), Value(0.5), Value("\xff text"),
        Value(std::string(40, 'x')), Value(std::string(300, 'x')), Value(std::string(70000, 'x')),
        Value(List(20)), Value(List(70000)), Value(Object{{"a", List{Object{}}}}), Value(wide),
        Value(std::numeric_limits<double>::infinity())})
    EXPECT_EQ(msgpack_size(value), to_msgpack(value).size());
}

}  // namespace
}  // namespace nexus::value
