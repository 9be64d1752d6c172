#include "nexus/extension/http_request.h"

#include <gtest/gtest.h>

#include "nexus/value/json.h"

namespace nexus::extension {
namespace {

using std::chrono::milliseconds;
using value::List;
using value::Object;
using value::Value;

constexpr milliseconds kTimeout{1000};

Result<std::shared_ptr<const HttpSecret>> find_secret(const std::string& name) {
  if (name != "key") return Error{ErrorCode::kPermissionDenied, "no such secret"};
  return std::make_shared<const HttpSecret>(HttpSecret{.name = name, .value = "hush-hush", .origins = {}, .workspaces = {}});
}

Result<HttpRequest> read_all(std::string_view method, const List& args) {
  return read_http_request(method, args, kTimeout, find_secret);
}

HttpRequest read(std::string_view method, const List& args) { return read_all(method, args).take(); }

Error refusal(std::string_view method, const List& args) {
  auto result = read_all(method, args);
  EXPECT_FALSE(result.ok());
  return result.ok() ? Error{} : std::move(result).take_error();
}

TEST(HttpRequest, GetTakesUrlAndOptions) {
  const auto request = read("get", {"http://a.test/", Object{{"headers", Object{{"X-A", 1}}}}});
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url, "http://a.test/");
  EXPECT_EQ(request.timeout, kTimeout);
  ASSERT_EQ(request.headers.size(), 1u);
  EXPECT_EQ(request.headers[0].name, "X-A");
  EXPECT_EQ(request.headers[0].text, "1");
  EXPECT_FALSE(request.body.has_value());
}

TEST(HttpRequest, ABodyThatIsNoTextTravelsAsJson) {
  const auto request = read("post", {"http://a.test/", Object{{"n", 1}}});
  EXPECT_EQ(request.body, "{\"n\":1}");
  ASSERT_EQ(request.headers.size(), 1u);
  EXPECT_EQ(request.headers[0].text, "application/json");
  EXPECT_EQ(read("put", {"http://a.test/", "text"}).body, "text");
  EXPECT_TRUE(read("put", {"http://a.test/", "text"}).headers.empty());
}

TEST(HttpRequest, WhatMayBeSentTwiceIsKnown) {
  for (const char* method : {"get", "head", "options", "put", "delete"})
    EXPECT_TRUE(is_repeatable(read(method, {"http://a.test/"}))) << method;
  const Object marked{{"idempotent", true}};
  for (const char* method : {"post", "patch"}) {
    EXPECT_FALSE(is_repeatable(read(method, {"http://a.test/", "text"}))) << method;
    EXPECT_TRUE(is_repeatable(read(method, {"http://a.test/", "text", marked}))) << method;
  }
  const Object full{{"url", "http://a.test/"}, {"method", "POST"}, {"idempotent", true}};
  EXPECT_TRUE(is_repeatable(read("request", {full})));
  EXPECT_EQ(refusal("get", {"http://a.test/", Object{{"idempotent", "yes"}}}).message,
            "idempotent must be true or false, found \"yes\"");
}

TEST(HttpRequest, AnIdempotencyKeyGoesWithWhatTheServerCouldNotTellFromARepetition) {
  auto post = read("post", {"http://a.test/", "text"});
  add_idempotency_key(post, "call-1");
  ASSERT_EQ(post.headers.size(), 1u);
  EXPECT_EQ(post.headers[0].name, "Idempotency-Key");
  EXPECT_EQ(post.headers[0].text, "call-1");
  auto put = read("put", {"http://a.test/", "text"});
  add_idempotency_key(put, "call-1");
  EXPECT_TRUE(put.headers.empty());
  const Object own{{"headers", Object{{"idempotency-key", "mine"}}}};
  auto with_own = read("post", {"http://a.test/", "text", own});
  add_idempotency_key(with_own, "call-1");
  EXPECT_EQ(with_own.headers.size(), 1u);
}

TEST(HttpRequest, AGivenContentTypeIsKept) {
  const Object options{{"headers", Object{{"content-TYPE", "application/vnd.a+json"}}}};
  const auto request = read("patch", {"http://a.test/", Object{}, options});
  ASSERT_EQ(request.headers.size(), 1u);
  EXPECT_EQ(request.headers[0].text, "application/vnd.a+json");
}

TEST(HttpRequest, RequestTakesOneObject) {
  const auto request =
      read("request", {Object{{"method", "delete"}, {"url", "http://a.test/"}, {"body", "x"}}});
  EXPECT_EQ(request.method, "DELETE");
  EXPECT_EQ(request.body, "x");
  EXPECT_EQ(read("request", {Object{{"url", "http://a.test/"}}}).method, "GET");
  EXPECT_EQ(refusal("request", {Object{{"method", "TRACE"}, {"url", "http://a.test/"}}}).message,
            "method must be one of GET, HEAD, OPTIONS, DELETE, POST, PUT, PATCH, found \"TRACE\"");
  EXPECT_EQ(refusal("request", {"http://a.test/"}).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal("request", {Object{{"url", "http://a.test/"}, {"body", "x"}}}).message,
            "a GET request cannot carry a body");
}

TEST(HttpRequest, ATimeoutLowersTheLimitAndNeverRaisesIt) {
  EXPECT_EQ(read("get", {"u", Object{{"timeout", 10}}}).timeout, milliseconds{10});
  EXPECT_EQ(read("get", {"u", Object{{"timeout", 1e12}}}).timeout, kTimeout);
  for (const Value& bad : {Value(0), Value(-1), Value("5"), Value(true)})
    EXPECT_EQ(refusal("get", {"u", Object{{"timeout", bad}}}).code, ErrorCode::kInvalidArgument);
}

TEST(HttpRequest, HeadersCannotSplitTheRequest) {
  for (const char* text : {"a\r\nX: y", "a\nb", "a\rb", "a\x01", "a\x7f"})
    EXPECT_EQ(refusal("get", {"u", Object{{"headers", Object{{"X", text}}}}}).message,
              "header \"X\" contains a line break or a control character");
  EXPECT_FALSE(read_all("get", {"u", Object{{"headers", Object{{"X", std::string("a\0b", 3)}}}}}).ok());
  for (const char* name : {"", "a b", "a:b", "a\r\nb", "\xc3\xa9"})
    EXPECT_EQ(refusal("get", {"u", Object{{"headers", Object{{name, "x"}}}}}).code,
              ErrorCode::kInvalidArgument);
}

TEST(HttpRequest, HeadersThatSteerTheConnectionAreRefused) {
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "CONNECTION", "Upgrade",
                           "Proxy-Authorization", "Expect", "TE", "Trailer", "Keep-Alive"})
    EXPECT_NE(refusal("get", {"u", Object{{"headers", Object{{name, "x"}}}}})
                  .message.find("cannot be given"),
              std::string::npos)
        << name;
}

