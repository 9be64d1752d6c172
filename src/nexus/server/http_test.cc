#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/server/doubles_internal.h"
#include "nexus/server/router.h"
#include "nexus/server/test_client_internal.h"
#include "nexus/value/json.h"

namespace nexus::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kJson = "Content-Type: application/json\r\n";
constexpr std::string_view kXml = "Content-Type: application/xml\r\n";

std::string nested_json(int depth) { return std::string(static_cast<std::size_t>(depth), '['); }

TEST(HttpPanels, CreatesFromNxml) {
  RunningServer running;
  TestClient client(running.http_port);
  const Answer answer = client.request("POST", "/panels", "<NexusPanel/>", kXml);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(
      answer.body,
      fmt::format(R"({{"id":"made","status":"running","wsUrl":"ws://localhost:{}/panels/made/ws",)"
                  R"("state":{{"n":1}}}})",
                  running.ws_port));
  EXPECT_EQ(answer.fields.at("location"), "/panels/made");
  EXPECT_EQ(running.workspace.last_created.source, "<NexusPanel/>");
}

TEST(HttpPanels, CreatesFromJsonWithIdAndState) {
  RunningServer running;
  TestClient client(running.http_port);
  const Answer answer = client.request(
      "POST", "/panels", R"({"source":"<NexusPanel/>","panelId":"mine","initialState":{"n":2}})",
      kJson);
  EXPECT_EQ(answer.status, 201);
  EXPECT_THAT(answer.body, StartsWith(R"({"id":"mine")"));
  EXPECT_EQ(running.workspace.last_created.initial_state, value::Value(value::Object{{"n", 2}}));
}

TEST(HttpPanels, RefusesBodiesItCannotUse) {
  RunningServer running;
  TestClient client(running.http_port);
  expect_error(client.request("POST", "/panels", "{", kJson), 400, "PARSE_ERROR");
  expect_error(client.request("POST", "/panels", "[]", kJson), 422, "INVALID_ARGUMENT");
  expect_error(client.request("POST", "/panels", "{}", kJson), 422, "INVALID_ARGUMENT");
  expect_error(client.request("POST", "/panels", R"({"source":1})", kJson), 422,
               "INVALID_ARGUMENT");
  expect_error(client.request("POST", "/panels", R"({"source":"x","panelId":1})", kJson), 422,
               "INVALID_ARGUMENT");
  expect_error(client.request("POST", "/panels", R"({"source":"x","initialState":[]})", kJson), 422,
               "INVALID_ARGUMENT");
  expect_error(client.request("POST", "/panels", R"({"source":"x","grant":[]})", kJson), 422,
               "INVALID_ARGUMENT");
  expect_error(client.request("POST", "/panels", nested_json(1000), kJson), 413,
               "PAYLOAD_TOO_LARGE");
  expect_error(client.request("POST", "/panels", "x"), 415, "UNSUPPORTED_MEDIA_TYPE");
  expect_error(client.request("POST", "/panels", "x", "Content-Type: text/plain\r\n"), 415,
               "UNSUPPORTED_MEDIA_TYPE");
  expect_error(
      client.request("POST", "/panels", "x", "Content-Type: application/xml; charset=latin1\r\n"),
      415, "UNSUPPORTED_MEDIA_TYPE");
  EXPECT_EQ(client.get("/panels").status, 200) << "the connection went on";
  expect_error(client.request("POST", "/panels", "x",
                              "Content-Type: application/xml\r\nContent-Encoding: gzip\r\n"),
               415, "UNSUPPORTED_MEDIA_TYPE");
}

TEST(HttpPanels, ListsDiagnosticsOfBadNxml) {
  RunningServer running;
  TestClient client(running.http_port);
  const Answer answer = client.request("POST", "/panels", "bad", kXml);
  expect_error(answer, 422, "INVALID_NXML");
  EXPECT_THAT(answer.body, HasSubstr(R"("details":{"diagnostics":[{)"));
  EXPECT_THAT(answer.body, HasSubstr("no NexusPanel"));
}

