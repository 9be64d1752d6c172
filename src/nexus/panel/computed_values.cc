#include "nexus/panel/computed_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "nexus/panel/expression_script.h"
#include "nexus/panel/run_log.h"
#include "nexus/value/json.h"
#include "nexus/value/json_writer.h"

namespace nexus::panel {
namespace {

using value::Value;

// Answers, for each wanted position, the JSON text of the value or {error}. Values later in the
// order read earlier ones from `state`.
constexpr std::string_view kEvaluator = R"js(
const state = JSON.parse($args.state);
const answers = [];
const derive = (name, compute) => {
  try {
    const value = compute(state, {});
    if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('the value is ' + value);
    answers.push(JSON.stringify(value) ?? 'null');
    state[name] = value;
  } catch (error) {
    answers.push({ error: String(error) });
    state[name] = null;
  }
};
const steps = [
)js";

constexpr std::string_view kEnd = R"js(];
for (const position of $args.wanted) derive(steps[position][0], steps[position][1]);
return answers;
)js";

bool reads_any(const std::vector<std::string>& reads,
               const std::set<std::string, std::less<>>& names) {
  return std::any_of(reads.begin(), reads.end(),
                     [&](const auto& name) { return names.contains(name); });
}

}  // namespace

ComputedValues::ComputedValues(const nxml::Document& document, const engine::Limits& limits)
    : limits_(limits) {
  source_.text = expression_prelude();
  source_.text += kEvaluator;
  for (const std::size_t position : document.computed_order) {
    const nxml::Computed& computed = document.computed[position];
    entries_.push_back({computed.name, computed.reads, computed.span.start});
    source_.text += '[';
    value::write_json_string(computed.name, source_.text);
    source_.text += ", ";
    append_expression(computed.source, source_.text);
    source_.text += "],\n";
  }
  source_.text += kEnd;
}

bool ComputedValues::has(std::string_view name) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.name == name; });
}

bool ComputedValues::depends_on(std::string_view key) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return std::find(entry.reads.begin(), entry.reads.end(), key) != entry.reads.end();
  });
}

std::vector<engine::Mutation> ComputedValues::evaluate(
    engine::Engine& engine, const std::string& panel_id, const engine::StateView& state,
    const std::vector<std::string>& changed) const {
  return run(engine, panel_id, state, affected_by(changed));
}

std::vector<engine::Mutation> ComputedValues::evaluate_all(engine::Engine& engine,
                                                           const std::string& panel_id,
                                                           const engine::StateView& state) const {
  Selection all;
  for (std::size_t i = 0; i < entries_.size(); ++i) all.push_back(i);
  return run(engine, panel_id, state, all);
}

ComputedValues::Selection ComputedValues::affected_by(
    const std::vector<std::string>& changed) const {
  std::set<std::string, std::less<>> names(changed.begin(), changed.end());
  Selection affected;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!reads_any(entries_[i].reads, names)) continue;
    names.insert(entries_[i].name);
    affected.push_back(i);
  }
  return affected;
}

std::vector<engine::Mutation> ComputedValues::run(engine::Engine& engine,
                                                  const std::string& panel_id,
                                                  const engine::StateView& state,
                                                  const Selection& wanted) const {
  if (wanted.empty()) return {};
  value::List positions(wanted.begin(), wanted.end());
  const engine::Outcome outcome = engine.execute(
      {.panel_id = panel_id,
       .handler_name = "computed",
       .source = source_,
       .args = value::Object{{"state", inputs_json(state, wanted)}, {"wanted", positions}},
       .scope = value::Object{},
       .capabilities = {},
       .extensions = {},
       .limits = limits_},
      state);
  const Value& answers = outcome.return_value;
  const bool answered = answers.is_list() && answers.list().size() == wanted.size();
  const Value failed =
      value::Object{{"error", outcome.error ? outcome.error->message : "there is no answer"}};
  std::vector<engine::Mutation> values;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Entry& entry = entries_[wanted[i]];
    const Value& answer = answered ? answers.list()[i] : failed;
    values.push_back({engine::Mutation::Operation::kSet, entry.name,
                      take_result(panel_id, entry, answer)});
  }
  return values;
}

// As text: reading a large value costs the sandbox a fraction of what freezing it would.
std::string ComputedValues::inputs_json(const engine::StateView& state,
                                        const Selection& wanted) const {
  std::set<std::string_view> names;
  for (const std::size_t position : wanted)
    names.insert(entries_[position].reads.begin(), entries_[position].reads.end());
  for (const std::size_t position : wanted) names.erase(entries_[position].name);
  std::string out;
  value::ObjectWriter object(out);
  for (const std::string_view name : names)
    if (const Value* input = state.get(name)) object.value(name, *input);
  object.close();
  return out;
}

Value ComputedValues::take_result(const std::string& panel_id, const Entry& entry,
                                  const Value& answer) const {
  std::string reason = "the value cannot be read";
  if (answer.is_string()) {
    auto parsed = value::parse_json(answer.string(), limits_.payload);
    if (parsed.ok()) return std::move(parsed).take();
    reason = parsed.error().message;
  }
  if (const Value* error = answer.find("error"); error != nullptr && error->is_string())
    reason = error->string();
  log_computed_failure(panel_id, entry.name, entry.at, reason);
  return {};
}

}  // namespace nexus::panel
