#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/nxml/ast.h"

namespace nexus::nxml {

// Bounds on a document; each one exceeded is a PARSE_ERROR that names it.
struct ReadLimits {
  std::size_t bytes = 1024 * 1024;
  int depth = 64;
  int attributes = 64;  // per element
  std::size_t attribute_bytes = 64 * 1024;
  int nodes = 20000;
  int diagnostics = 100;  // the list ends with a note when more were found
};

struct ParseResult {
  // Set when no diagnostic is an error.
  std::shared_ptr<const Document> document;
  // What could be read of a document that has errors; nullptr when it has none or nothing could be
  // read. For finding more mistakes (those of handlers) in the same go, never for running.
  std::shared_ptr<const Document> draft;
  std::vector<Diagnostic> diagnostics;  // in order of position
};

// Reads, checks and lays out one document; reports every mistake it can find in one go. Pure, any
// thread.
ParseResult parse(std::string_view source, const ReadLimits& limits = {});

// The document as JSON for browsers, in the shape docs/PROTOCOL.md describes under "AST": without
// the code of handlers.
std::string to_json(const Document& document);

// All of the document as JSON, handlers included, in the shape of docs/nxml.schema.json; for its
// author's tools.
std::string to_whole_json(const Document& document);

struct Formatted {
  std::optional<std::string> text;      // nothing when the tags are not well-formed
  std::vector<Diagnostic> diagnostics;  // why there is no text
};

// The document in the layout of docs/NXML.md, "Layout": the same elements, attributes, comments and
// code in the same order. Formatting its own answer changes nothing. Pure, any thread.
Formatted reformat(std::string_view source, const ReadLimits& limits = {});

// "file:line:col: error CODE: message", one line, no newline; without "file:" when `file` is empty.
std::string format(const Diagnostic& diagnostic, std::string_view file);

// The diagnostics as a JSON list of {severity, code, message, line, column, endLine, endColumn}.
std::string to_json(const std::vector<Diagnostic>& diagnostics);

}  // namespace nexus::nxml
