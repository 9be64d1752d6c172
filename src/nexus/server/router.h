#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/auth/identity.h"
#include "nexus/base/result.h"

// From a request's method and target to a route. Pure.
namespace nexus::server {

enum class Method { kGet, kHead, kPost, kDelete, kOptions, kOther };

enum class Route {
  kIndex,
  kPanelPage,
  kPlayPage,
  kAsset,
  kFavicon,
  kPanels,
  kPanel,
  kState,
  kAst,
  kSource,
  kView,
  kHistory,
  kExecution,
  kTrigger,
  kApprovals,
  kApproval,
  kSocket,
  kTicket,
  kCheck,
  kFaults,
  kFault,
  kHealth,
  kLive,
  kReady,
  kMetrics,
  kAdminPage,
  kAdminStatus,
  kOpenApi,
  kUnknown,
};
inline constexpr std::size_t kRouteCount = static_cast<std::size_t>(Route::kUnknown) + 1;

// A route with what its placeholders stand for, percent-decoded.
struct Match {
  Route route = Route::kUnknown;
  std::string panel;  // {id}
  std::string tail;   // {tool}, {execution}, {approval}, or the path below /assets/
};

struct Target {
  std::vector<std::string> segments;  // decoded; "/" has none
  std::string query;                  // as sent, without the question mark
};

// Takes a request target apart: origin-form, or absolute-form whose authority is dropped (RFC 9112
// section 3.2). Error kBadRequest for anything whose meaning two programs could see differently:
// bad percent escapes, control characters, ill-formed UTF-8, an encoded slash, "." and ".." and
// empty segments.
Result<Target> parse_target(std::string_view target);

struct QueryField {
  std::string key, value;
};
// The fields of a query, percent-decoded. Error kBadRequest for a bad escape.
Result<std::vector<QueryField>> parse_query(std::string_view query);

Match find_route(const std::vector<std::string>& segments);

bool allows(Route route, Method method);

// What a request must show before it is served.
struct Guard {
  bool exempt =
      false;  // neither counted nor asked: probes and metrics, which must work when all else fails
  std::optional<auth::Permission> permission;  // nothing: for everybody, and without data of panels
};
Guard guard_of(Route route, Method method);

// The methods of a route as the Allow field lists them.
std::string allow_list(Route route);

// The pattern of a route, for example "/panels/{id}/state": the label in metrics and logs.
std::string_view pattern(Route route);

}  // namespace nexus::server