TEST(HttpPanels, RefusesATakenId) {
  RunningServer running;
  TestClient client(running.http_port);
  expect_error(client.request("POST", "/panels", R"({"source":"x","panelId":"tides"})", kJson), 409,
               "PANEL_EXISTS");
}

TEST(HttpPanels, ShowsInfoStateAndAst) {
  RunningServer running;
  TestClient client(running.http_port);
  EXPECT_EQ(client.get("/panels/tides").body, R"({"id":"tides","status":"running"})");
  const Answer state = client.get("/panels/tides/state");
  EXPECT_EQ(state.body, R"({"n":1})");
  EXPECT_EQ(state.fields.at("etag"), "\"e1-7\"");
  EXPECT_EQ(client.get("/panels/tides/ast").body,
            R"({"epoch":"e1","version":7,"ast":{"kind":"NexusPanel"}})");
  for (const char* path : {"/panels/none", "/panels/none/state", "/panels/none/ast"}) {
    expect_error(client.get(path), 404, "PANEL_NOT_FOUND");
  }
}

TEST(HttpPanels, AnswersAnUnchangedStateWith304) {
  RunningServer running;
  TestClient client(running.http_port);
  for (const char* tag : {"\"e1-7\"", "W/\"e1-7\"", "*", "\"x\", \"e1-7\""}) {
    const Answer answer =
        client.get("/panels/tides/state", fmt::format("If-None-Match: {}\r\n", tag));
    EXPECT_EQ(answer.status, 304) << tag;
    EXPECT_EQ(answer.fields.at("etag"), "\"e1-7\"");
  }
  EXPECT_EQ(client.get("/panels/tides/state", "If-None-Match: \"e1-6\"\r\n").status, 200);
}

TEST(HttpPanels, ListsPageByPage) {
  RunningServer running;
  running.on_loop([&] {
    running.workspace.add("b");
    running.workspace.add("c");
  });
  TestClient client(running.http_port);
  const Answer first = client.get("/panels?limit=2");
  EXPECT_THAT(first.body, StartsWith(R"({"panels":[{"id":"tides")"));
  EXPECT_THAT(first.body, HasSubstr(R"("total":3,"nextCursor":"b"})"));
  const Answer second = client.get("/panels?limit=2&cursor=b");
  EXPECT_EQ(second.body, R"({"panels":[{"id":"c","status":"running"}],"total":3})");
  EXPECT_THAT(client.get("/panels?id=c").body, HasSubstr(R"("total":1})"));
  EXPECT_EQ(client.get("/panels?id=nobody").body, R"({"panels":[],"total":0})");
  expect_error(client.get("/panels?cursor=gone"), 422, "INVALID_ARGUMENT");
  for (const char* bad : {"0", "1001", "-1", "x", "1x", ""}) {
    expect_error(client.get(fmt::format("/panels?limit={}", bad)), 422, "INVALID_ARGUMENT");
  }
  expect_error(client.get("/panels?limit=%"), 400, "BAD_REQUEST");
}

TEST(HttpPanels, SearchesIdTitleDescriptionAndTags) {
  RunningServer running;
  running.on_loop([&] { running.workspace.add("harbour-log"); });
  TestClient client(running.http_port);
  EXPECT_THAT(client.get("/panels?search=TID").body, HasSubstr(R"([{"id":"tides","status":"running"}],"total":1})"));
  EXPECT_THAT(client.get("/panels?search=log%20%20harb").body, HasSubstr(R"("total":1})"));
  EXPECT_THAT(client.get("/panels?search=log%20tides").body, HasSubstr(R"("total":0})"));
  EXPECT_THAT(client.get("/panels?search=").body, HasSubstr(R"("total":2})"));
}

TEST(HttpPanels, ShowsTheSourceAsTextThatRunsNothing) {
  RunningServer running;
  TestClient client(running.http_port);
  const Answer answer = client.get("/panels/tides/source");
  EXPECT_EQ(answer.body, "<NexusPanel title='Tides'/>");
  EXPECT_EQ(answer.fields.at("content-type"), "application/xml; charset=utf-8");
  EXPECT_THAT(answer.fields.at("content-security-policy"), HasSubstr("sandbox"));
  expect_error(client.get("/panels/none/source"), 404, "PANEL_NOT_FOUND");
}

