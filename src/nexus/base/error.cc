#include "nexus/base/error.h"

namespace nexus {

std::string_view to_string(ErrorCode code) {
  switch (code) {
#define NX_ERROR_CODE(enumerator, wire, status, meaning) \
  case ErrorCode::enumerator:                   \
    return wire;
#include "nexus/base/error_codes.def"
#undef NX_ERROR_CODE
  }
  return "INTERNAL_ERROR";
}

std::optional<ErrorCode> parse_error_code(std::string_view wire) {
#define NX_ERROR_CODE(enumerator, name, status, meaning) \
  if (wire == name) return ErrorCode::enumerator;
#include "nexus/base/error_codes.def"
#undef NX_ERROR_CODE
  return std::nullopt;
}

int http_status(ErrorCode code) {
  switch (code) {
#define NX_ERROR_CODE(enumerator, wire, status, meaning) \
  case ErrorCode::enumerator:                   \
    return status;
#include "nexus/base/error_codes.def"
#undef NX_ERROR_CODE
  }
  return 500;
}

}  // namespace nexus
