#include "nexus/panel/faults.h"

#include "nexus/nxml/nxml.h"

namespace nexus::panel {

std::string id_of_document(std::string_view source, std::string otherwise) {
  const nxml::ParseResult parsed = nxml::parse(source);
  const auto& document = parsed.document != nullptr ? parsed.document : parsed.draft;
  return document != nullptr ? document->meta.id.value_or(std::move(otherwise)) : otherwise;
}

}  // namespace nexus::panel
