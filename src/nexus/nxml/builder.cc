#include <algorithm>
#include <array>
#include <utility>

#include "nexus/base/closest.h"
#include "nexus/nxml/builder_internal.h"
#include "nexus/nxml/cursor_internal.h"

namespace nexus::nxml {
namespace {

constexpr std::size_t kMaxTitle = 128;
constexpr std::size_t kMaxDescription = 1024;
constexpr std::size_t kMaxPanelId = 64;
constexpr std::size_t kMaxExtensionName = 128;

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// Panel ids stand in addresses; design.md section 4.
bool is_panel_id(std::string_view id) {
  const auto is_plain = [](char c) { return is_letter(c) || is_digit(c); };
  return !id.empty() && id.size() <= kMaxPanelId && is_plain(id.front()) &&
         std::all_of(id.begin(), id.end(),
                     [&](char c) { return is_plain(c) || c == '.' || c == '_' || c == '-'; });
}

// Words of letters and digits, joined by dots.
bool is_extension_name(std::string_view name) {
  if (name.size() > kMaxExtensionName) return false;
  bool starts_word = true;
  for (const char c : name) {
    if (starts_word ? !is_letter(c) : !(is_letter(c) || is_digit(c) || c == '.')) return false;
    starts_word = c == '.';
  }
  return !starts_word;
}

class DocumentBuilder {
 public:
  DocumentBuilder(Document& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics), context_(document.arena, diagnostics) {}

  void build(const Element& root);

 private:
  void read_meta(const Element& root);
  void read_tags(std::string_view text);
  void check_length(const Element& root, std::string_view attribute, std::size_t longest);
  void read_section(const Element& section, const Element& root);
  void read_data(const Element& data);
  void read_logic(const Element& logic);
  void read_view(const Element& view);
  void read_state(const Element& element);
  void read_computed(const Element& element);
  void read_extension(const Element& element);
  void read_lifecycle(const Element& element);

