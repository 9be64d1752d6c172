#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/extension/extension.h"

namespace nexus::extension {

// The extensions of one server. Filled at start-up and frozen from then on, so any thread may look
// one up; calling one is for its loop's thread. Outlives every Call.
class Registry {
 public:
  // Takes an extension. A second one with the same name is a bug of the program.
  void add(std::unique_ptr<Extension> extension);

  // Finds the extension a panel means by `name`: its full name ("nexus.http") or the last segment
  // of that
  // ("http"). Error kExtensionNotFound lists the known names and the one that was probably meant.
  Result<Extension*> resolve(std::string_view name) const;

  // Tells each of them that a panel was destroyed. Their loop's thread.
  void forget_panel(std::string_view panel_id) const;

  // The full names, in order of registration.
  std::vector<std::string_view> names() const;

 private:
  std::vector<std::unique_ptr<Extension>> extensions_;
};

// "http" of "nexus.http": the name that capability tokens use. A view into `full_name`.
std::string_view last_segment(std::string_view full_name);

}  // namespace nexus::extension
