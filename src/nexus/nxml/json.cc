#include <optional>
#include <string>
#include <string_view>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/diagnostics_internal.h"
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

void write_text(std::string_view text, std::string& out) { value::write_json_string(text, out); }

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

void write_binding(const Binding& binding, std::string& out) {
  ObjectWriter object(out);
  write_json(*binding.expression, object.key("expr"));
  object.text("source", binding.source);
}

void write_template(const Template& text, std::string& out) {
  ObjectWriter object(out);
  value::write_json_list(text.parts, object.key("template"), [](const auto& part, std::string& to) {
    if (const Binding* binding = std::get_if<Binding>(&part)) return write_binding(*binding, to);
    write_text(std::get<std::string_view>(part), to);
  });
}

void write_path(const BindPath& path, std::string& out) {
  ObjectWriter object(out);
  value::write_json_list(path.steps, object.key("path"), write_text);
  object.text("root", path.root == Expression::Root::kState ? "state" : "scope");
}

void write_prop_value(const Prop& prop, std::string& out) {
  if (const auto* text = std::get_if<std::string_view>(&prop.value)) return write_text(*text, out);
  if (const Binding* binding = std::get_if<Binding>(&prop.value))
    return write_binding(*binding, out);
  if (const Template* text = std::get_if<Template>(&prop.value)) return write_template(*text, out);
  write_path(std::get<BindPath>(prop.value), out);
}

template <typename Limit>
void maybe_number(ObjectWriter& object, std::string_view name, const Limit& limit) {
  if (limit) object.number(name, *limit);
}

// reference.md section 2.8: true when the word `await` occurs.
bool mentions_await(std::string_view code) {
  constexpr std::string_view kWord = "await";
  for (std::size_t at = code.find(kWord); at != std::string_view::npos;
       at = code.find(kWord, at + 1)) {
    const bool starts = at == 0 || !is_identifier_part(code[at - 1]);
    const std::size_t end = at + kWord.size();
    if (starts && (end == code.size() || !is_identifier_part(code[end]))) return true;
  }
  return false;
}

// The two forms of the tree: clients get what they show and use, authors' tools get everything.
class AstWriter {
 public:
  AstWriter(const Document& document, bool whole, std::string& out)
      : document_(document), locator_(document.text), whole_(whole), out_(out) {}

  void write() {
    ObjectWriter panel(out_);
    panel.text("kind", "NexusPanel");
    write_meta(document_.meta, panel.key("meta"));
    write_data(panel);
    write_logic(panel);
    ObjectWriter view(panel.key("view"));
    kind(view, "View");
    view.key("root");
    write_node(document_.view);
  }

 private:
  void write_data(ObjectWriter& panel);
  void write_logic(ObjectWriter& panel);
  void write_state(const State& state);
  void write_computed(const Computed& computed);
  void write_extension(const Extension& extension);
  void write_arg(const Arg& arg);
  void write_trigger(const Trigger& trigger);
  void write_handler(const Handler& handler, const Tool* tool);
  void write_tool(const Tool& tool);
  void write_lifecycle(const Lifecycle& lifecycle);
  void write_layout(const Layout& layout);
  void write_node(const ViewNode& node);

  void kind(ObjectWriter& object, std::string_view kind) {
    if (whole_) object.text("kind", kind);
  }
  void loc(ObjectWriter& object, const Span& span) { write_loc(span, object.key("loc")); }
  // `name: [...]`, each item written by a member function.
  template <typename Items, typename Item>
  void list(ObjectWriter& object, std::string_view name, const Items& items,
            void (AstWriter::*write_item)(const Item&)) {
    value::write_json_list(items, object.key(name),
                           [&](const Item& item, std::string&) { (this->*write_item)(item); });
  }

  const Document& document_;
  Locator locator_;
  const bool whole_;
  std::string& out_;
};

void AstWriter::write_data(ObjectWriter& panel) {
  ObjectWriter data(panel.key("data"));
  kind(data, "Data");
  list(data, "states", document_.states, &AstWriter::write_state);
  list(data, "computed", document_.computed, &AstWriter::write_computed);
}

void AstWriter::write_logic(ObjectWriter& panel) {
  ObjectWriter logic(panel.key("logic"));
  kind(logic, "Logic");
  list(logic, "extensions", document_.extensions, &AstWriter::write_extension);
  list(logic, "tools", document_.tools, &AstWriter::write_tool);
  if (whole_) list(logic, "lifecycles", document_.lifecycles, &AstWriter::write_lifecycle);
}

void AstWriter::write_state(const State& state) {
  ObjectWriter object(out_);
  kind(object, "State");
  object.text("name", state.name);
  object.text("type", value::to_string(state.type));
  object.value("default", state.initial);
  loc(object, state.span);
}

