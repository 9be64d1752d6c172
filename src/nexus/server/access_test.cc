// Who may do what, through a running server: docs/SECURITY.md.
#include "nexus/server/access.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/auth/authenticator.h"
#include "nexus/auth/token.h"
#include "nexus/server/doubles_internal.h"
#include "nexus/server/test_client_internal.h"
#include "nexus/value/json.h"

namespace nexus::server {
namespace {

using testing::HasSubstr;

constexpr std::string_view kJson = "Content-Type: application/json\r\n";

auth::Key secret() {
  return std::move(auth::make_secret_key("0123456789abcdef-a-long-test-secret")).take();
}

std::string token(value::List permissions, std::string workspace = "w",
                  std::chrono::seconds lifetime = std::chrono::hours(1),
                  std::string subject = "ann") {
  const auto expires =
      std::chrono::duration_cast<std::chrono::seconds>(Clock::system().wall().time_since_epoch()) +
      lifetime;
  return auth::mint_token(secret(), value::Object{{"sub", std::move(subject)},
                                                  {"workspace_id", std::move(workspace)},
                                                  {"permissions", std::move(permissions)},
                                                  {"exp", std::int64_t{expires.count()}}});
}

std::string bearer(const std::string& text) { return "Authorization: Bearer " + text + "\r\n"; }

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    auth::AuthenticatorOptions options;
    options.secret = secret();
    authenticator_ = std::make_unique<auth::Authenticator>(std::move(options), Clock::system());
  }

