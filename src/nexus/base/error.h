#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nexus {

// Every failure that can reach a client, a handler or an embedding program; the list and the wire
// names are in error_codes.def.
enum class ErrorCode {
#define NX_ERROR_CODE(enumerator, wire, status, meaning) enumerator,
#include "nexus/base/error_codes.def"
#undef NX_ERROR_CODE
};

// The name used on the wire, for example "TIMEOUT". The view is to a literal.
std::string_view to_string(ErrorCode code);

// The code with that wire name; nullopt when there is none.
std::optional<ErrorCode> parse_error_code(std::string_view wire);

// The HTTP status that answers a request which failed with `code` before any run started.
int http_status(ErrorCode code);

// A place in a text the author wrote: lines and columns are 1-based, columns count Unicode code points.
struct Location {
  int line = 0;
  int column = 0;
  bool operator==(const Location&) const = default;
};

// A failure as a value. `message` may be shown to a client: it names the value and the bound, starts in
// lower case, ends without a full stop and holds no secret and no host path. `detail` is for the log.
struct Error {
  ErrorCode code = ErrorCode::kInternalError;
  std::string message;
  std::string detail = {};
  std::optional<Location> location = {};
};

}  // namespace nexus
