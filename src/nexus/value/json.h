#pragma once

#include <string>
#include <string_view>

#include "nexus/base/result.h"
#include "nexus/value/value.h"

namespace nexus::value {

// What two members of one name in one object mean: JSON.parse's reading, or an error. Security
// decisions refuse them, since two readers may pick different ones.
enum class DuplicateKeys { kLastWins, kRefuse };

// Parses one JSON text (RFC 8259). Of duplicate keys the last one wins, at the place of the first.
// Refuses what no value can hold: numbers beyond the range of doubles, lone surrogates. Error:
// kParseError with the byte offset and what is wrong, or kPayloadTooLarge past `limits`. Any
// thread.
Result<Value> parse_json(std::string_view text, const ValueLimits& limits = {},
                         DuplicateKeys duplicates = DuplicateKeys::kLastWins);

// Compact JSON: keys in insertion order, numbers as JavaScript prints them, strings escaped as
// JSON.stringify does. Well-formed for every Value: ill-formed UTF-8, which no value should hold,
// becomes U+FFFD. Any thread.
std::string to_json(const Value& value);

// Appends to `out` what to_json returns.
void write_json(const Value& value, std::string& out);

// Appends `text` as a JSON string with its quotes.
void write_json_string(std::string_view text, std::string& out);

// Appends a number as JavaScript's Number.prototype.toString prints it; null when not finite.
void write_json_number(double number, std::string& out);

}  // namespace nexus::value