TEST(HttpPanels, ChecksADocumentWithoutMakingAPanel) {
  RunningServer running;
  TestClient client(running.http_port);
  EXPECT_EQ(client.request("POST", "/check", "<NexusPanel/>", kXml).body, R"({"valid":true})");
  EXPECT_EQ(client.request("POST", "/check", R"({"source":"bad"})", kJson).body, R"({"valid":false})");
  expect_error(client.request("POST", "/check", "x"), 415, "UNSUPPORTED_MEDIA_TYPE");
  EXPECT_THAT(client.get("/panels").body, HasSubstr(R"("total":1})"));
}

TEST(HttpPanels, MakesPreviews) {
  RunningServer running;
  TestClient client(running.http_port);
  EXPECT_EQ(client.request("POST", "/panels", R"({"source":"x","preview":true})", kJson).status, 201);
  EXPECT_TRUE(running.workspace.last_created.preview);
  expect_error(client.request("POST", "/panels", R"({"source":"x","preview":1})", kJson), 422, "INVALID_ARGUMENT");
}

TEST(HttpPanels, DestroysWith204) {
  RunningServer running;
  TestClient client(running.http_port);
  const Answer answer = client.request("DELETE", "/panels/tides");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.fields.count("content-length"), 0u);
  expect_error(client.request("DELETE", "/panels/tides"), 404, "PANEL_NOT_FOUND");
}

TEST(HttpTrigger, AnswersTheResultOfTheRun) {
  RunningServer running;
  TestClient client(running.http_port);
  const Answer answer =
      client.request("POST", "/panels/tides/trigger/echo", R"({"days":2})", kJson);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("status":"success")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("returnValue":{"days":2})"));
  EXPECT_EQ(
      client.request("POST", "/panels/tides/trigger/echo", {}, "Content-Length: 0\r\n").status, 200)
      << "no arguments";
}

TEST(HttpTrigger, RefusesWhatStartsNoRun) {
  RunningServer running;
  TestClient client(running.http_port);
  expect_error(client.request("POST", "/panels/none/trigger/echo", "{}", kJson), 404,
               "PANEL_NOT_FOUND");
  expect_error(client.request("POST", "/panels/tides/trigger/unknown", "{}", kJson), 404,
               "TOOL_NOT_FOUND");
  expect_error(client.request("POST", "/panels/tides/trigger/echo", "{", kJson), 400,
               "PARSE_ERROR");
  expect_error(client.request("POST", "/panels/tides/trigger/echo", "[1]", kJson), 422,
               "INVALID_ARGUMENT");
  expect_error(client.request("POST", "/panels/tides/trigger/echo", "a=1",
                              "Content-Type: application/x-www-form-urlencoded\r\n"),
               415, "UNSUPPORTED_MEDIA_TYPE");
}