  void open(AccessOptions access = {}) {
    access.authenticator = authenticator_.get();
    Options options;
    options.access = std::move(access);
    running_ = std::make_unique<RunningServer>(options);
    running_->on_loop([&] {
      running_->workspace.add("mine", "w");
      running_->workspace.add("theirs", "v");
    });
  }
  Answer ask(std::string_view method, std::string_view path, std::string_view fields = {},
             std::string_view body = {}) {
    TestClient client(running_->http_port);
    return client.request(method, path, body, fields);
  }
  Answer upgrade(const std::string& path, const std::string& fields = {}) {
    TestClient client(running_->ws_port);
    return client.upgrade(path, fields);
  }
  std::string ticket(const std::string& from, std::string_view body = {}) {
    const Answer answer = ask("POST", "/auth/ws-ticket",
                              bearer(from) + (body.empty() ? "" : std::string(kJson)), body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto json = value::parse_json(answer.body);
    return json.ok() && json->find("ticket") ? json->find("ticket")->string() : "";
  }

  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<RunningServer> running_;
};

struct Door {
  const char* method;
  const char* path;
  const char* permission;
  int status;  // with the permission
};
constexpr Door kDoors[] = {{"GET", "/panels", "panel:read", 200},
                           {"HEAD", "/panels", "panel:read", 200},
                           {"POST", "/panels", "panel:create", 415},
                           {"GET", "/panels/mine", "panel:read", 200},
                           {"GET", "/panels/mine/state", "panel:read", 200},
                           {"GET", "/panels/mine/view", "panel:read", 200},
                           {"GET", "/panels/mine/ast", "panel:read", 200},
                           {"POST", "/panels/mine/trigger/echo", "panel:execute", 200},
                           {"GET", "/panels/mine/approvals", "panel:read", 200},
                           {"POST", "/panels/mine/approvals/a1", "panel:approve", 422},
                           {"POST", "/auth/ws-ticket", "panel:read", 200},
                           {"DELETE", "/panels/mine", "panel:delete", 204}};

TEST_F(AccessTest, EveryRouteNeedsItsPermissionAndNoOther) {
  open();
  for (const Door& door : kDoors) {
    for (const char* permission : {"panel:create", "panel:read", "panel:execute",
                                   "panel:approve", "panel:delete"}) {
      const Answer answer = ask(door.method, door.path, bearer(token({permission})));
      const bool suffices = permission == std::string_view(door.permission);
      EXPECT_EQ(answer.status, suffices ? door.status : 403)
          << door.method << door.path << permission;
      if (suffices) continue;
      EXPECT_THAT(answer.fields.at("www-authenticate"), HasSubstr(door.permission));
    }
  }
}

TEST_F(AccessTest, WithoutATokenEveryRouteIs401WithAChallenge) {
  open();
  for (const Door& door : kDoors) {
    const Answer answer = ask(door.method, door.path);
    EXPECT_EQ(answer.status, 401) << door.path;
    EXPECT_EQ(answer.fields.at("www-authenticate"), R"(Bearer realm="nexus")");
  }
  EXPECT_EQ(upgrade("/panels/mine/ws").status, 401);
  EXPECT_EQ(upgrade("/panels/none/ws").status, 401) << "who may not ask learns of no panel";
}

TEST_F(AccessTest, ProbesMetricsAndPagesAreForEverybody) {
  open();
  for (const char* path : {"/health", "/livez", "/readyz", "/metrics"})
    EXPECT_EQ(ask("GET", path).status, 200) << path;
  EXPECT_EQ(ask("GET", "/").status, 404) << "no pages were built in";
  EXPECT_EQ(ask("OPTIONS", "/panels").status, 204);
}

TEST_F(AccessTest, BadCredentialsAre401AndSayWhy) {
  open();
  const Answer expired =
      ask("GET", "/panels", bearer(token({"panel:read"}, "w", std::chrono::seconds(-1))));
  expect_error(expired, 401, "UNAUTHORIZED");
  EXPECT_EQ(
      expired.fields.at("www-authenticate"),
      R"(Bearer realm="nexus", error="invalid_token", error_description="the token has expired")");
  for (const char* field :
       {"Authorization: Basic YTpi\r\n", "Authorization: Bearer\r\n", "Authorization: Bearer \r\n",
        "Authorization: Bearer x\r\n", "Authorization: \r\n"})
    EXPECT_EQ(ask("GET", "/panels", field).status, 401) << field;
  const std::string good = token({"panel:read"});
  EXPECT_EQ(ask("GET", "/panels", "authorization: bearer " + good + "\r\n").status, 200)
      << "the scheme's case is free";
  EXPECT_EQ(ask("GET", "/panels", bearer(good) + bearer(good)).status, 400);
  EXPECT_EQ(ask("GET", "/panels?token=" + good).status, 401) << "addresses are logged";
}

TEST_F(AccessTest, APanelOfAnotherWorkspaceIsNotThere) {
  open();
  const std::string all =
      bearer(token({"panel:read", "panel:execute", "panel:create", "panel:delete"}));
  for (const char* path : {"/panels/theirs", "/panels/theirs/state", "/panels/theirs/ast"})
    expect_error(ask("GET", path, all), 404, "PANEL_NOT_FOUND");
  expect_error(ask("POST", "/panels/theirs/trigger/echo", all), 404, "PANEL_NOT_FOUND");
  expect_error(ask("DELETE", "/panels/theirs", all), 404, "PANEL_NOT_FOUND");
  expect_error(ask("POST", "/auth/ws-ticket", all + std::string(kJson), R"({"panel":"theirs"})"),
               404, "PANEL_NOT_FOUND");
  EXPECT_EQ(upgrade("/panels/theirs/ws", all).status, 404);
  EXPECT_EQ(ask("GET", "/panels", all).body,
            R"({"panels":[{"id":"mine","status":"running"}],"total":1})");
  EXPECT_EQ(ask("GET", "/panels/none", all).body.size(),
            ask("GET", "/panels/xxxx", all).body.size());
}

TEST_F(AccessTest, WhatIsCreatedBelongsToTheCreatorsWorkspace) {
  open();
  EXPECT_EQ(ask("POST", "/panels",
                bearer(token({"panel:create"}, "v")) + "Content-Type: application/xml\r\n",
                "<NexusPanel/>")
                .status,
            201);
  EXPECT_EQ(running_->workspace.last_created.owner, "v");
  EXPECT_EQ(ask("GET", "/panels/made", bearer(token({"panel:read"}))).status, 404);
  EXPECT_EQ(ask("GET", "/panels/made", bearer(token({"panel:read"}, "v"))).status, 200);
}

TEST_F(AccessTest, AnAdminReachesEveryWorkspace) {
  open();
  const std::string admin = bearer(token({"admin"}, "operators"));
  EXPECT_EQ(ask("GET", "/panels/theirs", admin).status, 200);
  EXPECT_THAT(ask("GET", "/panels", admin).body, HasSubstr(R"("total":3)"));
}

TEST_F(AccessTest, ASocketTakesATokenInTheFieldOrTheSubprotocolAndEchoesNone) {
  open();
  const std::string good = token({"panel:read"});
  EXPECT_EQ(upgrade("/panels/mine/ws", bearer(good)).status, 101);
  const Answer answer = upgrade(
      "/panels/mine/ws", "Sec-WebSocket-Protocol: nexus.v1.json, nexus.bearer." + good + "\r\n");
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.fields.at("sec-websocket-protocol"), "nexus.v1.json");
  const Answer alone =
      upgrade("/panels/mine/ws", "Sec-WebSocket-Protocol: nexus.bearer." + good + "\r\n");
  EXPECT_EQ(alone.status, 101);
  EXPECT_EQ(alone.fields.count("sec-websocket-protocol"), 0u);
  EXPECT_EQ(upgrade("/panels/mine/ws",
                    bearer(good) + "Sec-WebSocket-Protocol: nexus.bearer." + good + "\r\n")
                .status,
            400);
  EXPECT_EQ(upgrade("/panels/mine/ws?token=" + good).status, 401);
  EXPECT_EQ(upgrade("/panels/mine/ws", bearer(token({"panel:execute"}))).status, 403);
}

