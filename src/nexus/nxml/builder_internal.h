#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/nxml/ast.h"
#include "nexus/nxml/build_context_internal.h"
#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/element_internal.h"

// From elements to the tree of ast.h. What concerns one element alone is checked here; what ties
// elements together is checked afterwards, in references_internal.h.
namespace nexus::nxml {

// Fills in everything but the text; complete only when `diagnostics` holds no error.
void build_document(const Element& root, Document& document, Diagnostics& diagnostics);

// Makes `node`, which is empty, the node for a component element and those inside it.
void build_view(const Element& element, ViewNode& node, BuildContext& context);

// One <Tool>: arguments, capabilities, limits and handler.
Tool build_tool(const Element& element, Diagnostics& diagnostics);

// One <Trigger> of a tool; nullopt when it makes no sense.
std::optional<Trigger> build_trigger(const Element& element, Diagnostics& diagnostics);

// The steps that the builders share.

using Names = std::initializer_list<std::string_view>;

// Warns about attributes outside `known`.
void check_attributes(const Element& element, Names known, Diagnostics& diagnostics);
// Reports children and text of an element that takes none.
void check_empty(const Element& element, Diagnostics& diagnostics);
inline constexpr std::string_view kCodeHint = "; code belongs into a <Handler>";
// Warns about text in an element that ignores it; `hint` says where it may belong.
void check_text(const Element& element, std::string_view hint, Diagnostics& diagnostics);
// The attribute, or a PARSE_ERROR and nullptr.
const Attribute* require(const Element& element, std::string_view attribute,
                         Diagnostics& diagnostics);
// The name an element declares, checked to be an Identifier (reference.md section 2.2); "" when
// missing.
std::string require_identifier(const Element& element, Diagnostics& diagnostics);
void check_identifier(std::string_view name, std::string_view what, Range range,
                      Diagnostics& diagnostics);
std::optional<std::string> optional_text(const Element& element, std::string_view attribute);
// The attribute `type`; string when absent or wrong.
DataType read_type(const Element& element, Diagnostics& diagnostics);
// The attribute `default` as a value of `type`; nullopt when absent or wrong.
std::optional<value::Value> read_default(const Element& element, DataType type,
                                         Diagnostics& diagnostics);
// The only <Handler> of a Tool or Lifecycle, or a PARSE_ERROR.
Handler read_handler(const Element& element, Diagnostics& diagnostics);
// "unknown element <X> in <Y>", with the parent it belongs into or the name it may stand for.
void report_unknown(const Element& child, const Element& parent, Names known,
                    Diagnostics& diagnostics);

}  // namespace nexus::nxml
