#include <algorithm>
#include <string>

#include "nexus/nxml/references_internal.h"

// What can be known of a component's `args` before anybody uses it, against what its tool declares;
// reference.md section 2.4 with its ruling on how arguments map.
namespace nexus::nxml {
namespace {

using Kind = Expression::Kind;

// What a literal stands for; nullopt for what only evaluation tells, and for null, which any type
// takes as its default.
std::optional<value::Value> constant_of(const Expression& expression) {
  if (expression.kind == Kind::kArray) return value::Value(value::List{});
  if (expression.kind == Kind::kObject) return value::Value(value::Object{});
  if (expression.kind != Kind::kLiteral) return std::nullopt;
  using Literal = Expression::Literal;
  switch (expression.literal) {
    case Literal::kFalse:
    case Literal::kTrue:
      return value::Value(expression.literal == Literal::kTrue);
    case Literal::kNumber:
      return value::Value(expression.number);
    case Literal::kString:
      return value::Value(expression.text);
    case Literal::kUndefined:
    case Literal::kNull:
      break;
  }
  return std::nullopt;
}

class ArgumentCheck {
 public:
  ArgumentCheck(const Tool& tool, std::vector<bool>& given, Diagnostics& diagnostics)
      : tool_(tool), diagnostics_(diagnostics), given_(given) {
    given_.assign(tool.args.size(), false);
  }

  // `trigger` is the place to point at when nothing was written.
  void run(const Expression* args, Range trigger) {
    if (args == nullptr) return report_missing(trigger.begin);
    if (args->kind == Kind::kArray) return check_list(*args);
    if (args->kind == Kind::kObject) return check_object(*args);
    if (!constant_of(*args)) return;
    check(0, *args);
    report_missing(args->at);
  }

 private:
  void check_list(const Expression& list);
  void check_object(const Expression& object);
  void check(std::size_t position, const Expression& value);
  void report_missing(std::uint32_t at);
  void report_unknown(std::string_view name, std::uint32_t at);

  const Tool& tool_;
  Diagnostics& diagnostics_;
  std::vector<bool>& given_;  // for each declared argument
};

void ArgumentCheck::check_list(const Expression& list) {
  // From a spread on nobody knows which item lands where.
  for (std::size_t i = 0; i < list.children.size(); ++i) {
    if (list.children[i]->kind == Kind::kSpread) return;
    check(i, *list.children[i]);
  }
  report_missing(list.at);
}

void ArgumentCheck::check_object(const Expression& object) {
  bool complete = true;
  for (std::size_t i = 0; i < object.children.size(); ++i) {
    const Expression& value = *object.children[i];
    const bool named = value.kind != Kind::kSpread && value.kind != Kind::kComputedMember;
    complete = complete && named;
    if (!named) continue;
    const auto arg = std::find_if(tool_.args.begin(), tool_.args.end(), [&](const Arg& candidate) {
      return candidate.name == object.words[i];
    });
    if (arg == tool_.args.end()) {
      report_unknown(object.words[i], value.at);
    } else {
      check(static_cast<std::size_t>(arg - tool_.args.begin()), value);
    }
  }
  if (complete) report_missing(object.at);
}

void ArgumentCheck::check(std::size_t position, const Expression& value) {
  if (position >= tool_.args.size()) {
    if (position > tool_.args.size()) return;  // one report for all that are too many
    diagnostics_.warning(
        kInvalidArgument, value.at,
        cat({"the tool ", quote(tool_.name), " takes ", std::to_string(tool_.args.size()),
             " arguments; further ones are dropped"}));
    return;
  }
  given_[position] = true;
  const Arg& arg = tool_.args[position];
  std::optional<value::Value> constant = constant_of(value);
  if (!constant) return;
  const auto coerced = value::coerce_value(arg.type, std::move(*constant));
  if (coerced.ok()) return;
  diagnostics_.error(kInvalidArgument, value.at,
                     cat({"the argument ", quote(arg.name), " of the tool ", quote(tool_.name),
                          " does not fit its type: ", coerced.error().message}));
}

void ArgumentCheck::report_missing(std::uint32_t at) {
  for (std::size_t i = 0; i < tool_.args.size(); ++i) {
    const Arg& arg = tool_.args[i];
    if (given_[i] || !arg.required || arg.fallback) continue;
    diagnostics_.error(kInvalidArgument, at,
                       cat({"the tool ", quote(tool_.name), " needs the argument ", quote(arg.name),
                            "; give it in args, or give it a default"}));
  }
}

void ArgumentCheck::report_unknown(std::string_view name, std::uint32_t at) {
  if (!diagnostics_.wants(Severity::kWarning)) return;
  std::vector<std::string_view> known;
  for (const Arg& arg : tool_.args) known.push_back(arg.name);
  diagnostics_.warning(kInvalidArgument, at,
                       cat({"the tool ", quote(tool_.name), " has no argument ", quote(name),
                            ", so it is dropped", did_you_mean(name, known)}));
}

}  // namespace

void check_arguments(const Call& call, const Tool* tool, std::vector<bool>& given,
                     Diagnostics& diagnostics) {
  if (call.args != nullptr && call.payload != nullptr)
    diagnostics.warning(kDuplicateAttribute, call.payload->range,
                        "payload is another name of args and is ignored beside it");
  const Prop* args = call.args != nullptr ? call.args : call.payload;
  if (call.trigger == nullptr && args != nullptr)
    diagnostics.warning(kMissingRequired, args->range, "args without a trigger does nothing");
  if (call.trigger == nullptr || tool == nullptr) return;
  ArgumentCheck check(*tool, given, diagnostics);
  if (args == nullptr) return check.run(nullptr, call.trigger->range);
  const Expression* expression = std::get<Binding>(args->value).expression;
  if (expression != nullptr) check.run(expression, call.trigger->range);
}

}  // namespace nexus::nxml
