#include "nexus/panel/resolved_view.h"

#include <fmt/format.h>

#include "nexus/engine/no_state.h"
#include "nexus/panel/expression_script.h"
#include "nexus/value/json.h"
#include "nexus/value/json_writer.h"

namespace nexus::panel {
namespace {

// What the generated tree is made of. A component is [type, id, layout, props, children]; a prop is
// [name, text] or [name, resolve, line, column].
constexpr std::string_view kResolver = R"js(
const state = JSON.parse($args.state);
const diagnostics = [];
let nodes = 0;
const note = (line, column, message) => {
  if (diagnostics.length < 100) diagnostics.push({ line, column, message });
};
const show = (value) =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
const read = (root, path) => path.reduce(
  (value, step) => (typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? value[step] : undefined),
  root);
const resolve = ([name, part, line, column], scope) => {
  if (typeof part === 'string') return part;
  try {
    const value = part(state, scope);
    if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('the value is ' + value);
    if (typeof value === 'function') throw new TypeError('the value is a function');
    return value ?? null;
  } catch (error) {
    note(line, column, name + ': ' + error);
    return null;
  }
};
const piece = (part, scope, at) => show(resolve(['text', part, at[0], at[1]], scope));
const prop = (node, name, scope) => {
  const found = node[3].find((each) => each[0] === name);
  return found === undefined ? undefined : resolve(found, scope);
};
const holds = (value) => (typeof value === 'string' ? !/^(false|0|no|off|)$/i.test(value.trim()) : Boolean(value));
const expand = (node, scope, out) => {
  if (node[0] === 'If') {
    if (holds(prop(node, 'condition', scope))) expandAll(node[4], scope, out);
  } else if (node[0] === 'Iterate') {
    const items = prop(node, 'items', scope);
    const name = prop(node, 'as', scope) ?? 'item';
    if (Array.isArray(items))
      for (let index = 0; index < items.length && nodes <= kMaxNodes; index++)
        expandAll(node[4], { ...scope, [name]: items[index], [name + 'Index']: index, index }, out);
  } else {
    component(node, scope, out);
  }
};
const expandAll = (children, scope, out) => {
  for (const child of children) expand(child, scope, out);
  return out;
};
const component = (node, scope, out) => {
  if (nodes === kMaxNodes) note(0, 0, 'the view has more than ' + kMaxNodes + ' components; the rest is left out');
  if (nodes++ >= kMaxNodes) return;
  const props = {};
  for (const each of node[3]) props[each[0]] = resolve(each, scope);
  const made = { type: node[0], ...(node[1] === null ? {} : { id: node[1] }), props, layout: node[2], children: [] };
  out.push(made);
  expandAll(node[4], scope, made.children);
};
const view = )js";

constexpr std::string_view kEnd = R"js(;
const controls = view[0] === 'If' || view[0] === 'Iterate';
const root = controls
  ? { type: view[0], props: {}, layout: view[2], children: expandAll([view], {}, []) }
  : expandAll([view], {}, [])[0];
return JSON.stringify({ root, diagnostics }).slice(1, -1);
)js";

// The generator of the tree's text.
class Writer {
 public:
  Writer(std::string_view document_text, std::string& out)
      : locator_(document_text), out_(out) {}

  void write_node(const nxml::ViewNode& node) {
    out_ += '[';
    value::write_json_string(node.type, out_);
    out_ += ',';
    if (node.id) {
      value::write_json_string(*node.id, out_);
    } else {
      out_ += "null";
    }
    out_ += fmt::format(",{{colSpan:{}{}}},", node.layout.col_span,
                        node.layout.new_row ? ",newRow:true" : "");
    value::write_json_list(node.props, out_,
                           [this](const nxml::Prop& prop, std::string&) { write_prop(prop); });
    out_ += ',';
    value::write_json_list(node.children, out_,
                           [this](const nxml::ViewNode& child, std::string&) { write_node(child); });
    out_ += "]\n";
  }

 private:
  void write_prop(const nxml::Prop& prop) {
    out_ += '[';
    value::write_json_string(prop.name, out_);
    out_ += ',';
    const Location at = locator_.at(prop.range.begin);
    write_value(prop, at);
    out_ += fmt::format(",{},{}]", at.line, at.column);
  }

  void write_value(const nxml::Prop& prop, Location at) {
    if (const auto* text = std::get_if<std::string_view>(&prop.value)) {
      value::write_json_string(*text, out_);
    } else if (const auto* binding = std::get_if<nxml::Binding>(&prop.value)) {
      append_expression(binding->source, out_);
    } else if (const auto* path = std::get_if<nxml::BindPath>(&prop.value)) {
      write_path(*path);
    } else {
      write_template(std::get<nxml::Template>(prop.value), at);
    }
  }

  void write_path(const nxml::BindPath& path) {
    const bool state = path.root == nxml::Expression::Root::kState;
    std::string steps;
    value::write_json_list(path.steps, steps, [](std::string_view step, std::string& to) {
      value::write_json_string(step, to);
    });
    out_ += fmt::format("($state, $scope) => ({{root:'{}',path:{},value:read({},{})??null}})",
                        state ? "state" : "scope", steps, state ? "$state" : "$scope", steps);
  }

  void write_template(const nxml::Template& text, Location at) {
    out_ += "($state, $scope) => ''";
    for (const auto& part : text.parts) {
      out_ += " + ";
      if (const auto* words = std::get_if<std::string_view>(&part)) {
        value::write_json_string(*words, out_);
        continue;
      }
      out_ += "piece(";
      append_expression(std::get<nxml::Binding>(part).source, out_);
      out_ += fmt::format(", $scope, [{},{}])", at.line, at.column);
    }
  }

  nxml::Locator locator_;
  std::string& out_;
};

}  // namespace

ResolvedView::ResolvedView(const nxml::Document& document, const engine::Limits& limits)
    : limits_(limits) {
  source_.text = expression_prelude();
  source_.text += fmt::format("const kMaxNodes = {};\n", kMaxNodes);
  source_.text += kResolver;
  Writer(document.text, source_.text).write_node(document.view);
  source_.text += kEnd;
}

Result<std::string> ResolvedView::resolve(engine::Engine& engine, const std::string& panel_id,
                                          std::string state_json) const {
  engine::Outcome outcome = engine.execute(
      {.panel_id = panel_id,
       .handler_name = "view",
       .source = source_,
       .args = value::Object{{"state", std::move(state_json)}},
       .scope = value::Object{},
       .capabilities = {},
       .extensions = {},
       .limits = limits_},
      engine::NoState());
  if (outcome.error) return Error{outcome.error->code, "the view: " + outcome.error->message};
  NX_CHECK(outcome.return_value.is_string());
  return std::move(outcome.return_value.string());
}

}  // namespace nexus::panel
