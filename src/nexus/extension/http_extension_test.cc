#include "nexus/extension/http_extension.h"

#include <algorithm>

#include "nexus/extension/http_fixture_internal.h"
#include "nexus/value/json.h"

namespace nexus::extension {
namespace {

TEST_F(HttpExtensionTest, GetAnswersStatusHeadersAndParsedJson) {
  LoopbackServer server(
      [](const std::string&) { return answer("{\"n\":[1,2]}", "application/json"); });
  open_for(server);
  const Answer got = ask("get", {server.url("/x")});
  ASSERT_TRUE(got.value.has_value()) << got.error->message;
  EXPECT_EQ(*got.value->find("status"), Value(200));
  EXPECT_EQ(*got.value->find("statusText"), Value("Some Text"));
  EXPECT_EQ(*got.value->find("ok"), Value(true));
  EXPECT_EQ(*got.value->find("headers")->find("content-type"), Value("application/json"));
  EXPECT_EQ(value::to_json(*got.value->find("data")), "{\"n\":[1,2]}");
}

TEST_F(HttpExtensionTest, TheRequestIsWhatTheHandlerAskedFor) {
  std::string seen;
  LoopbackServer server([&](const std::string& request) {
    seen = request;
    return answer("", "text/plain", 404);
  });
  open_for(server);
  const Answer got = ask("post", {server.url("/a b?q=1"), Object{{"k", "v"}},
                                  Object{{"headers", Object{{"X-One", "1"}, {"X-Empty", ""}}}}});
  ASSERT_TRUE(got.value.has_value()) << got.error->message;
  EXPECT_EQ(*got.value->find("ok"), Value(false));
  EXPECT_TRUE(seen.starts_with("POST /a%20b?q=1 HTTP/1.1\r\n")) << seen;
  for (const char* line :
       {"\r\nX-One: 1\r\n", "\r\nX-Empty:\r\n", "\r\nContent-Type: application/json\r\n",
        "\r\nUser-Agent: Nexus-Runtime/1.0\r\n", "\r\nContent-Length: 9\r\n"})
    EXPECT_NE(seen.find(line), std::string::npos) << line << seen;
  EXPECT_EQ(seen.find("Expect"), std::string::npos);
  EXPECT_TRUE(seen.ends_with("{\"k\":\"v\"}"));
}

TEST_F(HttpExtensionTest, EveryMethodTravelsUnderItsName) {
  LoopbackServer server(
      [](const std::string& request) { return answer(request.substr(0, request.find(' '))); });
  open_for(server);
  for (const char* method : {"get", "delete", "options", "post", "put", "patch"}) {
    std::string verb(method);
    std::transform(verb.begin(), verb.end(), verb.begin(),
                   [](char c) { return static_cast<char>(c - 32); });
    const Answer got = ask(method, {server.url("/")});
    ASSERT_TRUE(got.value.has_value()) << method << got.error->message;
    EXPECT_EQ(*got.value->find("data"), Value(verb));
  }
  const Answer head = ask("head", {server.url("/")});
  ASSERT_TRUE(head.value.has_value());
  EXPECT_EQ(*head.value->find("data"), Value());
}

TEST_F(HttpExtensionTest, LoopbackInEveryNotationIsRefused) {
  LoopbackServer server([](const std::string&) { return answer("secret"); });
  open({});
  for (const char* host :
       {"127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0.0.0.0", "0",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"}) {
    const std::string message = refusal("get", {server.url("/", host)});
    EXPECT_NE(message.find("private or reserved"), std::string::npos) << host << ": " << message;
  }
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(HttpExtensionTest, RefusalsDoNotTellTheAddressBehindAName) {
  open({});
  const std::string message = refusal("get", {"http://localhost:9/"});
  EXPECT_EQ(message, "host \"localhost\" is not allowed: its address is private or reserved");
}

TEST_F(HttpExtensionTest, OpeningOneHostAndPortOpensNoOther) {
  LoopbackServer opened([](const std::string&) { return answer("yes"); });
  LoopbackServer closed([](const std::string&) { return answer("no"); });
  open_for(opened);
  EXPECT_TRUE(ask("get", {opened.url("/")}).value.has_value());
  EXPECT_TRUE(ask("get", {closed.url("/")}).error.has_value());
  EXPECT_TRUE(ask("get", {opened.url("/", "localhost")}).error.has_value())
      << "opened by another name";
  EXPECT_EQ(closed.requests(), 0);
}

TEST_F(HttpExtensionTest, ProxiesOfTheEnvironmentAreIgnored) {
  LoopbackServer server([](const std::string&) { return answer("direct"); });
  setenv("http_proxy", "http://127.0.0.1:1/", 1);
  open_for(server);
  const Answer got = ask("get", {server.url("/")});
  unsetenv("http_proxy");
  ASSERT_TRUE(got.value.has_value()) << got.error->message;
  EXPECT_EQ(*got.value->find("data"), Value("direct"));
}

TEST_F(HttpExtensionTest, RedirectsAreFollowedAndRewritten) {
  std::vector<std::string> seen;
  LoopbackServer* self = nullptr;
  LoopbackServer server([&](const std::string& request) {
    seen.push_back(request);
    return seen.size() == 1 ? redirect("/next", 303) : answer("there");
  });
  self = &server;
  open_for(server);
  const Answer got = ask("post", {self->url("/first"), "body",
                                  Object{{"headers", Object{{"Authorization", "Bearer t"}}}}});
  ASSERT_TRUE(got.value.has_value()) << got.error->message;
  EXPECT_EQ(*got.value->find("data"), Value("there"));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen[1].starts_with("GET /next "));
  EXPECT_NE(seen[1].find("Authorization"), std::string::npos) << "same origin keeps credentials";
  EXPECT_EQ(seen[1].find("Content-"), std::string::npos) << seen[1];
}

TEST_F(HttpExtensionTest, ARedirectElsewhereLosesTheCredentials) {
  std::string seen;
  LoopbackServer target([&](const std::string& request) {
    seen = request;
    return answer("there");
  });
  LoopbackServer server([&](const std::string&) { return redirect(target.url("/"), 307); });
  HttpOptions options;
  options.private_hosts = {target.authority()};
  open_for(server, options);
  const Object headers{{"authorization", "Bearer t"}, {"Cookie", "a=b"}, {"X-Kept", "1"}};
  ASSERT_TRUE(
      ask("put", {server.url("/"), "body", Object{{"headers", headers}}}).value.has_value());
  EXPECT_TRUE(seen.starts_with("PUT ")) << seen;
  EXPECT_TRUE(seen.ends_with("\r\n\r\nbody"));
  EXPECT_EQ(seen.find("Bearer"), std::string::npos);
  EXPECT_EQ(seen.find("Cookie"), std::string::npos);
  EXPECT_NE(seen.find("X-Kept"), std::string::npos);
}

TEST_F(HttpExtensionTest, ARedirectToAPrivateAddressIsRefused) {
  LoopbackServer secret([](const std::string&) { return answer("secret"); });
  LoopbackServer server([&](const std::string&) { return redirect(secret.url("/")); });
  open_for(server);
  EXPECT_EQ(refusal("get", {server.url("/")}),
            "host \"127.0.0.1\" is not allowed: its address is private or reserved");
  EXPECT_EQ(secret.requests(), 0);
}

TEST_F(HttpExtensionTest, ARedirectIsHeldToTheListAndTheSchemes) {
  std::string target;
  LoopbackServer server([&](const std::string&) { return redirect(target); });
  HttpOptions options;
  options.allowed_domains.emplace();
  open_for(server, options);
  target = "http://example.com/";
  EXPECT_EQ(refusal("get", {server.url("/")}),
            "host \"example.com\" is not on the server's list of allowed domains");
  target = "file:///etc/passwd";
  EXPECT_EQ(refusal("get", {server.url("/")}),
            "url scheme \"file\" is not allowed; use http or https");
}

TEST_F(HttpExtensionTest, FiveRedirectsAndNoMore) {
  int left = 0;
  LoopbackServer server(
      [&](const std::string&) { return left-- > 0 ? redirect("/again") : answer("end"); });
  open_for(server);
  left = 5;
  EXPECT_TRUE(ask("get", {server.url("/")}).value.has_value());
  left = 6;
  EXPECT_EQ(refusal("get", {server.url("/")}),
            "request to \"127.0.0.1\" was redirected more than 5 times");
}

TEST_F(HttpExtensionTest, TheResponseIsBounded) {
  std::size_t size = 0;
  LoopbackServer server([&](const std::string&) { return answer(std::string(size, 'x')); });
  HttpOptions options;
  options.client.limits.response_bytes = 1000;
  open_for(server, options);
  size = 1000;
  EXPECT_TRUE(ask("get", {server.url("/")}).value.has_value());
  size = 1001;
  EXPECT_NE(refusal("get", {server.url("/")}).find("too large: limit 1000 bytes"),
            std::string::npos);
}

TEST_F(HttpExtensionTest, AResponseWithoutALengthIsBoundedToo) {
  LoopbackServer server([](const std::string&) {
    std::string endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 100; ++i) endless += "64\r\n" + std::string(100, 'x') + "\r\n";
    return endless;
  });
  HttpOptions options;
  options.client.limits.response_bytes = 1000;
  open_for(server, options);
  EXPECT_NE(refusal("get", {server.url("/")}).find("too large"), std::string::npos);
}

TEST_F(HttpExtensionTest, HeadersAreBounded) {
  LoopbackServer server([](const std::string&) {
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 100; ++i)
      head += "X-" + std::to_string(i) + ": " + std::string(1000, 'x') + "\r\n";
    return head + "Content-Length: 0\r\n\r\n";
  });
  open_for(server);
  EXPECT_NE(refusal("get", {server.url("/")}).find("headers 65536"), std::string::npos);
}

TEST_F(HttpExtensionTest, TheTimeoutCoversTheBody) {
  LoopbackServer server([](const std::string&) { return std::string(); });
  open_for(server);
  EXPECT_EQ(refusal("get", {server.url("/"), Object{{"timeout", 50}}}),
            "request timeout after 50 ms");
}

TEST_F(HttpExtensionTest, AnUnreachablePortIsNamed) {
  HttpOptions options;
  options.private_hosts = {"127.0.0.1:1"};
  open(options);
  EXPECT_EQ(refusal("get", {"http://127.0.0.1:1/"}), "cannot connect to \"127.0.0.1\" on port 1");
}

TEST_F(HttpExtensionTest, BadArgumentsAreAnswersToo) {
  open({});
  EXPECT_EQ(refusal("get", {}), "url must be a string, found nothing");
  EXPECT_EQ(refusal("get", {"http://"}).find("url is not an absolute"), 0u);
}

TEST_F(HttpExtensionTest, ACancelledCallNeverAnswersAndFreesItsPlace) {
  LoopbackServer server([&](const std::string& request) {
    return request.starts_with("GET /stuck") ? std::string() : answer("free");
  });
  HttpOptions options;
  options.client.max_concurrent = 1;
  open_for(server, options);
  auto stuck =
      start("get", {server.url("/stuck")}, [](Answer) { ADD_FAILURE() << "was cancelled"; });
  server.wait_for_requests(1);
  stuck.reset();
  EXPECT_TRUE(ask("get", {server.url("/")}).value.has_value());
}

TEST_F(HttpExtensionTest, HowEachCallEndedIsToldOnce) {
  LoopbackServer server([](const std::string& request) {
    return answer("a", "text/plain", request.starts_with("GET /none") ? 404 : 200);
  });
  std::vector<std::string> outcomes;
  HttpOptions options;
  options.on_call = [&](std::string_view outcome, std::chrono::nanoseconds took) {
    outcomes.emplace_back(outcome);
    EXPECT_GE(took.count(), 0);
  };
  open_for(server, std::move(options));
  ask("get", {server.url("/")});
  ask("get", {server.url("/none")});
  ask("get", {"http://127.0.0.1:9/"});
  start("get", {server.url("/")}, [](const Answer&) { ADD_FAILURE() << "it was given up"; });
  EXPECT_EQ(outcomes, (std::vector<std::string>{"2xx", "4xx", "refused", "cancelled"}));
}

TEST_F(HttpExtensionTest, ConcurrencyAndQueueAreBounded) {
  LoopbackServer* self = nullptr;
  LoopbackServer server([&](const std::string&) {
    self->hold();
    return answer("ok");
  });
  self = &server;
  HttpOptions options;
  options.client.max_concurrent = 2;
  options.client.max_waiting = 3;
  open_for(server, options);

  int good = 0;
  std::vector<std::string> errors;
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 6; ++i)
    calls.push_back(start("get", {server.url("/")}, [&](Answer answer) {
      if (answer.value)
        ++good;
      else
        errors.push_back(answer.error->message);
      if (good + static_cast<int>(errors.size()) == 6) loop_->stop();
    }));
  server.wait_for_requests(2);
  server.release();
  drive();
  EXPECT_EQ(good, 5);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0], "too many HTTP requests: 2 under way and 3 waiting, limits 2 and 3");
  EXPECT_EQ(server.most_at_once(), 2);
}

