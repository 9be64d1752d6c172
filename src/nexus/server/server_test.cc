#include "nexus/server/server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/server/doubles_internal.h"
#include "nexus/server/test_client_internal.h"

namespace nexus::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::string_view kXml = "Content-Type: application/xml\r\n";

TEST(HttpSecurity, RefusesHostsOfReboundNames) {
  Options options;
  options.allowed_hosts = {"nexus.example"};
  RunningServer running(options);
  const auto status_for = [&](const std::string& path, const std::string& host) {
    TestClient client(running.http_port);
    client.send(fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", path, host));
    return client.read_answer().status;
  };
  EXPECT_EQ(status_for("/panels", "evil.example"), 403);
  EXPECT_EQ(status_for("/panels", "localhost.evil.example"), 403);
  EXPECT_EQ(status_for("/panels", "nexus.example"), 200);
  EXPECT_EQ(status_for("/panels", "LOCALHOST:99"), 200);
  EXPECT_EQ(status_for("/panels", "127.0.0.1:1"), 200);
  EXPECT_EQ(status_for("/panels", "[::1]:3000"), 200);
  EXPECT_EQ(status_for("/health", "10.1.2.3:3000"), 200) << "probes are exempt";
  EXPECT_EQ(status_for("/metrics", "10.1.2.3:3000"), 403);
}

TEST(HttpSecurity, RefusesChangesFromForeignPages) {
  Options options;
  options.cors_origins = {"https://friend.example"};
  RunningServer running(options);
  const auto trigger = [&](const std::string& origin) {
    TestClient client(running.http_port);
    return client.request("POST", "/panels/tides/trigger/echo", "{}",
                          fmt::format("Content-Type: application/json\r\nOrigin: {}\r\n", origin));
  };
  expect_error(trigger("https://evil.example"), 403, "FORBIDDEN");
  expect_error(trigger("null"), 403, "FORBIDDEN");
  expect_error(trigger("http://localhost:1"), 403, "FORBIDDEN");
  EXPECT_EQ(trigger(fmt::format("http://localhost:{}", running.http_port)).status, 200);
  const Answer listed = trigger("https://friend.example");
  EXPECT_EQ(listed.status, 200);
  EXPECT_EQ(listed.fields.at("access-control-allow-origin"), "https://friend.example");
  TestClient client(running.http_port);
  expect_error(client.request("DELETE", "/panels/tides", {}, "Origin: https://evil.example\r\n"),
               403, "FORBIDDEN");
}

TEST(HttpSecurity, AnswersPreflightsOfListedOriginsOnly) {
  Options options;
  options.cors_origins = {"https://friend.example"};
  RunningServer running(options);
  TestClient client(running.http_port);
  const std::string wish = "Access-Control-Request-Method: POST\r\n";
  const Answer friendly =
      client.request("OPTIONS", "/panels", {}, "Origin: https://friend.example\r\n" + wish);
  EXPECT_EQ(friendly.status, 204);
  EXPECT_THAT(friendly.fields.at("access-control-allow-methods"), HasSubstr("POST"));
  const Answer foreign =
      client.request("OPTIONS", "/panels", {}, "Origin: https://evil.example\r\n" + wish);
  EXPECT_EQ(foreign.fields.count("access-control-allow-origin"), 0u);
}

TEST(HttpSecurity, TheWebSocketPortServesNothingElse) {
  RunningServer running;
  TestClient client(running.ws_port);
  const Answer answer = client.request("POST", "/panels", "<NexusPanel/>", kXml);
  EXPECT_EQ(answer.status, 426);
  EXPECT_EQ(answer.fields.at("upgrade"), "websocket");
  TestClient probe(running.ws_port);
  EXPECT_EQ(probe.get("/livez").status, 200);
}

TEST(ServerLife, StopFinishesWhatIsUnderWay) {
  RunningServer running;
  TestClient idle(running.http_port);
  EXPECT_EQ(idle.get("/livez").status, 200);
  TestClient busy(running.http_port);
  busy.send(
      "POST /panels/tides/trigger/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  running.wait_until([&] { return running.tides().open.size() == 1; });
  std::promise<void> stopped;
  running.on_loop([&] {
    running.server->stop([&] { stopped.set_value(); });
    running.server->stop([] {});
  });
  EXPECT_TRUE(idle.at_end());
  running.on_loop([&] { running.tides().open[0].on_done(FakePanel::success(1)); });
  const Answer answer = busy.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_TRUE(busy.at_end());
  busy.shut_down();
  stopped.get_future().wait();
}

TEST(ServerLife, StopDoesNotWaitForEver) {
  Options options;
  options.limits.drain_time = milliseconds(20);
  RunningServer running(options);
  TestClient busy(running.http_port);
  busy.send(
      "POST /panels/tides/trigger/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  running.wait_until([&] { return running.tides().open.size() == 1; });
  std::promise<void> stopped;
  running.on_loop([&] { running.server->stop([&] { stopped.set_value(); }); });
  const Answer late = busy.read_answer();
  expect_error(late, 503, "UNAVAILABLE");
  EXPECT_EQ(late.fields.count("retry-after"), 1u);
  EXPECT_TRUE(busy.at_end());
  busy.shut_down();
  stopped.get_future().wait();
}

TEST(ServerLife, AnAnnouncedStopShowsInReadinessOnly) {
  RunningServer running;
  running.on_loop([&] { running.server->announce_stop(); });
  TestClient client(running.http_port);
  EXPECT_EQ(client.get("/readyz").status, 503);
  EXPECT_EQ(client.get("/livez").status, 200);
  EXPECT_EQ(client.get("/panels").status, 200);
}

TEST(ServerLife, HostsAndOriginsAreReloadedTogetherOrNotAtAll) {
  RunningServer running;
  TestClient client(running.http_port);
  const auto status_for = [&](std::string_view host) {
    client.send(fmt::format("GET /panels HTTP/1.1\r\nHost: {}\r\nOrigin: https://friend.example\r\n\r\n", host));
    return client.read_answer();
  };
  EXPECT_EQ(status_for("panels.example").status, 403);
  Options options;
  options.allowed_hosts = {"panels.example"};
  options.cors_origins = {"https://friend.example"};
  const auto reload = [&] {
    bool done = false;
    running.on_loop([&] { done = running.server->reload(options).ok(); });
    return done;
  };
  EXPECT_TRUE(reload());
  const Answer allowed = status_for("panels.example");
  EXPECT_EQ(allowed.status, 200);
  EXPECT_EQ(allowed.fields.at("access-control-allow-origin"), "https://friend.example");
  options.allowed_hosts = {};
  options.access.trusted_proxies = {"no address"};
  EXPECT_FALSE(reload());
  EXPECT_EQ(status_for("panels.example").status, 200);
}

TEST(ServerLife, APortInUseIsAnErrorThatNamesIt) {
  RunningServer running;
  const auto loop = loop::Loop::create();
  FakeWorkspace workspace;
  metrics::Metrics metrics;
  Options options;
  options.http_port = running.http_port;
  options.ws_port = 0;
  const auto second = Server::start(*loop, workspace, metrics, options);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message,
              HasSubstr(fmt::format("port {} (HTTP_PORT): it is in use", running.http_port)));
}

TEST(ServerLife, BadOptionsAreErrorsThatNameThem) {
  const auto loop = loop::Loop::create();
  FakeWorkspace workspace;
  metrics::Metrics metrics;
  const auto message_for = [&](const Options& options) {
    const auto server = Server::start(*loop, workspace, metrics, options);
    return server.ok() ? std::string() : server.error().message;
  };
  Options same;
  same.http_port = same.ws_port = 4000;
  EXPECT_THAT(message_for(same), HasSubstr("HTTP_PORT and WS_PORT are both 4000"));
  Options host;
  host.host = "example.com";
  EXPECT_THAT(message_for(host), HasSubstr("HOST is 'example.com'"));
  Options allowed;
  allowed.allowed_hosts = {"bad host"};
  EXPECT_THAT(message_for(allowed), HasSubstr("ALLOWED_HOSTS has 'bad host'"));
  Options assets;
  assets.assets_dir = "/nonexistent";
  EXPECT_THAT(message_for(assets), HasSubstr("cannot serve pages from '/nonexistent'"));
}

}  // namespace
}  // namespace nexus::server
