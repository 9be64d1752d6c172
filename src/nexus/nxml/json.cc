#include "nexus/value/json.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/nxml/nxml.h"

namespace nexus::nxml {
namespace {

// Writes the members of one JSON object; the comma takes care of itself.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectWriter() { out_ += '}'; }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  // Starts the member `name`; its value must be written to the text next.
  std::string& key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    value::write_json_string(name, out_);
    out_ += ':';
    return out_;
  }
  void text(std::string_view name, std::string_view text) {
    value::write_json_string(text, key(name));
  }
  void maybe_text(std::string_view name, const std::optional<std::string>& text_or_none) {
    if (text_or_none) text(name, *text_or_none);
  }
  void number(std::string_view name, int number) { key(name) += std::to_string(number); }
  void flag(std::string_view name, bool flag) { key(name) += flag ? "true" : "false"; }

 private:
  std::string& out_;
  bool first_ = true;
};

template <typename Items, typename Write>
void write_list(const Items& items, std::string& out, const Write& write) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    write(item, out);
  }
  out += ']';
}

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
  if (!meta.tags.empty()) write_list(meta.tags, object.key("tags"), write_text);
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
  object.flag("required", arg.required);
  if (arg.fallback) value::write_json(*arg.fallback, object.key("default"));
  object.maybe_text("description", arg.description);
}

void write_tool(const Tool& tool, std::string& out) {
  ObjectWriter object(out);
  object.text("name", tool.name);
  object.maybe_text("description", tool.description);
  write_list(tool.args, object.key("args"), write_arg);
}

void write_binding(const Binding& binding, std::string& out) {
  ObjectWriter object(out);
  write_json(*binding.expression, object.key("expr"));
  object.text("source", binding.source);
}

void write_template(const Template& text, std::string& out) {
  ObjectWriter object(out);
  write_list(text.parts, object.key("template"), [](const auto& part, std::string& to) {
    if (const Binding* binding = std::get_if<Binding>(&part)) return write_binding(*binding, to);
    write_text(std::get<std::string>(part), to);
  });
}

void write_path(const BindPath& path, std::string& out) {
  ObjectWriter object(out);
  write_list(path.steps, object.key("path"), write_text);
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
  if (layout.new_row) object.flag("newRow", true);
}

void write_node(const ViewNode& node, std::string& out) {
  ObjectWriter object(out);
  object.text("type", node.type);
  object.maybe_text("id", node.id);
  {
    ObjectWriter props(object.key("props"));
    for (const Prop& prop : node.props) write_prop_value(prop, props.key(prop.name));
  }
  write_list(
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
      write_list(document.states, data.key("states"), write_state);
      write_list(document.computed, data.key("computed"), write_computed);
    }
    {
      ObjectWriter logic(panel.key("logic"));
      write_list(document.extensions, logic.key("extensions"), write_extension);
      write_list(document.tools, logic.key("tools"), write_tool);
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