TEST_F(HttpExtensionTest, WaitingCountsTowardTheTimeout) {
  LoopbackServer* self = nullptr;
  LoopbackServer server([&](const std::string&) {
    self->hold();
    return answer("late");
  });
  self = &server;
  HttpOptions options;
  options.client.max_concurrent = 1;
  open_for(server, options);
  const auto first = start("get", {server.url("/")}, [](Answer) {});
  server.wait_for_requests(1);
  EXPECT_EQ(refusal("get", {server.url("/"), Object{{"timeout", 50}}}),
            "request timeout after 50 ms");
  EXPECT_EQ(server.requests(), 1);
  server.release();
}

TEST_F(HttpExtensionTest, EndingWithCallsUnderWayIsClean) {
  LoopbackServer server([](const std::string&) { return std::string(); });
  open_for(server);
  auto stuck = start("get", {server.url("/")}, [](Answer) { ADD_FAILURE() << "was cancelled"; });
  server.wait_for_requests(1);
  stuck.reset();
  http_.reset();
  loop_->post([this] { loop_->stop(); });
  drive();
}

TEST_F(HttpExtensionTest, TheTimeoutCoversABodyThatStopsHalfway) {
  LoopbackServer* self = nullptr;
  LoopbackServer server([&](const std::string&) {
    self->send_now("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    return std::string();
  });
  self = &server;
  open_for(server);
  EXPECT_EQ(refusal("get", {server.url("/"), Object{{"timeout", 300}}}),
            "request timeout after 300 ms");
}

TEST_F(HttpExtensionTest, RelativeUrlsAreBelowThePanelsBase) {
  LoopbackServer server(
      [](const std::string& request) { return answer(request.substr(0, request.find("\r\n"))); });
  open_for(server);
  const Object settings{{"baseURL", server.url("/v1/")}};
  ASSERT_TRUE(http_->check_settings(settings).ok());
  context_.settings = std::make_shared<const Object>(settings);
  EXPECT_EQ(*ask("get", {"/users?q=1"}).value->find("data"), Value("GET /v1/users?q=1 HTTP/1.1"));
  EXPECT_EQ(*ask("get", {server.url("/else")}).value->find("data"), Value("GET /else HTTP/1.1"));
  EXPECT_NE(refusal("get", {"../admin"}).find("leads out of the baseURL"), std::string::npos);
}

TEST_F(HttpExtensionTest, SettingsAreChecked) {
  open({});
  EXPECT_EQ(http_->check_settings(Object{{"baseUrl", "http://a.example"}}).error().message,
            "nexus.http has no setting \"baseUrl\"; it has baseURL");
  EXPECT_NE(http_->check_settings(Object{{"baseURL", 7}}).error().message.find("found \"7\""),
            std::string::npos);
}

TEST_F(HttpExtensionTest, AnIdempotencyKeyGoesWithWhatIsNotSafeToRepeat) {
  std::string seen;
  LoopbackServer server([&](const std::string& request) {
    seen = request;
    return answer("ok");
  });
  open_for(server);
  context_.call_id = "8d0f5b3e";
  for (const char* method : {"post", "patch"}) {
    ask(method, {server.url("/")});
    EXPECT_NE(seen.find("\r\nIdempotency-Key: 8d0f5b3e\r\n"), std::string::npos) << seen;
  }
  for (const char* method : {"get", "put", "delete"}) {
    ask(method, {server.url("/")});
    EXPECT_EQ(seen.find("Idempotency-Key"), std::string::npos) << seen;
  }
  ask("post", {server.url("/"), Value(), Object{{"headers", Object{{"idempotency-key", "own"}}}}});
  EXPECT_EQ(seen.find("8d0f5b3e"), std::string::npos) << "the handler's own key stays";
}

TEST_F(HttpExtensionTest, ProgressCountsTheBytes) {
  LoopbackServer server([](const std::string&) { return answer(std::string(300'000, 'x')); });
  HttpOptions options;
  options.client.limits.progress_interval = std::chrono::milliseconds{0};
  open_for(server, options);
  ASSERT_TRUE(ask("get", {server.url("/")}).value.has_value());
  ASSERT_FALSE(progress_.empty());
  EXPECT_EQ(progress_.back(), Value(Object{{"received", 300'000}, {"total", 300'000}}));
  for (std::size_t i = 1; i < progress_.size(); ++i)
    EXPECT_LT(progress_[i - 1].find("received")->number(), progress_[i].find("received")->number());
}

TEST_F(HttpExtensionTest, ProgressIsReportedNowAndThenOnly) {
  LoopbackServer server([](const std::string&) { return answer(std::string(300'000, 'x')); });
  HttpOptions options;
  options.client.limits.progress_interval = std::chrono::hours{1};
  open_for(server, options);
  ASSERT_TRUE(ask("get", {server.url("/")}).value.has_value());
  EXPECT_EQ(progress_.size(), 1u);
}

TEST(HttpExtension, BadHostListsAreNamed) {
  const auto loop = loop::Loop::create();
  HttpOptions options;
  options.private_hosts = {"nowhere"};
  EXPECT_EQ(make_http_extension(*loop, options).error().message,
            "\"nowhere\" is not of the form host:port");
}

}  // namespace
}  // namespace nexus::extension