TEST(HttpRequest, EveryPartIsBounded) {
  EXPECT_TRUE(read_all("get", {std::string(8192, 'u')}).ok());
  EXPECT_EQ(refusal("get", {std::string(8193, 'u')}).message,
            "url too long: 8193 bytes, limit 8192");
  Object many;
  for (int i = 0; i < 101; ++i) many.append("x" + std::to_string(i), "y");
  EXPECT_EQ(refusal("get", {"u", Object{{"headers", many}}}).message,
            "too many headers: 101, limit 100");
  EXPECT_FALSE(read_all("get", {"u", Object{{"headers", Object{{"x", std::string(65536, 'y')}}}}}).ok());
  EXPECT_TRUE(read_all("post", {"u", std::string(4 << 20, 'b')}).ok());
  EXPECT_FALSE(read_all("post", {"u", std::string((4 << 20) + 1, 'b')}).ok());
}

TEST(HttpRequest, WrongTypesAreNamed) {
  EXPECT_EQ(refusal("get", {}).message, "url must be a string, found nothing");
  EXPECT_EQ(refusal("get", {1}).message, "url must be a string, found number");
  EXPECT_EQ(refusal("get", {"u", "options"}).message, "options must be an object, found string");
  EXPECT_EQ(refusal("get", {"u", Object{{"headers", List{}}}}).message,
            "headers must be an object, found list");
  EXPECT_EQ(refusal("fetch", {"u"}).code, ErrorCode::kMethodNotFound);
}

