#include "nexus/server/router.h"

#include <array>
#include <optional>

#include "nexus/base/check.h"
#include "nexus/value/utf8.h"

namespace nexus::server {
namespace {

constexpr unsigned kRead = 1;    // GET and HEAD
constexpr unsigned kCreate = 2;  // POST
constexpr unsigned kRemove = 4;  // DELETE

using auth::Permission;
constexpr std::nullopt_t kPublic = std::nullopt;

struct Row {
  Route route;
  std::string_view pattern;  // {id}, {tool}, {execution} and {approval} match one segment, {path} one or more
  unsigned methods;
  // What GET needs, and what the one changing method besides needs.
  std::optional<auth::Permission> read_needs = std::nullopt;
  std::optional<auth::Permission> create_needs = std::nullopt;
  bool exempt = false;
};

// In the order of Route.
constexpr std::array<Row, kRouteCount> kRows = {{
    {Route::kIndex, "/", kRead},
    {Route::kPanelPage, "/p/{id}", kRead},
    {Route::kPlayPage, "/play", kRead},
    {Route::kAsset, "/assets/{path}", kRead},
    {Route::kFavicon, "/favicon.ico", kRead},
    {Route::kPanels, "/panels", kRead | kCreate, Permission::kRead, Permission::kCreate},
    {Route::kPanel, "/panels/{id}", kRead | kRemove, Permission::kRead},
    {Route::kState, "/panels/{id}/state", kRead, Permission::kRead},
    {Route::kAst, "/panels/{id}/ast", kRead, Permission::kRead},
    {Route::kSource, "/panels/{id}/source", kRead, Permission::kRead},
    {Route::kView, "/panels/{id}/view", kRead, Permission::kRead},
    {Route::kHistory, "/panels/{id}/history", kRead, Permission::kRead},
    {Route::kExecution, "/panels/{id}/executions/{execution}", kRead, Permission::kRead},
    {Route::kTrigger, "/panels/{id}/trigger/{tool}", kCreate, kPublic, Permission::kExecute},
    {Route::kApprovals, "/panels/{id}/approvals", kRead, Permission::kRead},
    {Route::kApproval, "/panels/{id}/approvals/{approval}", kCreate, kPublic, Permission::kApprove},
    {Route::kSocket, "/panels/{id}/ws", kRead, Permission::kRead},
    {Route::kTicket, "/auth/ws-ticket", kCreate, kPublic, Permission::kRead},
    {Route::kCheck, "/check", kCreate, kPublic, Permission::kCreate},
    {Route::kFaults, "/faults", kRead, Permission::kRead},
    {Route::kFault, "/faults/{id}", kRead, Permission::kRead},
    {Route::kHealth, "/health", kRead, kPublic, kPublic, true},
    {Route::kLive, "/livez", kRead, kPublic, kPublic, true},
    {Route::kReady, "/readyz", kRead, kPublic, kPublic, true},
    {Route::kMetrics, "/metrics", kRead, kPublic, kPublic, true},
    {Route::kAdminPage, "/admin", kRead},
    {Route::kAdminStatus, "/admin/status", kRead, Permission::kAdmin},
    {Route::kOpenApi, "/openapi.json", kRead},
    {Route::kUnknown, "unknown", 0},
}};

constexpr bool rows_follow_the_enum() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].route) != i) return false;
  }
  return true;
}
static_assert(rows_follow_the_enum());

// A new route of panels is closed until its row says whom it is for.
constexpr bool panels_are_guarded() {
  for (const Row& candidate : kRows) {
    if (!candidate.pattern.starts_with("/panels") && !candidate.pattern.starts_with("/faults")) continue;
    if (candidate.exempt || ((candidate.methods & kRead) != 0 && !candidate.read_needs) ||
        ((candidate.methods & kCreate) != 0 && !candidate.create_needs))
      return false;
  }
  return true;
}
static_assert(panels_are_guarded());

const Row& row(Route route) { return kRows[static_cast<std::size_t>(route)]; }

Error bad_target(std::string why) {
  return {ErrorCode::kBadRequest, "request target " + std::move(why)};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return bad_target("has a '%' without two hexadecimal digits; write %25");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return bad_target("has a control character");
    out += c;
  }
  if (!value::is_valid_utf8(out)) return bad_target("is not UTF-8");
  return out;
}

