#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nexus/engine/request.h"

namespace nexus::engine {

// A state without any key, for runs that belong to no panel or get all they read as arguments.
class NoState final : public StateView {
 public:
  const value::Value* get(std::string_view) const override { return nullptr; }
  std::vector<std::string> keys() const override { return {}; }
  Result<void> check_write(std::string_view key, value::Value*) const override {
    return Error{ErrorCode::kStateError, "\"" + std::string(key) + "\" is not declared"};
  }
};

}  // namespace nexus::engine