TEST(HttpRequest, ASecretIsAStructureAndNeverText) {
  const auto with = [](Value header) {
    return List{"http://a.test/", Object{{"headers", Object{{"X-Key", std::move(header)}}}}};
  };
  const auto request = read("get", with(Object{{"secret", "key"}, {"prefix", "Bearer "}}));
  ASSERT_EQ(request.headers.size(), 1u);
  EXPECT_EQ(request.headers[0].text, "Bearer ");
  ASSERT_NE(request.headers[0].secret, nullptr);
  EXPECT_EQ(request.headers[0].secret->value, "hush-hush");
  EXPECT_EQ(read("get", with("{\"secret\":\"key\"}")).headers[0].secret, nullptr);

  EXPECT_EQ(refusal("get", with(Object{{"secret", "other"}})).code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(refusal("get", with(Object{{"prefix", "Bearer "}})).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal("get", with(Object{{"secret", "key"}, {"suffix", "x"}})).message,
            "header \"X-Key\" has \"suffix\"; beside secret it may have prefix, a string");
  EXPECT_NE(refusal("get", with(Object{{"secret", "key"}, {"prefix", "a\r\nb"}}))
                .message.find("line break"),
            std::string::npos);
}

TEST(HttpResponse, JsonIsParsedWhenTheContentTypeSaysSo) {
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/problem+json"}) {
    const Value value = to_value({200, "OK", {{"content-type", type}}, "{\"n\":1}"});
    EXPECT_EQ(value::to_json(*value.find("data")), "{\"n\":1}") << type;
  }
  const Value text = to_value({200, "OK", {{"content-type", "text/plain"}}, "{\"n\":1}"});
  EXPECT_EQ(*text.find("data"), Value("{\"n\":1}"));
}

TEST(HttpResponse, JsonTooDeepForAHandlerStaysText) {
  const auto nested = [](int levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  const auto data = [](std::string body) {
    return *to_value({200, "", {{"content-type", "application/json"}}, std::move(body)}).find("data");
  };
  EXPECT_TRUE(data(nested(63)).is_list());
  EXPECT_TRUE(data(nested(64)).is_string());
}

TEST(HttpResponse, JsonThatIsNoneStaysText) {
  const Value value =
      to_value({502, "Bad Gateway", {{"content-type", "application/json"}}, "<html>"});
  EXPECT_EQ(*value.find("data"), Value("<html>"));
  EXPECT_EQ(*value.find("ok"), Value(false));
}

TEST(HttpResponse, NoBodyIsNullAndRepeatedHeadersAreJoined) {
  const Value value = to_value({204, "No Content", {{"vary", "a"}, {"vary", "b"}}, ""});
  EXPECT_EQ(
      value::to_json(value),
      "{\"status\":204,\"statusText\":\"No Content\",\"headers\":{\"vary\":\"a, b\"},\"data\":null,"
      "\"ok\":true}");
}

TEST(HttpResponse, InvalidUtf8IsReplaced) {
  const Value value = to_value({200, "\xff", {{"x", "\xc3"}}, "a\xff"});
  EXPECT_EQ(*value.find("data"), Value("a\xef\xbf\xbd"));
  EXPECT_EQ(*value.find("statusText"), Value("\xef\xbf\xbd"));
}

}  // namespace
}  // namespace nexus::extension
