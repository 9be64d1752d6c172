#include <memory>
#include <utility>

#include "nexus/nxml/builder_internal.h"
#include "nexus/nxml/element_internal.h"
#include "nexus/nxml/layout_internal.h"
#include "nexus/nxml/nxml.h"
#include "nexus/nxml/references_internal.h"

namespace nexus::nxml {

ParseResult parse(std::string_view source, const ReadLimits& limits) {
  Diagnostics diagnostics(limits.diagnostics);
  std::unique_ptr<Document> document;
  if (const std::unique_ptr<Element> root = read_elements(source, limits, diagnostics)) {
    document = build_document(*root, diagnostics);
    check_references(*document, diagnostics);
    lay_out(*document->view);
  }
  ParseResult result;
  (diagnostics.has_errors() ? result.draft : result.document) = std::move(document);
  result.diagnostics = diagnostics.take();
  return result;
}

}  // namespace nexus::nxml