TEST_F(AccessTest, ATicketOpensOneSocket) {
  open();
  const std::string good = token({"panel:read"});
  const std::string once = ticket(good);
  EXPECT_EQ(upgrade("/panels/mine/ws?ticket=" + once).status, 101);
  EXPECT_EQ(upgrade("/panels/mine/ws?ticket=" + once).status, 401);
  const std::string bound = ticket(good, R"({"panel":"mine"})");
  EXPECT_EQ(upgrade("/panels/mine/ws?ticket=" + bound).status, 101);
  EXPECT_EQ(upgrade("/panels/theirs/ws?ticket=" + ticket(good)).status, 404);
  EXPECT_EQ(upgrade("/panels/mine/ws?ticket=made-up").status, 401);
  EXPECT_EQ(ask("GET", "/panels?ticket=" + ticket(good)).status, 401) << "sockets only";
  expect_error(ask("POST", "/auth/ws-ticket", bearer(good) + std::string(kJson), R"({"panel":7})"),
               422, "INVALID_ARGUMENT");
  expect_error(ask("POST", "/auth/ws-ticket", bearer(good) + std::string(kJson), R"({"x":1})"), 422,
               "INVALID_ARGUMENT");
}

TEST_F(AccessTest, ASocketThatMayOnlyReadChangesNothing) {
  open();
  TestClient client(running_->ws_port);
  ASSERT_EQ(client.upgrade("/panels/mine/ws", bearer(token({"panel:read"}))).status, 101);
  client.read_frame();
  client.send_text(R"({"type":"TRIGGER","tool":"echo","requestId":"a"})");
  EXPECT_EQ(
      client.read_frame().payload,
      R"({"type":"ERROR","version":7,"requestId":"a","code":"FORBIDDEN","message":"the token does not permit panel:execute"})");
  client.send_text(R"({"type":"SET","path":["n"],"value":1,"requestId":"b"})");
  EXPECT_THAT(client.read_frame().payload, HasSubstr(R"("code":"FORBIDDEN")"));
  client.send_text(R"({"type":"PING"})");
  EXPECT_THAT(client.read_frame().payload, HasSubstr("PONG"));
}

TEST_F(AccessTest, ASocketEndsWithItsToken) {
  open();
  TestClient client(running_->ws_port);
  // Two seconds, because times in tokens are whole ones.
  ASSERT_EQ(
      client.upgrade("/panels/mine/ws", bearer(token({"panel:read"}, "w", std::chrono::seconds(2))))
          .status,
      101);
  EXPECT_THAT(client.read_frame().payload, HasSubstr("CONNECTED"));
  EXPECT_EQ(client.read_frame().close_code(), 4401);
}

TEST_F(AccessTest, AnIdentityThatAsksTooOftenWaits) {
  AccessOptions access;
  access.identity_rate = 1;
  open(access);
  const std::string ann = bearer(token({"panel:read"}));
  int refused = 0;
  Answer last;
  for (int i = 0; i < 10 && refused == 0; ++i) {
    last = ask("GET", "/panels", ann);
    refused += last.status == 429 ? 1 : 0;
  }
  ASSERT_EQ(refused, 1);
  EXPECT_EQ(last.fields.at("retry-after"), "1");
  EXPECT_EQ(ask("GET", "/panels", bearer(token({"panel:read"}, "w", std::chrono::hours(1), "bob")))
                .status,
            200);
  EXPECT_EQ(ask("GET", "/livez", ann).status, 200);
}

TEST_F(AccessTest, AnAddressThatAsksTooOftenWaitsWithOrWithoutAToken) {
  AccessOptions access;
  access.address_rate = 1;
  access.trusted_proxies = {"127.0.0.1"};
  open(access);
  const std::string stranger = "X-Forwarded-For: 203.0.113.7\r\n";
  int refused = 0;
  for (int i = 0; i < 10; ++i) refused += ask("GET", "/panels", stranger).status == 429 ? 1 : 0;
  EXPECT_GT(refused, 0);
  EXPECT_EQ(ask("GET", "/panels", "X-Forwarded-For: 203.0.113.8\r\n").status, 401);
  EXPECT_EQ(ask("GET", "/metrics", stranger).status, 200);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(ask("GET", "/panels").status, 401) << "this machine is not counted";
}

TEST(Access, WithoutAuthenticationEverybodyMayDoEverything) {
  RunningServer running;
  TestClient client(running.http_port);
  EXPECT_EQ(client.get("/panels/tides", "Authorization: Bearer x\r\n").status, 200);
  EXPECT_EQ(client.request("POST", "/auth/ws-ticket").status, 200);
}

}  // namespace
}  // namespace nexus::server