  Document& document_;
  Diagnostics& diagnostics_;
  BuildContext context_;
  std::vector<std::string_view> seen_sections_;
  bool has_view_ = false;
};

void DocumentBuilder::build(const Element& root) {
  if (root.name != "NexusPanel") {
    diagnostics_.error(kParseError, root.range(),
                       cat({"the root element is <", root.name.substr(0, 64),
                            ">; a panel starts with <NexusPanel>"}));
  } else if (root.self_closed) {
    diagnostics_.error(kParseError, root.range(),
                       "<NexusPanel> must not close itself; write <NexusPanel>...</NexusPanel>");
  }
  // What stands in another root was never meant as a panel, unless its name is a slip.
  if (root.name == "NexusPanel" || !closest(root.name, {"NexusPanel"}).empty()) {
    read_meta(root);
    check_text(root, {}, diagnostics_);
    for (const Element& section : root.children) read_section(section, root);
  }
  if (!has_view_) {
    document_.view.type = "Layout";
    document_.view.range = root.range();
  }
}

void DocumentBuilder::read_meta(const Element& root) {
  check_attributes(root, {"title", "description", "id", "version", "author", "tags", "durability"},
                   diagnostics_);
  Meta& meta = document_.meta;
  if (const auto title = optional_text(root, "title")) {
    meta.title = *title;
  } else {
    diagnostics_.warning(kMissingRequired, root.range(),
                         cat({"<NexusPanel> has no title; it is shown as ", quote(meta.title)}));
  }
  meta.description = optional_text(root, "description");
  meta.id = optional_text(root, "id");
  meta.version = optional_text(root, "version");
  meta.author = optional_text(root, "author");
  meta.durability = optional_text(root, "durability");
  if (const Attribute* tags = root.find("tags")) read_tags(tags->value);

  check_length(root, "title", kMaxTitle);
  check_length(root, "description", kMaxDescription);
  if (meta.title.empty())
    diagnostics_.error(kSchemaError, root.find("title")->value_range(), "the title is empty");
  if (meta.id && !is_panel_id(*meta.id)) {
    diagnostics_.error(
        kSchemaError, root.find("id")->value_range(),
        cat({quote(*meta.id), " is no panel id; use 1 to ", std::to_string(kMaxPanelId),
             " letters, digits, '.', '_' or '-', starting with a letter or digit"}));
  }
  const auto is = [&](std::string_view word) { return meta.durability == word; };
  if (meta.durability && !is("commit") && !is("async") && !is("none")) {
    diagnostics_.error(kSchemaError, root.find("durability")->value_range(),
                       cat({"durability is commit, async or none, not ", quote(*meta.durability)}));
  }
}

void DocumentBuilder::read_tags(std::string_view text) {
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view tag = trim(text.substr(0, comma));
    if (!tag.empty()) document_.meta.tags.emplace_back(tag);
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

void DocumentBuilder::check_length(const Element& root, std::string_view attribute,
                                   std::size_t longest) {
  const Attribute* found = root.find(attribute);
  if (found == nullptr || code_points(found->value) <= longest) return;
  diagnostics_.error(kSchemaError, found->value_range(),
                     cat({"the ", attribute, " has ", std::to_string(code_points(found->value)),
                          " characters; the limit is ", std::to_string(longest)}));
}

void DocumentBuilder::read_section(const Element& section, const Element& root) {
  using Read = void (DocumentBuilder::*)(const Element&);
  static constexpr std::array<std::pair<std::string_view, Read>, 3> kSections = {{
      {"Data", &DocumentBuilder::read_data},
      {"Logic", &DocumentBuilder::read_logic},
      {"View", &DocumentBuilder::read_view},
  }};
  const auto found = std::find_if(kSections.begin(), kSections.end(),
                                  [&](const auto& entry) { return entry.first == section.name; });
  if (found == kSections.end())
    return report_unknown(section, root, {"Data", "Logic", "View"}, diagnostics_);
  auto& seen = seen_sections_;
  if (std::find(seen.begin(), seen.end(), section.name) != seen.end()) {
    diagnostics_.error(kParseError, section.range(),
                       cat({"a second <", section.name, ">; put its content into the first"}));
  }
  seen.push_back(section.name);
  (this->*found->second)(section);
}

void DocumentBuilder::read_data(const Element& data) {
  check_attributes(data, {}, diagnostics_);
  check_text(data, {}, diagnostics_);
  for (const Element& child : data.children) {
    if (child.name == "State") {
      read_state(child);
    } else if (child.name == "Computed") {
      read_computed(child);
    } else {
      report_unknown(child, data, {"State", "Computed"}, diagnostics_);
    }
  }
}

void DocumentBuilder::read_state(const Element& element) {
  check_attributes(element, {"name", "type", "default"}, diagnostics_);
  check_empty(element, diagnostics_);
  State state;
  state.name = require_identifier(element, diagnostics_);
  state.type = read_type(element, diagnostics_);
  state.initial =
      read_default(element, state.type, diagnostics_).value_or(value::type_default(state.type));
  state.span = diagnostics_.locate(element.range());
  document_.states.push_back(std::move(state));
}

void DocumentBuilder::read_computed(const Element& element) {
  check_attributes(element, {"name", "value"}, diagnostics_);
  check_empty(element, diagnostics_);
  Computed computed;
  computed.name = require_identifier(element, diagnostics_);
  computed.span = diagnostics_.locate(element.range());
  if (const Attribute* text = require(element, "value", diagnostics_)) {
    ExpressionError error;
    computed.source = text->value;
    Binding binding;
    if (!context_.expressions.read(text->value, text->value_at(), binding, error))
      diagnostics_.error(kInvalidExpression, error.at, std::move(error.message));
    computed.expression = binding.expression;
    computed.references = binding.references;
  }
  document_.computed.push_back(std::move(computed));
}

void DocumentBuilder::read_logic(const Element& logic) {
  check_attributes(logic, {}, diagnostics_);
  check_text(logic, {}, diagnostics_);
  for (const Element& child : logic.children) {
    if (child.name == "Extension") {
      read_extension(child);
    } else if (child.name == "Tool") {
      document_.tools.push_back(build_tool(child, diagnostics_));
    } else if (child.name == "Lifecycle") {
      read_lifecycle(child);
    } else {
      report_unknown(child, logic, {"Extension", "Tool", "Lifecycle"}, diagnostics_);
    }
  }
}

void DocumentBuilder::read_extension(const Element& element) {
  check_attributes(element, {"name", "alias", "source", "baseURL"}, diagnostics_);
  check_empty(element, diagnostics_);
  const Attribute* name = require(element, "name", diagnostics_);
  const Attribute* alias = element.find("alias");
  Extension extension;
  extension.span = diagnostics_.locate(element.range());
  extension.source = optional_text(element, "source");
  extension.base_url = optional_text(element, "baseURL");
  if (name != nullptr) {
    extension.name = name->value;
    extension.alias = extension.name.substr(extension.name.rfind('.') + 1);
    if (!is_extension_name(extension.name)) {
      diagnostics_.error(kInvalidIdentifier, name->value_range(),
                         cat({quote(extension.name),
                              " is no extension name; it looks like nexus.http, "
                              "at most ",
                              std::to_string(kMaxExtensionName), " characters"}));
    }
  }
  if (alias != nullptr) {
    extension.alias = alias->value;
    check_identifier(alias->value, "alias", alias->value_range(), diagnostics_);
  }
  document_.extensions.push_back(std::move(extension));
}

void DocumentBuilder::read_lifecycle(const Element& element) {
  check_attributes(element, {"on"}, diagnostics_);
  check_text(element, kCodeHint, diagnostics_);
  Lifecycle lifecycle;
  lifecycle.span = diagnostics_.locate(element.range());
  const Attribute* on = require(element, "on", diagnostics_);
  const bool is_known = on != nullptr && (on->value == "mount" || on->value == "unmount");
  if (on != nullptr && !is_known) {
    diagnostics_.error(kParseError, on->value_range(),
                       cat({"a <Lifecycle> runs on mount or unmount, not on ", quote(on->value)}));
  }
  if (is_known && on->value == "unmount") lifecycle.on = Lifecycle::On::kUnmount;
  for (const Element& child : element.children)
    if (child.name != "Handler") report_unknown(child, element, {"Handler"}, diagnostics_);
  lifecycle.handler = read_handler(element, diagnostics_);
  if (is_known) document_.lifecycles.push_back(std::move(lifecycle));
}

void DocumentBuilder::read_view(const Element& view) {
  check_attributes(view, {}, diagnostics_);
  check_text(view, {}, diagnostics_);
  for (const Element& child : view.children) {
    ViewNode node;
    build_view(child, node, context_);
    if (has_view_) {
      diagnostics_.error(kParseError, child.range(),
                         "a second root in <View>; wrap both into one <Layout>");
      continue;
    }
    has_view_ = true;
    document_.view = node;
  }
}

}  // namespace

void build_document(const Element& root, Document& document, Diagnostics& diagnostics) {
  DocumentBuilder(document, diagnostics).build(root);
}

}  // namespace nexus::nxml
