#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "nexus/value/decimal_internal.h"

namespace nexus::value {
namespace {

// The exponent of a literal, 0 without one; as far as the type goes when it is longer.
std::int64_t exponent_of(std::string_view literal) {
  const std::size_t mark = literal.find_first_of("eE");
  if (mark == literal.npos) return 0;
  std::string_view digits = literal.substr(mark + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t exponent = 0;
  const auto status = std::from_chars(digits.data(), digits.data() + digits.size(), exponent).ec;
  if (status == std::errc()) return exponent;
  return digits.starts_with('-') ? INT64_MIN / 2 : INT64_MAX / 2;
}

// Whether the absolute value of a literal that has a digit other than 0 is below 1.
bool is_below_one(std::string_view literal) {
  const std::string_view mantissa = literal.substr(0, literal.find_first_of("eE"));
  const std::size_t first = mantissa.find_first_of("123456789");
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  // 10^magnitude is the value of the first digit that counts.
  const auto distance = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  const std::int64_t magnitude = distance > 0 ? distance - 1 : distance;
  return magnitude + exponent_of(literal) < 0;
}

}  // namespace

std::optional<double> read_decimal(std::string_view literal) {
  double value = 0;
  const char* end = literal.data() + literal.size();
  const auto [stop, status] = std::from_chars(literal.data(), end, value);
  if (stop != end) return std::nullopt;
  if (status == std::errc() && std::isfinite(value)) return value;
  // One code stands for too large and too small.
  if (status != std::errc::result_out_of_range || !is_below_one(literal)) return std::nullopt;
  return literal.front() == '-' ? -0.0 : 0.0;
}

}  // namespace nexus::value