void AstWriter::write_computed(const Computed& computed) {
  ObjectWriter object(out_);
  kind(object, "Computed");
  object.text("name", computed.name);
  object.text("value", computed.source);
  if (computed.expression != nullptr) write_json(*computed.expression, object.key("expr"));
  value::write_json_list(computed.reads, object.key("reads"), write_text);
  loc(object, computed.span);
}

void AstWriter::write_extension(const Extension& extension) {
  ObjectWriter object(out_);
  kind(object, "Extension");
  object.text("name", extension.name);
  object.text("alias", extension.alias);
  object.maybe_text("source", extension.source);
  // Clients have no use for the address of a service, and may not be meant to know it.
  if (whole_) object.maybe_text("baseURL", extension.base_url);
  if (whole_) loc(object, extension.span);
}

void AstWriter::write_arg(const Arg& arg) {
  ObjectWriter object(out_);
  kind(object, "Arg");
  object.text("name", arg.name);
  object.text("type", value::to_string(arg.type));
  object.boolean("required", arg.required);
  if (arg.fallback) object.value("default", *arg.fallback);
  object.maybe_text("description", arg.description);
  if (whole_) loc(object, arg.span);
}

void AstWriter::write_trigger(const Trigger& trigger) {
  using Type = Trigger::Type;
  ObjectWriter object(out_);
  kind(object, "Trigger");
  object.text("type", to_string(trigger.type));
  if (trigger.type == Type::kInterval) object.number("ms", trigger.interval_ms);
  if (trigger.type == Type::kCron) {
    object.text("expression", trigger.cron);
    object.text("timezone", trigger.timezone);
  }
  if (trigger.type == Type::kEvent) object.text("pattern", trigger.pattern);
  if (trigger.type == Type::kStateChange)
    value::write_json_list(trigger.path, object.key("path"), write_text);
  loc(object, trigger.span);
}

void AstWriter::write_handler(const Handler& handler, const Tool* tool) {
  ObjectWriter object(out_);
  object.text("kind", "Handler");
  object.text("code", handler.code);
  object.boolean("isAsync", mentions_await(handler.code));
  if (tool != nullptr) {
    if (tool->capabilities)
      value::write_json_list(
          *tool->capabilities, object.key("capabilities"),
          [](const CapabilityDecl& decl, std::string& to) { write_text(decl.token, to); });
    maybe_number(object, "timeoutMs", tool->timeout_ms);
    maybe_number(object, "memoryLimitMb", tool->memory_limit_mb);
    maybe_number(object, "maxHostCalls", tool->max_host_calls);
  }
  loc(object, {handler.start, handler.start});
}

void AstWriter::write_tool(const Tool& tool) {
  ObjectWriter object(out_);
  kind(object, "Tool");
  object.text("name", tool.name);
  object.maybe_text("description", tool.description);
  list(object, "args", tool.args, &AstWriter::write_arg);
  if (!tool.triggers.empty()) list(object, "triggers", tool.triggers, &AstWriter::write_trigger);
  if (!whole_) return;
  object.key("handler");
  write_handler(tool.handler, &tool);
  loc(object, tool.span);
}

void AstWriter::write_lifecycle(const Lifecycle& lifecycle) {
  ObjectWriter object(out_);
  object.text("kind", "Lifecycle");
  object.text("on", lifecycle.on == Lifecycle::On::kMount ? "mount" : "unmount");
  object.key("handler");
  write_handler(lifecycle.handler, nullptr);
  loc(object, lifecycle.span);
}

void AstWriter::write_layout(const Layout& layout) {
  ObjectWriter object(out_);
  object.number("colSpan", layout.col_span);
  if (whole_)
    object.text("className", cat({"col-span-", std::to_string(layout.col_span),
                                  layout.new_row ? " new-row" : ""}));
  if (layout.new_row) object.boolean("newRow", true);
}

void AstWriter::write_node(const ViewNode& node) {
  ObjectWriter object(out_);
  object.text("type", node.type);
  if (node.id) object.text("id", *node.id);
  {
    ObjectWriter props(object.key("props"));
    for (const Prop& prop : node.props) write_prop_value(prop, props.key(prop.name));
  }
  list(object, "children", node.children, &AstWriter::write_node);
  object.key("layout");
  write_layout(node.layout);
  loc(object, locator_.span(node.range));
}

}  // namespace

std::string to_json(const Document& document) {
  std::string out;
  AstWriter(document, /*whole=*/false, out).write();
  return out;
}

std::string to_whole_json(const Document& document) {
  std::string out;
  AstWriter(document, /*whole=*/true, out).write();
  return out;
}

const Tool* Document::find_tool(std::string_view name) const {
  for (const Tool& tool : tools)
    if (tool.name == name) return &tool;
  return nullptr;
}

}  // namespace nexus::nxml
