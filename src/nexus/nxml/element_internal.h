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
  char quote_mark = '\0';  // what the value stands in, if it does
};

// A comment, or text that means nothing where it stands; for the formatter. Views are into the
// source.
struct Note {
  std::string_view text;   // as written, without the blanks around it
  std::size_t before = 0;  // the position of the child it stands before
  bool is_comment = false;
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
  std::string_view source;       // all of the element, from '<' to '>'
  std::string_view content;      // of <Handler>: what stands between its tags, as written
  std::vector<Note> notes;       // in order of position

  const Attribute* find(std::string_view attribute) const;
};

// Reads the document's tags: reference.md section 2.1 with design.md's ruling that <Handler> holds
// raw text. Reports every mistake and goes on after it. nullptr when there is no root element, the
// text is not UTF-8, or a limit was exceeded: then nothing more can be said about the document.
// `prologue` receives the comments before the root when it is not nullptr.
std::unique_ptr<Element> read_elements(std::string_view source, const ReadLimits& limits,
                                       Diagnostics& diagnostics,
                                       std::vector<Note>* prologue = nullptr);

}  // namespace nexus::nxml
