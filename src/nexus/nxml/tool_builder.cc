#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "nexus/nxml/builder_internal.h"
#include "nexus/nxml/cursor_internal.h"

namespace nexus::nxml {
namespace {

constexpr std::array<std::string_view, 5> kCapabilityTypes = {"state:read", "state:write",
                                                              "events:emit", "view:update", "ext"};
constexpr std::size_t kMaxScope = 128;
constexpr std::size_t kMaxTokens = 256;   // of one tool
constexpr std::size_t kMaxTriggers = 16;  // of one tool

// Lowers a limit of the operator for this tool; absent when wrong.
std::optional<std::uint32_t> read_limit(const Element& element, std::string_view attribute,
                                        Diagnostics& diagnostics) {
  const Attribute* found = element.find(attribute);
  if (found == nullptr) return std::nullopt;
  const std::string_view text = trim(found->value);
  std::uint32_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size() && number > 0) return number;
  diagnostics.error(
      kSchemaError, found->value_range(),
      cat({attribute, " must be a whole number from 1 to 4294967295, not ", quote(found->value)}));
  return std::nullopt;
}

bool read_required(const Element& element, Diagnostics& diagnostics) {
  const Attribute* required = element.find("required");
  if (required == nullptr || required->value == "true") return true;
  if (required->value == "false") return false;
  diagnostics.warning(
      kSchemaError, required->value_range(),
      cat({"required is true or false; ", quote(required->value), " is taken as true"}));
  return true;
}

Arg read_arg(const Element& element, Diagnostics& diagnostics) {
  check_attributes(element, {"name", "type", "required", "default", "description"}, diagnostics);
  check_empty(element, diagnostics);
  Arg arg;
  arg.name = require_identifier(element, diagnostics);
  arg.type = read_type(element, diagnostics);
  arg.required = read_required(element, diagnostics);
  arg.fallback = read_default(element, arg.type, diagnostics);
  arg.description = optional_text(element, "description");
  arg.span = diagnostics.locate(element.range());
  return arg;
}

// The grammar of reference.md section 7.1.
bool is_scope(std::string_view scope) {
  if (scope == "*") return true;
  return !scope.empty() && scope.size() <= kMaxScope &&
         scope.find_first_of("*:") == std::string_view::npos &&
         std::none_of(scope.begin(), scope.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// Reads the declarations of one tool into tokens, each once.
class CapabilityReader {
 public:
  CapabilityReader(std::vector<CapabilityDecl>& tokens, Diagnostics& diagnostics)
      : tokens_(tokens), diagnostics_(diagnostics) {}

  void read(const Element& element);

 private:
  void read_scopes(std::string_view type, const Attribute& scopes);
  void add(std::string_view type, std::string_view scope, Range range);
  void report_type(const Attribute& type);

  std::vector<CapabilityDecl>& tokens_;
  Diagnostics& diagnostics_;
};

void CapabilityReader::read(const Element& element) {
  check_attributes(element, {"type", "scope"}, diagnostics_);
  check_empty(element, diagnostics_);
  const Attribute* type = element.find("type");
  const Attribute* scope = element.find("scope");
  constexpr std::string_view kNamedExtension = "ext:";
  if (type != nullptr && type->value.substr(0, kNamedExtension.size()) == kNamedExtension) {
    // The older form type="ext:http" scope="*": the scope says nothing more.
    if (scope == nullptr || scope->value == "*")
      return add("ext", type->value.substr(kNamedExtension.size()), type->value_range());
    return report_type(*type);
  }
  for (const std::string_view needed : {"type", "scope"}) {
    if (element.find(needed) != nullptr) continue;
    diagnostics_.error(kMissingRequired, element.range(),
                       cat({"<Capability> needs the attribute ", quote(needed)}));
  }
  if (type == nullptr || scope == nullptr) return;
  if (std::find(kCapabilityTypes.begin(), kCapabilityTypes.end(), type->value) ==
      kCapabilityTypes.end()) {
    return report_type(*type);
  }
  read_scopes(type->value, *scope);
}

void CapabilityReader::report_type(const Attribute& type) {
  diagnostics_.error(
      kInvalidCapability, type.value_range(),
      cat({quote(type.value),
           " is no capability; use state:read, state:write, events:emit, view:update or ext",
           did_you_mean(type.value, {kCapabilityTypes.begin(), kCapabilityTypes.end()})}));
}

void CapabilityReader::read_scopes(std::string_view type, const Attribute& scopes) {
  std::string_view rest = scopes.value;
  while (true) {
    const std::size_t comma = rest.find(',');
    add(type, trim(rest.substr(0, comma)), scopes.value_range());
    if (comma == std::string_view::npos) return;
    rest.remove_prefix(comma + 1);
  }
}

void CapabilityReader::add(std::string_view type, std::string_view scope, Range range) {
  if (!is_scope(scope)) {
    diagnostics_.error(kInvalidCapability, range,
                       cat({quote(scope), " is no scope; write '*' for all, or a name of 1 to ",
                            std::to_string(kMaxScope), " characters without ':' and '*'"}));
    return;
  }
  std::string token = cat({type, ":", scope});
  const auto is_same = [&](const CapabilityDecl& decl) { return decl.token == token; };
  if (std::any_of(tokens_.begin(), tokens_.end(), is_same)) return;
  if (tokens_.size() == kMaxTokens) {
    diagnostics_.error(kInvalidCapability, range,
                       cat({"a tool declares at most ", std::to_string(kMaxTokens),
                            " capabilities; use the scope '*'"}));
    return;
  }
  tokens_.push_back({std::move(token), diagnostics_.locate(range)});
}

void read_capabilities(const Element& element, Tool& tool, Diagnostics& diagnostics) {
  check_attributes(element, {}, diagnostics);
  if (tool.capabilities) {
    diagnostics.error(kParseError, element.range(),
                      "a second <Capabilities>; put its content into the first");
  } else {
    tool.capabilities.emplace();
  }
  CapabilityReader reader(*tool.capabilities, diagnostics);
  for (const Element& child : element.children) {
    if (child.name == "Capability") {
      reader.read(child);
    } else {
      report_unknown(child, element, {"Capability"}, diagnostics);
    }
  }
}

void add_trigger(const Element& element, Tool& tool, Diagnostics& diagnostics) {
  std::optional<Trigger> trigger = build_trigger(element, diagnostics);
  if (!trigger) return;
  if (tool.triggers.size() == kMaxTriggers) {
    diagnostics.error(
        kInvalidTrigger, element.range(),
        cat({"a tool has at most ", std::to_string(kMaxTriggers), " triggers; split the tool"}));
    return;
  }
  tool.triggers.push_back(std::move(*trigger));
}

}  // namespace

Tool build_tool(const Element& element, Diagnostics& diagnostics) {
  check_attributes(element, {"name", "description", "timeoutMs", "memoryLimitMb", "maxHostCalls"},
                   diagnostics);
  check_text(element, kCodeHint, diagnostics);
  Tool tool;
  tool.span = diagnostics.locate(element.range());
  tool.name = require_identifier(element, diagnostics);
  tool.description = optional_text(element, "description");
  tool.timeout_ms = read_limit(element, "timeoutMs", diagnostics);
  tool.memory_limit_mb = read_limit(element, "memoryLimitMb", diagnostics);
  tool.max_host_calls = read_limit(element, "maxHostCalls", diagnostics);
  for (const Element& child : element.children) {
    if (child.name == "Arg") {
      tool.args.push_back(read_arg(child, diagnostics));
    } else if (child.name == "Capabilities") {
      read_capabilities(child, tool, diagnostics);
    } else if (child.name == "Trigger") {
      add_trigger(child, tool, diagnostics);
    } else if (child.name != "Handler") {
      report_unknown(child, element, {"Arg", "Capabilities", "Trigger", "Handler"}, diagnostics);
    }
  }
  tool.handler = read_handler(element, diagnostics);
  return tool;
}

}  // namespace nexus::nxml
