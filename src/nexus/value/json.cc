#include "nexus/value/json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>

#include "nexus/value/decimal_internal.h"
#include "nexus/value/json_diagnosis.h"

namespace nexus::value {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

#define NX_JSON_TRY(expression)                                                             \
  do {                                                                                      \
    if (const error_code status = (expression); status != simdjson::SUCCESS) return status; \
  } while (false)

// What is left to allow and what was seen on the way down.
struct Progress {
  std::size_t depth;             // levels of lists and objects that may still open
  bool& found_duplicates;

  Progress deeper() const { return {depth - 1, found_duplicates}; }
};

error_code convert(ondemand::value from, Progress progress, Value& to);

error_code convert_list(ondemand::value from, Progress progress, Value& to) {
  ondemand::array array;
  NX_JSON_TRY(from.get_array().get(array));
  List list;
  for (auto element : array) {
    ondemand::value raw;
    NX_JSON_TRY(std::move(element).get(raw));
    NX_JSON_TRY(convert(raw, progress, list.emplace_back()));
  }
  to = std::move(list);
  return simdjson::SUCCESS;
}

error_code convert_object(ondemand::value from, Progress progress, Value& to) {
  ondemand::object members;
  NX_JSON_TRY(from.get_object().get(members));
  Object object;
  for (auto member : members) {
    ondemand::field field;
    NX_JSON_TRY(std::move(member).get(field));
    std::string_view unescaped;
    NX_JSON_TRY(field.unescaped_key().get(unescaped));
    std::string key(unescaped);
    Value value;
    NX_JSON_TRY(convert(field.value(), progress, value));
    object.append(std::move(key), std::move(value));
  }
  const std::size_t members_read = object.size();
  object.merge_duplicates();
  if (object.size() < members_read) progress.found_duplicates = true;
  to = std::move(object);
  return simdjson::SUCCESS;
}

template <typename T>
error_code store(simdjson::simdjson_result<T> from, Value& to) {
  T held;
  NX_JSON_TRY(std::move(from).get(held));
  to = Value(held);
  return simdjson::SUCCESS;
}

// Whether a literal that read_decimal() accepts is a number of JSON too.
bool is_json_number(std::string_view literal) {
  const auto digit_at = [&](std::size_t at) {
    return at < literal.size() && literal[at] >= '0' && literal[at] <= '9';
  };
  const std::size_t first = literal.starts_with('-') ? 1 : 0;
  if (!digit_at(first) || (literal[first] == '0' && digit_at(first + 1))) return false;
  const std::size_t point = literal.find('.');
  return point == literal.npos || digit_at(point + 1);
}

// The library's own conversion is not used: version 3.0.1 of Debian 12 reads
// 0.99999999999999999999999999 as 1.6e-7 and refuses exponents of 20 digits.
error_code convert_number(ondemand::value from, Value& to) {
  // Up to the next token, blanks included.
  std::string_view literal = from.raw_json_token();
  literal = literal.substr(0, literal.find_last_not_of(" \t\r\n") + 1);
  const std::optional<double> number = read_decimal(literal);
  if (!number || !is_json_number(literal)) return simdjson::NUMBER_ERROR;
  to = Value(*number);
  return simdjson::SUCCESS;  // iteration skips the token, as it does every value not asked for
}

error_code convert_null(ondemand::value from, Value& to) {
  bool is_null = false;
  NX_JSON_TRY(from.is_null().get(is_null));
  to = Value();
  return is_null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
}

error_code convert(ondemand::value from, Progress progress, Value& to) {
  ondemand::json_type type;
  NX_JSON_TRY(from.type().get(type));
  switch (type) {
    case ondemand::json_type::array:
      return progress.depth == 0 ? simdjson::DEPTH_ERROR : convert_list(from, progress.deeper(), to);
    case ondemand::json_type::object:
      return progress.depth == 0 ? simdjson::DEPTH_ERROR
                                 : convert_object(from, progress.deeper(), to);
    case ondemand::json_type::number:
      return convert_number(from, to);
    case ondemand::json_type::string:
      return store<std::string_view>(from.get_string(), to);
    case ondemand::json_type::boolean:
      return store<bool>(from.get_bool(), to);
    case ondemand::json_type::null:
      return convert_null(from, to);
  }
  return simdjson::TAPE_ERROR;
}

// The text between brackets. As the element of an array a scalar is read like any other value,
// without the limits and exceptions the library has for a scalar that is the whole document.
simdjson::padded_string bracketed(std::string_view text) {
  simdjson::padded_string padded(text.size() + 2);
  NX_CHECK(padded.data() != nullptr);
  char* out = padded.data();
  *out++ = '[';
  out = std::copy(text.begin(), text.end(), out);
  *out = ']';
  return padded;
}

error_code parse(std::string_view text, Progress progress, Value& to) {
  const simdjson::padded_string padded = bracketed(text);
  ondemand::parser parser;
  ondemand::document document;
  NX_JSON_TRY(parser.iterate(padded).get(document));
  ondemand::array array;
  NX_JSON_TRY(document.get_array().get(array));
  std::size_t count = 0;
  for (auto element : array) {
    ondemand::value raw;
    NX_JSON_TRY(std::move(element).get(raw));
    if (++count > 1) return simdjson::TAPE_ERROR;
    NX_JSON_TRY(convert(raw, progress, to));
  }
  // A location after the end of the array exists only when something stands there.
  const bool trailing = document.current_location().error() == simdjson::SUCCESS;
  return count == 1 && !trailing ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

#undef NX_JSON_TRY

}  // namespace

Result<Value> parse_json(std::string_view text, const ValueLimits& limits,
                         DuplicateKeys duplicates) {
  if (text.size() > limits.bytes) {
    return Error{ErrorCode::kPayloadTooLarge,
                 fmt::format("the JSON text has {} bytes but at most {} are allowed", text.size(),
                             limits.bytes)};
  }
  const std::size_t depth = std::min(limits.depth, kMaxDepth);
  Value value;
  bool found_duplicates = false;
  const error_code status = parse(text, {depth, found_duplicates}, value);
  if (status == simdjson::SUCCESS) {
    if (found_duplicates && duplicates == DuplicateKeys::kRefuse)
      return Error{ErrorCode::kParseError, "an object has two members of one name"};
    return value;
  }
  // The fast parser knows neither what it expected nor always where: read again, slowly.
  if (std::optional<Error> error = diagnose_json(text, depth)) return *std::move(error);
  return Error{ErrorCode::kParseError,
               fmt::format("the JSON text cannot be read: {}", simdjson::error_message(status))};
}

}  // namespace nexus::value
