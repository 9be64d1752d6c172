#include "nexus/base/error.h"

namespace nexus {

std::string_view to_string(ErrorCode code) {
  switch (code) {
#define NX_ERROR_CODE(enumerator, wire, status) \
  case ErrorCode::enumerator:                   \
    return wire;
#include "nexus/base/error_codes.def"
#undef NX_ERROR_CODE
  }
  return "INTERNAL_ERROR";
}

int http_status(ErrorCode code) {
  switch (code) {
#define NX_ERROR_CODE(enumerator, wire, status) \
  case ErrorCode::enumerator:                   \
    return status;
#include "nexus/base/error_codes.def"
#undef NX_ERROR_CODE
  }
  return 500;
}

}  // namespace nexus
