#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/nxml/ast.h"

namespace nexus::panel {

// A document that should be a panel and does not load.
struct Fault {
  std::string panel_id;  // it would have; a panel of an earlier document may be running under it
  std::string owner;     // as CreateRequest::owner
  std::string file;      // its name without the folder; empty for a panel of the store
  std::string source;    // empty when it cannot be read
  std::vector<nxml::Diagnostic> diagnostics;
};

// What does not load, for those who look for its panel. Loop thread only.
class FaultList {
 public:
  // `origin` says where the document comes from: a path, or the store's panel. One that is known there is
  // replaced.
  void set(const std::string& origin, Fault fault) { faults_[origin] = std::move(fault); }
  void clear(const std::string& origin) { faults_.erase(origin); }

  // Calls `visit` for each, in order of the origins.
  void each(const std::function<void(const Fault&)>& visit) const {
    for (const auto& [origin, fault] : faults_) visit(fault);
  }

 private:
  std::map<std::string, Fault> faults_;
};

// The id of the panel that `source` would be: what the document says, as far as it can be read, else
// `otherwise`.
std::string id_of_document(std::string_view source, std::string otherwise);

}  // namespace nexus::panel