Result<std::string> decode_segment(std::string_view segment) {
  NX_TRY(std::string decoded, percent_decode(segment));
  if (decoded.empty()) return bad_target("has an empty segment ('//' or a '/' at the end)");
  if (decoded == "." || decoded == "..") return bad_target("has a '" + decoded + "' segment");
  if (decoded.find_first_of("/\\") != std::string::npos)
    return bad_target("has a slash inside a segment");
  return decoded;
}

// The path and query of an absolute-form target; nullopt when it is not one.
std::optional<std::string_view> strip_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t path = target.find('/', scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return std::nullopt;
}

Result<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    NX_TRY(std::string segment, decode_segment(path.substr(0, slash)));
    segments.push_back(std::move(segment));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) return bad_target("has an empty segment ('//' or a '/' at the end)");
  }
  return segments;
}

std::string join(const std::vector<std::string>& segments, std::size_t first) {
  std::string out;
  for (std::size_t i = first; i < segments.size(); ++i) {
    if (i > first) out += '/';
    out += segments[i];
  }
  return out;
}

std::optional<Match> match_row(const Row& candidate, const std::vector<std::string>& segments) {
  Match match{candidate.route, {}, {}};
  std::string_view rest = candidate.pattern.substr(1);
  std::size_t next = 0;
  while (!rest.empty()) {
    if (next == segments.size()) return std::nullopt;
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (part == "{path}") {
      match.tail = join(segments, next);
      return match;
    }
    if (part == "{id}") {
      match.panel = segments[next];
    } else if (part == "{tool}" || part == "{execution}" || part == "{approval}") {
      match.tail = segments[next];
    } else if (part != segments[next]) {
      return std::nullopt;
    }
    ++next;
  }
  return next == segments.size() ? std::optional(std::move(match)) : std::nullopt;
}

}  // namespace

Result<Target> parse_target(std::string_view target) {
  if (const auto stripped = strip_authority(target)) target = *stripped;
  if (!target.starts_with('/')) return bad_target("does not start with '/'");
  if (target.find('#') != std::string_view::npos) return bad_target("has a fragment");
  const std::size_t mark = target.find('?');
  NX_TRY(std::vector<std::string> segments, split_path(target.substr(0, mark)));
  Target parsed{std::move(segments), {}};
  if (mark != std::string_view::npos) parsed.query = target.substr(mark + 1);
  return parsed;
}

Result<std::vector<QueryField>> parse_query(std::string_view query) {
  std::vector<QueryField> fields;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view field = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (field.empty()) continue;
    const std::size_t equals = field.find('=');
    NX_TRY(std::string key, percent_decode(field.substr(0, equals)));
    NX_TRY(std::string text,
           percent_decode(equals == std::string_view::npos ? std::string_view()
                                                           : field.substr(equals + 1)));
    fields.push_back({std::move(key), std::move(text)});
  }
  return fields;
}

Match find_route(const std::vector<std::string>& segments) {
  for (const Row& candidate : kRows) {
    if (candidate.route == Route::kUnknown) break;
    if (auto match = match_row(candidate, segments)) return *std::move(match);
  }
  return {};
}

bool allows(Route route, Method method) {
  const unsigned methods = row(route).methods;
  switch (method) {
    case Method::kGet:
    case Method::kHead:
      return (methods & kRead) != 0;
    case Method::kPost:
      return (methods & kCreate) != 0;
    case Method::kDelete:
      return (methods & kRemove) != 0;
    case Method::kOptions:
      return route != Route::kUnknown;
    case Method::kOther:
      return false;
  }
  return false;
}

Guard guard_of(Route route, Method method) {
  const Row& guarded = row(route);
  if (method == Method::kPost) return {guarded.exempt, guarded.create_needs};
  if (method == Method::kDelete) return {guarded.exempt, Permission::kDelete};
  return {guarded.exempt, guarded.read_needs};
}

std::string allow_list(Route route) {
  const unsigned methods = row(route).methods;
  std::string list;
  if (methods & kRead) list += "GET, HEAD, ";
  if (methods & kCreate) list += "POST, ";
  if (methods & kRemove) list += "DELETE, ";
  return list + "OPTIONS";
}

std::string_view pattern(Route route) { return row(route).pattern; }

}  // namespace nexus::server
