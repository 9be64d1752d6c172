#include "nexus/extension/http_secrets.h"

#include "nexus/extension/http_fixture_internal.h"
#include "nexus/value/json.h"

namespace nexus::extension {
namespace {

constexpr const char* kHidden = "s3cr3t-\"value\"";

HttpSecret secret(std::string origin) {
  return {.name = "key", .value = kHidden, .origins = {std::move(origin)}, .workspaces = {"acme"}};
}

std::string complaint(HttpSecret wrong) { return HttpSecrets::create({std::move(wrong)}).error().message; }

TEST(HttpSecrets, BelongToWorkspaces) {
  const auto secrets = HttpSecrets::create({secret("https://a.test")}).take();
  EXPECT_EQ(secrets.find("key", "acme").value()->origins[0], "https://a.test:443");
  EXPECT_EQ(secrets.find("key", "other").error().message,
            "there is no secret \"key\" for this workspace");
  EXPECT_EQ(secrets.find("none", "acme").error().message,
            "there is no secret \"none\" for this workspace");
  HttpSecret for_all = secret("https://a.test");
  for_all.workspaces = {"*"};
  EXPECT_TRUE(HttpSecrets::create({for_all}).take().find("key", "other").ok());
}

TEST(HttpSecrets, WhatIsWrongIsNamedWithoutTheValue) {
  HttpSecret wrong = secret("https://a.test");
  wrong.value = "short";
  EXPECT_EQ(complaint(wrong), "secret \"key\" must have 8 to 8192 bytes");
  wrong.value = "line\r\nbreak";
  EXPECT_EQ(complaint(wrong), "secret \"key\" has a character that no header may have, or a blank at an end");
  EXPECT_EQ(complaint(secret("https://a.test/path")),
            "secret \"key\" has a bad origin: \"https://a.test/path\" is not an origin; write one as https://api.example");
  wrong = secret("https://a.test");
  wrong.origins.clear();
  EXPECT_EQ(complaint(wrong), "secret \"key\" names no origins it may be sent to");
  wrong = secret("https://a.test");
  wrong.workspaces.clear();
  EXPECT_EQ(complaint(wrong), "secret \"key\" names no workspaces that may use it");
  wrong = secret("https://a.test");
  wrong.name = "a b";
  EXPECT_NE(complaint(wrong).find("is no name of a secret"), std::string::npos);
  EXPECT_EQ(HttpSecrets::create({secret("https://a.test"), secret("https://a.test")}).error().message,
            "secret \"key\" is there twice");
}

class HttpSecretsTest : public HttpExtensionTest {
 protected:
  void open_with_secret(std::vector<std::string> private_hosts, std::string origin) {
    HttpOptions options;
    options.private_hosts = std::move(private_hosts);
    options.secrets = HttpSecrets::create({secret(std::move(origin))}).take();
    open(std::move(options));
  }
  static List with_secret(std::string url) {
    return {std::move(url),
            Object{{"headers", Object{{"X-Key", Object{{"secret", "key"}, {"prefix", "Token "}}}}}}};
  }
};

TEST_F(HttpSecretsTest, TheServerSeesItAndTheHandlerDoesNot) {
  std::string seen;
  LoopbackServer server([&](const std::string& request) {
    seen = request;
    return fmt::format("HTTP/1.1 200 {0}\r\nX-Echo: {0}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                       "{{\"plain\":\"s3cr3t-\\\"value\\\"\"}}",
                       kHidden);
  });
  open_with_secret({server.authority()}, server.url(""));
  const Answer got = ask("get", with_secret(server.url("/")));
  ASSERT_TRUE(got.value.has_value()) << got.error->message;
  EXPECT_NE(seen.find(fmt::format("\r\nX-Key: Token {}\r\n", kHidden)), std::string::npos) << seen;
  EXPECT_EQ(got.value->find("data")->find("plain")->string(), "[secret key]");
  EXPECT_EQ(got.value->find("headers")->find("x-echo")->string(), "[secret key]");
  EXPECT_EQ(got.value->find("statusText")->string(), "[secret key]");
  EXPECT_EQ(value::to_json(*got.value).find("s3cr3t"), std::string::npos);
}

TEST_F(HttpSecretsTest, NoOtherOriginGetsIt) {
  LoopbackServer server([](const std::string&) { return answer("no"); });
  open_with_secret({server.authority()}, "https://127.0.0.1");
  EXPECT_EQ(refusal("get", with_secret(server.url("/"))),
            fmt::format("secret \"key\" may not be sent to {}", server.url("")));
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(HttpSecretsTest, NoOtherWorkspaceUsesIt) {
  LoopbackServer server([](const std::string&) { return answer("no"); });
  open_with_secret({server.authority()}, server.url(""));
  context_.workspace = "other";
  EXPECT_EQ(refusal("get", with_secret(server.url("/"))), "there is no secret \"key\" for this workspace");
  EXPECT_EQ(server.requests(), 0);
}

TEST_F(HttpSecretsTest, ARedirectElsewhereLosesItAndOneAtHomeKeepsIt) {
  std::string seen;
  LoopbackServer target([&](const std::string& request) {
    seen = request;
    return answer("there");
  });
  LoopbackServer* self = nullptr;
  LoopbackServer server([&](const std::string& request) {
    if (request.starts_with("GET /first ")) return redirect(self->url("/second"), 307);
    seen = request;
    return request.starts_with("GET /away ") ? redirect(target.url("/"), 307) : answer("home");
  });
  self = &server;
  open_with_secret({server.authority(), target.authority()}, server.url(""));
  ASSERT_TRUE(ask("get", with_secret(server.url("/first"))).value.has_value());
  EXPECT_NE(seen.find("s3cr3t"), std::string::npos) << seen;
  ASSERT_TRUE(ask("get", with_secret(server.url("/away"))).value.has_value());
  EXPECT_TRUE(seen.starts_with("GET / ")) << seen;
  EXPECT_EQ(seen.find("s3cr3t"), std::string::npos) << seen;
}

TEST_F(HttpSecretsTest, ErrorsDoNotTellIt) {
  LoopbackServer server([](const std::string&) { return std::string("nonsense\r\n\r\n"); });
  open_with_secret({server.authority()}, server.url(""));
  EXPECT_EQ(refusal("get", with_secret(server.url("/"))).find("s3cr3t"), std::string::npos);
}

}  // namespace
}  // namespace nexus::extension