TEST(HttpTrigger, WaitsWithoutHoldingUpOthers) {
  RunningServer running;
  TestClient waiting(running.http_port);
  waiting.send(
      "POST /panels/tides/trigger/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  running.wait_until([&] { return running.tides().open.size() == 1; });
  TestClient other(running.http_port);
  EXPECT_EQ(other.get("/panels/tides").status, 200);
  running.on_loop([&] { running.tides().open[0].on_done(FakePanel::success(5)); });
  EXPECT_THAT(waiting.read_answer().body, HasSubstr(R"("returnValue":5)"));
}

TEST(HttpTrigger, AnExtensionThatNeverAnswersIsAGatewayTimeout) {
  RunningServer running;
  TestClient waiting(running.http_port);
  waiting.send(
      "POST /panels/tides/trigger/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  running.wait_until([&] { return running.tides().open.size() == 1; });
  running.on_loop([&] {
    panel::ExecutionResult result;
    result.execution_id = "run-1";
    engine::RunError& error = result.outcome.error.emplace();
    error.code = ErrorCode::kTimeout;
    error.message = "no answer";
    result.missed_deadline = true;
    running.tides().open[0].on_done(std::move(result));
  });
  const Answer answer = waiting.read_answer();
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.body,
            R"({"error":{"code":"TIMEOUT","message":"no answer","details":{"executionId":"run-1"}}})");
}

TEST(HttpTrigger, AnAnswerAfterTheServersEndIsDropped) {
  std::function<void(Result<panel::ExecutionResult>)> late;
  {
    RunningServer running;
    TestClient client(running.http_port);
    client.send(
        "POST /panels/tides/trigger/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    running.wait_until([&] { return running.tides().open.size() == 1; });
    running.on_loop([&] {
      late = running.tides().open[0].on_done;
      running.server.reset();
    });
    EXPECT_TRUE(client.at_end());
  }
  late(FakePanel::success(1));
}

TEST(HttpRoutes, AnswersHeadWithoutBody) {
  RunningServer running;
  TestClient client(running.http_port);
  const Answer head = client.request("HEAD", "/panels/tides/state");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.fields.at("content-length"), "7");
  EXPECT_EQ(client.request("HEAD", "/panels/none").status, 404);
  EXPECT_EQ(client.get("/panels/tides/state").body, R"({"n":1})") << "no stray byte before it";
}

TEST(HttpRoutes, NamesTheMethodsOfAPath) {
  RunningServer running;
  TestClient client(running.http_port);
  const Answer put = client.request("PUT", "/panels");
  expect_error(put, 405, "METHOD_NOT_ALLOWED");
  EXPECT_EQ(put.fields.at("allow"), "GET, HEAD, POST, OPTIONS");
  expect_error(client.get("/panels/tides/trigger/echo"), 405, "METHOD_NOT_ALLOWED");
  expect_error(client.request("BREW", "/panels/tides"), 405, "METHOD_NOT_ALLOWED");
  const Answer options = client.request("OPTIONS", "/panels/tides");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.fields.at("allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(client.request("OPTIONS", "*").status, 204);
}

TEST(HttpRoutes, AnswersUnknownPathsWithTheEnvelope) {
  RunningServer running;
  TestClient client(running.http_port);
  expect_error(client.get("/nothing"), 404, "NOT_FOUND");
  expect_error(client.get("/panels/%2e%2e/x"), 400, "BAD_REQUEST");
  expect_error(client.get("/"), 404, "NOT_FOUND");
  EXPECT_EQ(client.get("/livez").fields.at("x-content-type-options"), "nosniff");
}

TEST(HttpRoutes, ReportsHealthAndReadiness) {
  bool ready = true;
  Options options;
  options.ready = [&ready] { return ready; };
  options.version = "9.9.9";
  RunningServer running(options);
  TestClient client(running.http_port);
  EXPECT_EQ(client.get("/livez").status, 200);
  EXPECT_EQ(client.get("/readyz").status, 200);
  EXPECT_THAT(client.get("/health").body,
              StartsWith(R"({"status":"healthy","version":"9.9.9","uptime":)"));
  running.on_loop([&] { ready = false; });
  expect_error(client.get("/readyz"), 503, "UNAVAILABLE");
  EXPECT_EQ(client.get("/health").status, 503);
  EXPECT_EQ(client.get("/livez").status, 200);
}

TEST(HttpRoutes, ShowsMetrics) {
  Options options;
  options.engine_stats = [] {
    engine::Stats stats;
    stats.runs_success = 3;
    stats.execution.sum_seconds = 10e-6;
    return stats;
  };
  RunningServer running(options);
  TestClient client(running.http_port);
  client.get("/panels");
  const Answer answer = client.get("/metrics");
  EXPECT_EQ(answer.fields.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("nexus_panels 1\n"));
  EXPECT_THAT(answer.body, HasSubstr("nexus_handler_executions_total{status=\"success\"} 3\n"));
  EXPECT_THAT(answer.body, HasSubstr("nexus_handler_execution_time_us 3.33\n"));
  EXPECT_THAT(answer.body,
              HasSubstr("nexus_http_requests_total{route=\"/panels\",status=\"2xx\"} 1\n"));
}

TEST(HttpRoutes, ServesItsOwnDescription) {
  RunningServer running;
  TestClient client(running.http_port);
  const Answer answer = client.get("/openapi.json");
  EXPECT_EQ(answer.status, 200);
  const auto description = value::parse_json(answer.body);
  ASSERT_TRUE(description.ok());
  EXPECT_EQ(description->find("openapi")->string(), "3.1.0");
  EXPECT_EQ(client.get("/openapi.json", "If-None-Match: " + answer.fields.at("etag") + "\r\n").status,
            304);
}

// A route that is not described, or a description of none, is a mistake of whoever changed one of them.
TEST(HttpRoutes, TheDescriptionHasEveryRouteWithItsMethodsAndPermissions) {
  RunningServer running;
  TestClient client(running.http_port);
  const auto description = value::parse_json(client.get("/openapi.json").body);
  ASSERT_TRUE(description.ok());
  const value::Value& paths = *description->find("paths");
  EXPECT_EQ(paths.object().size(), kRouteCount - 1);
  const std::pair<std::string_view, Method> methods[] = {
      {"get", Method::kGet}, {"post", Method::kPost}, {"delete", Method::kDelete}};
  for (std::size_t i = 0; i + 1 < kRouteCount; ++i) {
    const Route route = static_cast<Route>(i);
    const value::Value* const path = paths.find(pattern(route));
    ASSERT_NE(path, nullptr) << pattern(route);
    for (const auto& [name, method] : methods) {
      const value::Value* const operation = path->find(name);
      EXPECT_EQ(operation != nullptr, allows(route, method)) << name << ' ' << pattern(route);
      if (operation == nullptr) continue;
      const auto needed = guard_of(route, method).permission;
      const value::Value* const security = operation->find("security");
      const std::string described =
          security ? security->list()[0].find("bearer")->list()[0].string() : "";
      EXPECT_EQ(described, needed ? std::string(to_string(*needed)) : "") << name << ' ' << pattern(route);
    }
  }
}

TEST(HttpRoutes, EveryAnswerTellsItsTraceAndForbidsWhatIsNotNeeded) {
  RunningServer running;
  TestClient client(running.http_port);
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const Answer followed = client.get("/livez", "traceparent: 00-" + trace + "-00f067aa0ba902b7-01\r\n");
  EXPECT_THAT(followed.fields.at("traceparent"), StartsWith("00-" + trace + "-"));
  EXPECT_EQ(followed.fields.at("traceparent").find("00f067aa0ba902b7"), std::string::npos);
  const Answer fresh = client.get("/none");
  EXPECT_EQ(fresh.fields.at("traceparent").size(), 55u);
  EXPECT_EQ(fresh.fields.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(fresh.fields.at("referrer-policy"), "no-referrer");
  EXPECT_EQ(fresh.fields.at("cross-origin-resource-policy"), "same-origin");
  EXPECT_EQ(fresh.fields.at("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
}

TEST(HttpPanels, AnswersAnUnchangedDocumentWith304) {
  RunningServer running;
  TestClient client(running.http_port);
  const std::string etag = client.get("/panels/tides/ast").fields.at("etag");
  EXPECT_EQ(client.get("/panels/tides/ast", "If-None-Match: " + etag + "\r\n").status, 304);
}

TEST(HttpMessages, ServesPipelinedRequestsInOrder) {
  RunningServer running;
  TestClient client(running.http_port);
  const std::string one = "GET /panels/tides/state HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string two =
      "POST /panels/tides/trigger/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
  client.send(one + two + "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, R"({"n":1})");
  EXPECT_THAT(client.read_answer().body, HasSubstr("success"));
  EXPECT_EQ(client.read_answer().status, 404);
}

TEST(HttpMessages, TakesRequestsByteByByte) {
  RunningServer running;
  TestClient client(running.http_port);
  for (const char c : std::string("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    client.send({&c, 1});
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST(HttpMessages, ClosesWhenAskedTo) {
  RunningServer running;
  TestClient client(running.http_port);
  EXPECT_EQ(client.get("/livez", "Connection: close\r\n").fields.at("connection"), "close");
  EXPECT_TRUE(client.at_end());
  TestClient old(running.http_port);
  old.send("GET /livez HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.read_answer().status, 200);
  EXPECT_TRUE(old.at_end());
}

TEST(HttpMessages, BodyLimitIsExact) {
  Options options;
  options.limits.body_bytes = 100;
  RunningServer running(options);
  for (const std::size_t size : {99u, 100u}) {
    TestClient client(running.http_port);
    EXPECT_EQ(client.request("POST", "/panels", std::string(size, 'x'), kXml).status,
              size == 99 ? 201 : 409);
  }
  TestClient client(running.http_port);
  expect_error(client.request("POST", "/panels", std::string(101, 'x'), kXml), 413,
               "PAYLOAD_TOO_LARGE");
  EXPECT_TRUE(client.at_end());
}

TEST(HttpMessages, AnOversizedBodyIsRefusedBeforeItIsSent) {
  RunningServer running;
  TestClient client(running.http_port);
  client.send(
      "POST /panels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\nExpect: "
      "100-continue\r\n\r\n");
  expect_error(client.read_answer(), 413, "PAYLOAD_TOO_LARGE");
}

TEST(HttpMessages, AnOversizedBodyOnTheWayStillGetsItsAnswer) {
  RunningServer running;
  TestClient client(running.http_port);
  expect_error(client.request("POST", "/panels", std::string(2u << 20, 'x'), kXml), 413,
               "PAYLOAD_TOO_LARGE");
}

TEST(HttpMessages, ChunkedBodiesHaveTheSameLimit) {
  Options options;
  options.limits.body_bytes = 8;
  RunningServer running(options);
  const std::string head =
      "POST /panels HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  TestClient fits(running.http_port);
  fits.send(head + "4\r\nabcd\r\n4\r\nefgh\r\n0\r\n\r\n");
  EXPECT_EQ(fits.read_answer().status, 201);
  EXPECT_EQ(running.workspace.last_created.source, "abcdefgh");
  TestClient over(running.http_port);
  over.send(head + "4\r\nabcd\r\n5\r\nefghi\r\n0\r\n\r\n");
  expect_error(over.read_answer(), 413, "PAYLOAD_TOO_LARGE");
}

TEST(HttpMessages, SendsContinueOnlyWhenTheRequestMayGoOn) {
  RunningServer running;
  TestClient client(running.http_port);
  client.send(
      "POST /panels HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/xml\r\nContent-Length: 3\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.send("abc");
  EXPECT_EQ(client.read_answer().status, 201);
  client.send(
      "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: "
      "100-continue\r\n\r\n");
  expect_error(client.read_answer(), 404, "NOT_FOUND");
  TestClient odd(running.http_port);
  EXPECT_EQ(odd.request("POST", "/panels", "abc", "Expect: tea\r\n").status, 417);
}

TEST(HttpMessages, RefusesHeadersPastTheLimit) {
  Options options;
  options.limits.header_bytes = 1024;
  RunningServer running(options);
  TestClient fits(running.http_port);
  EXPECT_EQ(fits.get("/livez", "X: " + std::string(900, 'x') + "\r\n").status, 200);
  TestClient over(running.http_port);
  EXPECT_EQ(over.get("/livez", "X: " + std::string(1024, 'x') + "\r\n").status, 431);
  EXPECT_TRUE(over.at_end());
  TestClient target(running.http_port);
  EXPECT_EQ(target.get("/" + std::string(2000, 'x')).status, 431);
}

TEST(HttpMessages, AnswersMalformedRequestsWith400AndCloses) {
  RunningServer running;
  for (const char* bytes : {
           "\r\n\r\n\r\n",
           "nonsense\r\n\r\n",
           "GET /livez\r\n\r\n",
           "GET /livez HTTP/9.9\r\nHost: localhost\r\n\r\n",
           "GET /livez HTTP/1.1\nHost: localhost\n\n",
           "GET /livez HTTP/1.1\r\nHost localhost\r\n\r\n",
           "GET /livez HTTP/1.1\r\n\r\n",
           "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n",
           "POST /panels HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
           "POST /panels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: "
           "2\r\n\r\nxx",
           "POST /panels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: "
           "chunked\r\n\r\n0\r\n\r\n",
           "POST /panels HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, "
           "gzip\r\n\r\n0\r\n\r\n",
           "POST /panels HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
           "xchunked\r\n\r\n0\r\n\r\n",
           "POST /panels HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
           "application/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
           "zz\r\n\r\n",
       }) {
    TestClient client(running.http_port);
    client.send(bytes);
    const Answer answer = client.read_answer();
    expect_error(answer, 400, "BAD_REQUEST");
    EXPECT_EQ(answer.status, 400) << bytes;
  }
  TestClient next(running.http_port);
  EXPECT_EQ(next.get("/livez").status, 200);
}

TEST(HttpMessages, CutsAClientThatIsSlowWithItsHeader) {
  Options options;
  options.limits.header_time = milliseconds(20);
  RunningServer running(options);
  TestClient client(running.http_port);
  client.send("GET /livez HT");
  EXPECT_TRUE(client.at_end());
}

TEST(HttpMessages, CutsAClientThatIsSlowWithItsBody) {
  Options options;
  options.limits.body_time = milliseconds(20);
  RunningServer running(options);
  TestClient client(running.http_port);
  client.send(
      "POST /panels HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/xml\r\nContent-Length: 9\r\n\r\nx");
  EXPECT_TRUE(client.at_end());
}

TEST(HttpMessages, ClosesAnIdleConnection) {
  Options options;
  options.limits.idle_time = milliseconds(20);
  RunningServer running(options);
  TestClient client(running.http_port);
  EXPECT_EQ(client.get("/livez").status, 200);
  EXPECT_TRUE(client.at_end());
}

TEST(HttpMessages, TurnsAwayOneConnectionTooMany) {
  Options options;
  options.limits.connections = 2;
  RunningServer running(options);
  TestClient first(running.http_port), second(running.http_port);
  EXPECT_EQ(first.get("/livez").status, 200);
  EXPECT_EQ(second.get("/livez").status, 200);
  TestClient third(running.http_port);
  const Answer busy = third.get("/panels");
  expect_error(busy, 503, "UNAVAILABLE");
  EXPECT_EQ(busy.fields.count("retry-after"), 1u);
  EXPECT_TRUE(third.at_end());
  EXPECT_EQ(first.get("/livez").status, 200);
  EXPECT_THAT(running.metrics_text(), HasSubstr("nexus_connections_refused_total 1\n"));
}

TEST(HttpMessages, AnswersProbesAlsoWhenTooManyAreConnected) {
  Options options;
  options.limits.connections = 1;
  RunningServer running(options);
  TestClient first(running.http_port);
  EXPECT_EQ(first.get("/livez").status, 200);
  std::vector<std::unique_ptr<TestClient>> reserve;
  for (std::size_t i = 0; i < kSpareConnections; ++i)
    reserve.push_back(std::make_unique<TestClient>(running.http_port));
  TestClient beyond(running.http_port);
  EXPECT_TRUE(beyond.at_end());
  EXPECT_EQ(reserve.front()->get("/readyz").status, 200);
  EXPECT_EQ(reserve.back()->get("/metrics").status, 200);
}

TEST(HttpMessages, MetricsMayHaveAPortOfTheirOwn) {
  Options options;
  options.metrics_port = 0;
  options.allowed_hosts = {"panels.example"};
  RunningServer running(options);
  TestClient scraper(running.server->metrics_port());
  scraper.send("GET /metrics HTTP/1.1\r\nHost: 10.0.0.7\r\n\r\n");
  const Answer scraped = scraper.read_answer();
  EXPECT_EQ(scraped.status, 200) << "a scraper names the address it found";
  EXPECT_THAT(scraped.body, HasSubstr("nexus_panels"));
  EXPECT_EQ(scraper.get("/readyz").status, 200);
  expect_error(scraper.get("/panels"), 404, "NOT_FOUND");
  TestClient client(running.http_port);
  expect_error(client.get("/metrics"), 404, "NOT_FOUND");
}

}  // namespace
}  // namespace nexus::server
