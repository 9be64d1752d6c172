#include "nexus/server/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nexus::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Match route_of(std::string_view path) {
  Result<Target> target = parse_target(path);
  EXPECT_TRUE(target.ok()) << path;
  return target.ok() ? find_route(target.value().segments) : Match{};
}

struct Expected {
  std::string_view path;
  Route route;
  std::string_view panel = "", tail = "";
};

TEST(Router, FindsEveryRouteOfTheProtocol) {
  const Expected table[] = {
      {"/", Route::kIndex},
      {"/p/tides", Route::kPanelPage, "tides"},
      {"/play", Route::kPlayPage},
      {"/assets/nexus.css", Route::kAsset, "", "nexus.css"},
      {"/assets/fonts/a.woff2", Route::kAsset, "", "fonts/a.woff2"},
      {"/favicon.ico", Route::kFavicon},
      {"/panels", Route::kPanels},
      {"/panels/tides", Route::kPanel, "tides"},
      {"/panels/tides/state", Route::kState, "tides"},
      {"/panels/tides/ast", Route::kAst, "tides"},
      {"/panels/tides/source", Route::kSource, "tides"},
      {"/panels/tides/view", Route::kView, "tides"},
      {"/panels/tides/trigger/load", Route::kTrigger, "tides", "load"},
      {"/panels/tides/ws", Route::kSocket, "tides"},
      {"/check", Route::kCheck},
      {"/faults", Route::kFaults},
      {"/faults/note", Route::kFault, "note"},
      {"/health", Route::kHealth},
      {"/livez", Route::kLive},
      {"/readyz", Route::kReady},
      {"/metrics", Route::kMetrics},
  };
  for (const Expected& expected : table) {
    const Match match = route_of(expected.path);
    EXPECT_EQ(match.route, expected.route) << expected.path;
    EXPECT_EQ(match.panel, expected.panel) << expected.path;
    EXPECT_EQ(match.tail, expected.tail) << expected.path;
  }
}

TEST(Router, KnowsNothingBesides) {
  for (const char* path :
       {"/panel", "/Panels", "/panels/a/b", "/panels/a/trigger", "/panels/a/trigger/b/c",
        "/panels/a/state/x", "/p", "/p/a/b", "/assets", "/healthz", "/index.html", "/x"}) {
    EXPECT_EQ(route_of(path).route, Route::kUnknown) << path;
  }
}

TEST(Router, DecodesPercentEscapesInNames) {
  EXPECT_EQ(route_of("/panels/a%2Db").panel, "a-b");
  EXPECT_EQ(route_of("/panels/%c3%a9tat").panel, "\xc3\xa9tat");
  EXPECT_EQ(route_of("/%70anels").route, Route::kPanels) << "an escaped letter is that letter";
  EXPECT_EQ(route_of("/panels/a%20b/trigger/c%25").tail, "c%");
}

TEST(Router, DropsTheAuthorityOfAbsoluteTargets) {
  EXPECT_EQ(route_of("http://example.com:3000/panels/a").panel, "a");
  EXPECT_EQ(route_of("http://example.com").route, Route::kIndex);
}

TEST(Router, KeepsTheQueryApart) {
  Result<Target> target = parse_target("/panels?limit=2&cursor=a%26b");
  ASSERT_TRUE(target.ok());
  EXPECT_THAT(target.value().segments, ElementsAre("panels"));
  EXPECT_EQ(target.value().query, "limit=2&cursor=a%26b");
}

TEST(Router, RefusesTargetsThatTwoProgramsCouldReadDifferently) {
  for (const char* target : {"",
                             "panels",
                             "*",
                             "ftp://x/panels",
                             "/panels/",
                             "//",
                             "/panels//state",
                             "/panels/%2e%2e/x",
                             "/panels/..",
                             "/./panels",
                             "/panels/a%2fb",
                             "/panels/a%5Cb",
                             "/panels/a\\b",
                             "/panels/a%00b",
                             "/panels/a%0ab",
                             "/panels/%7f",
                             "/panels/%",
                             "/panels/%4",
                             "/panels/%zz",
                             "/panels/%ff",
                             "/panels/%c0%af",
                             "/panels#x"}) {
    Result<Target> parsed = parse_target(target);
    ASSERT_FALSE(parsed.ok()) << target;
    EXPECT_EQ(parsed.error().code, ErrorCode::kBadRequest) << target;
    EXPECT_THAT(parsed.error().message, HasSubstr("request target")) << target;
  }
}

TEST(Router, SaysWhichMethodsARouteTakes) {
  EXPECT_EQ(allow_list(Route::kPanels), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(allow_list(Route::kPanel), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(allow_list(Route::kTrigger), "POST, OPTIONS");
  EXPECT_EQ(allow_list(Route::kState), "GET, HEAD, OPTIONS");
  EXPECT_TRUE(allows(Route::kState, Method::kHead));
  EXPECT_FALSE(allows(Route::kState, Method::kPost));
  EXPECT_FALSE(allows(Route::kTrigger, Method::kGet));
  EXPECT_FALSE(allows(Route::kPanels, Method::kOther));
  for (std::size_t i = 0; i + 1 < kRouteCount; ++i) {
    EXPECT_TRUE(allows(static_cast<Route>(i), Method::kOptions)) << i;
  }
}

TEST(Query, SplitsAndDecodesFields) {
  Result<std::vector<QueryField>> fields = parse_query("a=1&&b=x%20y&c&d=&e=f=g&h=1+2");
  ASSERT_TRUE(fields.ok());
  std::vector<std::string> flat;
  for (const QueryField& field : fields.value()) flat.push_back(field.key + ":" + field.value);
  EXPECT_THAT(flat, ElementsAre("a:1", "b:x y", "c:", "d:", "e:f=g", "h:1+2"));
}

TEST(Query, RefusesBadEscapes) {
  EXPECT_FALSE(parse_query("a=%").ok());
  EXPECT_FALSE(parse_query("%g0=1").ok());
  EXPECT_FALSE(parse_query("a=%0d%0a").ok());
}

}  // namespace
}  // namespace nexus::server
