#pragma once

#include <optional>
#include <string_view>

#include "nexus/base/result.h"
#include "nexus/value/value.h"

namespace nexus::value {

// The five types an author can declare for state and arguments (reference.md section 2.2).
enum class DataType { kString, kNumber, kBoolean, kList, kObject };

// "string", "number", "boolean", "list" or "object".
std::string_view to_string(DataType type);
// nullopt for any other word.
std::optional<DataType> parse_data_type(std::string_view word);

// "", 0, false, [] or {}.
Value type_default(DataType type);

// Turns the text of a default or an argument into a value of `type`: reference.md section 2.3,
// reactor column, with its ruling (arrays are no objects, invalid literals are errors). Empty text
// is the type's default. Error kInvalidArgument says what was expected and what was found.
Result<Value> coerce_text(DataType type, std::string_view text);

// Brings a run-time value to `type`, or says with kInvalidArgument why it cannot be. Null becomes
// the type's default; text, numbers and booleans convert where nothing is lost; lists and objects
// never turn into another type, nor anything into them.
Result<Value> coerce_value(DataType type, Value value);

}  // namespace nexus::value
