#include "nexus/panel/check.h"

#include "nexus/panel/handler_needs.h"
#include "nexus/panel/program.h"
#include "nexus/value/json_writer.h"

namespace nexus::panel {
namespace {

// A document whose first state cannot be made has an error without a position of its own.
std::vector<nxml::Diagnostic> diagnostics_of(CreateError error) {
  if (error.diagnostics.empty())
    error.diagnostics.push_back({nxml::Severity::kError, std::string(to_string(error.error.code)),
                                 error.error.message, {{1, 1}, {1, 2}}});
  return std::move(error.diagnostics);
}

}  // namespace

std::string check_document(const std::string& source, const Settings& settings,
                           engine::Engine& engine, const extension::Registry& extensions) {
  std::string out;
  value::ObjectWriter report(out);
  auto loaded = load_panel({source, {}, {}}, settings, engine, extensions);
  if (auto* ready = std::get_if<LoadedPanel>(&loaded)) {
    report.boolean("valid", true);
    report.key("diagnostics") += nxml::to_json(ready->program->warnings);
    write_json(handler_needs(*ready->program->document), report.key("handlers"));
  } else {
    const nxml::ParseResult parsed = nxml::parse(source);
    const auto& readable = parsed.document != nullptr ? parsed.document : parsed.draft;
    report.boolean("valid", false);
    report.key("diagnostics") += nxml::to_json(diagnostics_of(std::get<CreateError>(std::move(loaded))));
    write_json(readable != nullptr ? handler_needs(*readable) : std::vector<HandlerNeeds>(),
               report.key("handlers"));
  }
  report.close();
  return out;
}

}  // namespace nexus::panel
