#include "nexus/panel/arguments.h"

#include <fmt/format.h>

namespace nexus::panel {
namespace {

using value::Value;

// What was sent for the argument `name` at `position`; nullptr when nothing was.
Value* find_sent(Value& sent, std::string_view name, std::size_t position) {
  if (sent.is_object()) return sent.object().find(name);
  if (sent.is_list()) return position < sent.list().size() ? &sent.list()[position] : nullptr;
  return position == 0 && !sent.is_null() ? &sent : nullptr;
}

Result<Value> coerce(const nxml::Tool& tool, const nxml::Arg& arg, Value value) {
  auto coerced = value::coerce_value(arg.type, std::move(value));
  if (coerced.ok()) return coerced;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("argument \"{}\" of tool \"{}\": {}", arg.name, tool.name,
                           coerced.error().message)};
}

}  // namespace

Result<Value> bind_arguments(const nxml::Tool& tool, Value sent) {
  value::Object bound;
  for (std::size_t i = 0; i < tool.args.size(); ++i) {
    const nxml::Arg& arg = tool.args[i];
    if (Value* given = find_sent(sent, arg.name, i)) {
      NX_TRY(Value value, coerce(tool, arg, std::move(*given)));
      bound.set(arg.name, std::move(value));
    } else if (arg.fallback) {
      bound.set(arg.name, *arg.fallback);
    } else if (arg.required) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("missing required argument \"{}\" ({}) of tool \"{}\"", arg.name,
                               to_string(arg.type), tool.name)};
    }
  }
  return Value(std::move(bound));
}

}  // namespace nexus::panel
