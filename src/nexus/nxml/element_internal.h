#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "nexus/nxml/ast.h"
#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/nxml.h"

namespace nexus::nxml {

// One attribute as written. Views are into the source.
struct Attribute {
  std::string_view name;
  std::string_view value;  // nothing is decoded; "true" when the attribute has no value
  Span name_span;
  Span value_span;  // of the text between the quotes; the name's when the attribute has no value
};

// One element as written, before anything is known about its meaning. Views are into the source.
struct Element {
  std::string_view name;
  Span span;                          // of the tag name
  std::vector<Attribute> attributes;  // each name once: the last of equal ones wins
  std::vector<std::unique_ptr<Element>> children;
  bool self_closed = false;
  bool malformed = false;        // its tag was reported, so what follows from that is not
  std::optional<Location> text;  // the first text directly inside that is not blank
  Handler raw;                   // what <Handler> holds

  const Attribute* find(std::string_view attribute) const;
};

// Reads the document's tags: reference.md section 2.1 with design.md's ruling that <Handler> holds
// raw text. Reports every mistake and goes on after it. nullptr when there is no root element, the
// text is not UTF-8, or a limit was exceeded: then nothing more can be said about the document.
std::unique_ptr<Element> read_elements(std::string_view source, const ReadLimits& limits,
                                       Diagnostics& diagnostics);

}  // namespace nexus::nxml
