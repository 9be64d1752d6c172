#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

#include "nexus/value/json.h"
#include "nexus/value/json_diagnosis.h"
#include "nexus/value/msgpack.h"
#include "nexus_msgpack.h"

// Promises that hold for every value, tried on random ones. The seed is fixed: a failure repeats.
namespace nexus::value {
namespace {

class RandomValues {
 public:
  explicit RandomValues(std::uint32_t seed) : random_(seed) {}

  Value next(int depth = 4) {
    switch (below(depth > 0 ? 8 : 5)) {
      case 0:
        return {};
      case 1:
        return below(2) == 0;
      case 2:
        return small_number();
      case 3:
        return any_number();
      case 4:
        return text();
      case 5:
      case 6:
        return list(depth - 1);
      default:
        return object(depth - 1);
    }
  }

  std::uint32_t below(std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random_);
  }

 private:
  double small_number() {
    return (static_cast<double>(below(2000000)) - 1000000) / (below(2) == 0 ? 1 : 64);
  }

  // Any finite double, by its bits.
  double any_number() {
    while (true) {
      const std::uint64_t bits = random_();
      double number = 0;
      std::memcpy(&number, &bits, sizeof number);
      if (std::isfinite(number)) return number;
    }
  }

  std::string text() {
    constexpr std::string_view kPieces[] = {"a",
                                            "\"",
                                            "\\",
                                            "\n",
                                            "\x1f",
                                            "\x7f",
                                            "\xc3\xa9",
                                            "\xe2\x80\xa8",
                                            "\xf0\x9f\x98\x80",
                                            " ",
                                            "long piece of text"};
    std::string out;
    for (std::uint32_t count = below(12); count > 0; --count)
      out.append(kPieces[below(std::size(kPieces))]);
    if (below(8) == 0) out.push_back('\0');
    return out;
  }

  List list(int depth) {
    List out;
    for (std::uint32_t count = below(20); count > 0; --count) out.push_back(next(depth));
    return out;
  }

  Object object(int depth) {
    Object out;
    for (std::uint32_t count = below(20); count > 0; --count) out.set(text(), next(depth));
    return out;
  }

  std::mt19937_64 random_;
};

Result<Value> decode(std::string_view data) {
  return decode_msgpack(std::as_bytes(std::span(data)));
}

TEST(CodecProperty, EveryValueSurvivesJson) {
  RandomValues values(1);
  for (int i = 0; i < 2000; ++i) {
    const Value value = values.next();
    const std::string text = to_json(value);
    const Result<Value> back = parse_json(text);
    ASSERT_TRUE(back.ok()) << text << back.error().message;
    ASSERT_TRUE(back.value() == value) << text;
    ASSERT_EQ(to_json(back.value()), text);
  }
}

TEST(CodecProperty, EveryValueSurvivesMsgpack) {
  RandomValues values(2);
  for (int i = 0; i < 2000; ++i) {
    const Value value = values.next();
    const std::string data = to_msgpack(value);
    ASSERT_EQ(msgpack_size(value), data.size());
    const Result<Value> back = decode(data);
    ASSERT_TRUE(back.ok()) << to_json(value) << back.error().message;
    ASSERT_TRUE(back.value() == value) << to_json(value);
    ASSERT_EQ(to_msgpack(back.value()), data);
  }
}

// Whatever a damaged encoding turns into: it is refused, or it is a value like any other.
TEST(CodecProperty, DamagedMsgpackIsRefusedOrReadsAsAValue) {
  RandomValues values(3);
  for (int i = 0; i < 5000; ++i) {
    std::string data = to_msgpack(values.next(2));
    data[values.below(static_cast<std::uint32_t>(data.size()))] =
        static_cast<char>(values.below(256));
    const int status = nx_mp_validate(reinterpret_cast<const std::uint8_t*>(data.data()),
                                      data.size(), ValueLimits{}.depth);
    const Result<Value> decoded = decode(data);
    ASSERT_EQ(decoded.ok(), status == NX_MP_OK);
    if (!decoded.ok()) continue;
    ASSERT_TRUE(decode(to_msgpack(decoded.value())).value() == decoded.value());
  }
}

// strtod rounds correctly and the test runs in the "C" locale.
TEST(CodecProperty, DecimalLiteralsReadAsTheNearestDouble) {
  RandomValues random(5);
  const auto digits = [&](std::uint32_t count) {
    std::string out;
    while (count-- > 0) out.push_back(static_cast<char>('0' + random.below(10)));
    return out;
  };
  for (int i = 0; i < 20000; ++i) {
    std::string literal = random.below(2) == 0 ? "-" : "";
    literal += random.below(2) == 0 ? "0" : "1" + digits(random.below(30));
    if (random.below(2) == 0) literal += "." + digits(1 + random.below(40));
    if (random.below(2) == 0)
      literal += (random.below(2) == 0 ? "e-" : "E") + digits(1 + random.below(3));
    const double expected = std::strtod(literal.c_str(), nullptr);
    const Result<Value> read = parse_json(literal);
    ASSERT_EQ(read.ok(), std::isfinite(expected)) << literal;
    if (!read.ok()) continue;
    ASSERT_EQ(read->number(), expected) << literal;
  }
}

// Two independent readings of the grammar agree on what is JSON.
TEST(CodecProperty, TheParserRefusesExactlyWhatTheDiagnosisExplains) {
  RandomValues values(4);
  constexpr std::string_view kBytes = "[]{},:\"\\ue0-.1+tfn \x1f\xff";
  for (int i = 0; i < 20000; ++i) {
    std::string text = to_json(values.next(2));
    for (std::uint32_t damage = values.below(3); damage > 0; --damage)
      text[values.below(static_cast<std::uint32_t>(text.size()))] =
          kBytes[values.below(kBytes.size())];
    ASSERT_EQ(parse_json(text).ok(), !diagnose_json(text, ValueLimits{}.depth).has_value()) << text;
  }
}

}  // namespace
}  // namespace nexus::value
