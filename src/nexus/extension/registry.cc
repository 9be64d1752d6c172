#include "nexus/extension/registry.h"

#include <fmt/format.h>

#include "nexus/base/closest.h"

namespace nexus::extension {

void Registry::add(std::unique_ptr<Extension> extension) {
  for (const auto& known : extensions_) NX_CHECK(known->name() != extension->name());
  extensions_.push_back(std::move(extension));
}

Result<Extension*> Registry::resolve(std::string_view name) const {
  for (const auto& extension : extensions_)
    if (extension->name() == name || last_segment(extension->name()) == name)
      return extension.get();
  const auto known = names();
  std::string message = fmt::format("unknown extension \"{}\"", name);
  if (const auto meant = closest(name, known); !meant.empty())
    message += fmt::format("; did you mean \"{}\"?", meant);
  message += fmt::format("; known extensions: {}", fmt::join(known, ", "));
  return Error{ErrorCode::kExtensionNotFound, std::move(message)};
}

void Registry::forget_panel(std::string_view panel_id) const {
  for (const auto& extension : extensions_) extension->forget_panel(panel_id);
}

std::vector<std::string_view> Registry::names() const {
  std::vector<std::string_view> result;
  for (const auto& extension : extensions_) result.push_back(extension->name());
  return result;
}

std::string_view last_segment(std::string_view full_name) {
  const auto dot = full_name.rfind('.');
  return dot == std::string_view::npos ? full_name : full_name.substr(dot + 1);
}

}  // namespace nexus::extension
