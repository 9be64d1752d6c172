#include "nexus/engine/outcome.h"

namespace nexus::engine {

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kSuccess:
      return "success";
    case Status::kError:
      return "error";
    case Status::kSuspended:
      return "suspended";
  }
  return "error";
}

RunError run_error(ErrorCode code, std::string message) {
  RunError error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

}  // namespace nexus::engine
