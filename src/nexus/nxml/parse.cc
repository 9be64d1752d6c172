#include <memory>
#include <utility>

#include "nexus/nxml/builder_internal.h"
#include "nexus/nxml/element_internal.h"
#include "nexus/nxml/nxml.h"
#include "nexus/nxml/references_internal.h"

namespace nexus::nxml {
namespace {

// nullptr when nothing could be read.
std::unique_ptr<Document> read_document(std::string_view text, const ReadLimits& limits,
                                        Diagnostics& diagnostics) {
  if (!check_text(text, limits, diagnostics)) return nullptr;
  auto document = std::make_unique<Document>();
  document->text = document->arena.copy(text);
  Arena elements;
  const Element* root = read_elements(document->text, limits, elements, diagnostics);
  if (root == nullptr) return nullptr;
  build_document(*root, *document, diagnostics);
  check_references(*document, diagnostics);
  return document;
}

}  // namespace

ParseResult parse(std::string_view source, const ReadLimits& limits) {
  const std::string_view text = without_byte_order_mark(source);
  Diagnostics diagnostics(text, limits.diagnostics);
  std::unique_ptr<Document> document = read_document(text, limits, diagnostics);
  ParseResult result;
  (diagnostics.has_errors() ? result.draft : result.document) = std::move(document);
  result.diagnostics = diagnostics.take();
  return result;
}

}  // namespace nexus::nxml
