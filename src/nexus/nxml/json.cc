#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/nxml/nxml.h"
#include "nexus/value/json_writer.h"

namespace nexus::nxml {
namespace {

using value::ObjectWriter;

void write_loc(const Span& span, std::string& out) {
  ObjectWriter loc(out);
  loc.number("startLine", span.start.line);
  loc.number("startColumn", span.start.column);
  loc.number("endLine", span.end.line);
  loc.number("endColumn", span.end.column);
}

void write_text(const std::string& text, std::string& out) { value::write_json_string(text, out); }

void write_meta(const Meta& meta, std::string& out) {
  ObjectWriter object(out);
  object.text("title", meta.title);
  object.maybe_text("description", meta.description);
  object.maybe_text("id", meta.id);
  object.maybe_text("version", meta.version);
  object.maybe_text("author", meta.author);
  object.maybe_text("durability", meta.durability);
  if (!meta.tags.empty()) value::write_json_list(meta.tags, object.key("tags"), write_text);
}

void write_state(const State& state, std::string& out) {
  ObjectWriter object(out);
  object.text("name", state.name);
  object.text("type", value::to_string(state.type));
  value::write_json(state.initial, object.key("default"));
  write_loc(state.span, object.key("loc"));
}

void write_computed(const Computed& computed, std::string& out) {
  ObjectWriter object(out);
  object.text("name", computed.name);
  object.text("value", computed.source);
  if (computed.expression != nullptr) write_json(*computed.expression, object.key("expr"));
  value::write_json_list(computed.reads, object.key("reads"), write_text);
  write_loc(computed.span, object.key("loc"));
}

void write_extension(const Extension& extension, std::string& out) {
  ObjectWriter object(out);
  object.text("name", extension.name);
  object.text("alias", extension.alias);
  object.maybe_text("source", extension.source);
}

void write_arg(const Arg& arg, std::string& out) {
  ObjectWriter object(out);
  object.text("name", arg.name);
  object.text("type", value::to_string(arg.type));
  object.boolean("required", arg.required);
  if (arg.fallback) value::write_json(*arg.fallback, object.key("default"));
  object.maybe_text("description", arg.description);
}

void write_trigger(const Trigger& trigger, std::string& out) {
  using Type = Trigger::Type;
  ObjectWriter object(out);
  object.text("type", to_string(trigger.type));
  if (trigger.type == Type::kInterval) object.number("ms", trigger.interval_ms);
  if (trigger.type == Type::kCron) {
    object.text("expression", trigger.cron);
    object.text("timezone", trigger.timezone);
  }
  if (trigger.type == Type::kEvent) object.text("pattern", trigger.pattern);
  if (trigger.type == Type::kStateChange)
    value::write_json_list(trigger.path, object.key("path"), write_text);
  write_loc(trigger.span, object.key("loc"));
}

void write_tool(const Tool& tool, std::string& out) {
  ObjectWriter object(out);
  object.text("name", tool.name);
  object.maybe_text("description", tool.description);
  value::write_json_list(tool.args, object.key("args"), write_arg);
  if (!tool.triggers.empty())
    value::write_json_list(tool.triggers, object.key("triggers"), write_trigger);
}

void write_binding(const Binding& binding, std::string& out) {
  ObjectWriter object(out);
  write_json(*binding.expression, object.key("expr"));
  object.text("source", binding.source);
}

void write_template(const Template& text, std::string& out) {
  ObjectWriter object(out);
  value::write_json_list(text.parts, object.key("template"), [](const auto& part, std::string& to) {
    if (const Binding* binding = std::get_if<Binding>(&part)) return write_binding(*binding, to);
    write_text(std::get<std::string>(part), to);
  });
}

void write_path(const BindPath& path, std::string& out) {
  ObjectWriter object(out);
  value::write_json_list(path.steps, object.key("path"), write_text);
  object.text("root", path.root == BindPath::Root::kState ? "state" : "scope");
}

void write_prop_value(const Prop& prop, std::string& out) {
  if (const std::string* text = std::get_if<std::string>(&prop.value))
    return write_text(*text, out);
  if (const Binding* binding = std::get_if<Binding>(&prop.value))
    return write_binding(*binding, out);
  if (const Template* text = std::get_if<Template>(&prop.value)) return write_template(*text, out);
  write_path(std::get<BindPath>(prop.value), out);
}

void write_layout(const Layout& layout, std::string& out) {
  ObjectWriter object(out);
  object.number("colSpan", layout.col_span);
  if (layout.new_row) object.boolean("newRow", true);
}

void write_node(const ViewNode& node, std::string& out) {
  ObjectWriter object(out);
  object.text("type", node.type);
  object.maybe_text("id", node.id);
  {
    ObjectWriter props(object.key("props"));
    for (const Prop& prop : node.props) write_prop_value(prop, props.key(prop.name));
  }
  value::write_json_list(
      node.children, object.key("children"),
      [](const std::unique_ptr<ViewNode>& child, std::string& to) { write_node(*child, to); });
  write_layout(node.layout, object.key("layout"));
  write_loc(node.span, object.key("loc"));
}

}  // namespace

std::string to_json(const Document& document) {
  std::string out;
  {
    ObjectWriter panel(out);
    panel.text("kind", "NexusPanel");
    write_meta(document.meta, panel.key("meta"));
    {
      ObjectWriter data(panel.key("data"));
      value::write_json_list(document.states, data.key("states"), write_state);
      value::write_json_list(document.computed, data.key("computed"), write_computed);
    }
    {
      ObjectWriter logic(panel.key("logic"));
      value::write_json_list(document.extensions, logic.key("extensions"), write_extension);
      value::write_json_list(document.tools, logic.key("tools"), write_tool);
    }
    ObjectWriter view(panel.key("view"));
    write_node(*document.view, view.key("root"));
  }
  return out;
}

const Tool* Document::find_tool(std::string_view name) const {
  for (const Tool& tool : tools)
    if (tool.name == name) return &tool;
  return nullptr;
}

}  // namespace nexus::nxml
