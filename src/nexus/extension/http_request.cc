#include "nexus/extension/http_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "nexus/value/json.h"
#include "nexus/value/utf8.h"

namespace nexus::extension {
namespace {

using std::chrono::milliseconds;
using value::Value;

// Bounds on one request; a body is also bounded by what may leave the sandbox.
constexpr std::size_t kMaxUrlBytes = 8 * 1024;
constexpr std::size_t kMaxHeaders = 100;
constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr std::size_t kMaxBodyBytes = 4 * 1024 * 1024;

// One level is the answer's own, so that what parses always reaches the handler.
constexpr value::ValueLimits kBodyLimits{.depth = value::ValueLimits{}.depth - 1};

constexpr std::array<std::string_view, 7> kVerbs = {"GET",  "HEAD", "OPTIONS", "DELETE",
                                                    "POST", "PUT",  "PATCH"};

// Headers that frame the message or choose its target belong to the HTTP client: a handler that
// sets them could smuggle a second request or reach a host behind the one that was checked.
constexpr std::array<std::string_view, 11> kReservedHeaders = {
    "host",    "content-length", "transfer-encoding",   "connection",         "upgrade",   "te",
    "trailer", "expect",         "proxy-authorization", "proxy-authenticate", "keep-alive"};

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return result;
}

// token of RFC 9110 section 5.6.2.
constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kTokenMarks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

Result<std::string> header_text(const std::string& name, const Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_number() || value.is_boolean()) return value::to_json(value);
  return invalid(
      fmt::format("header \"{}\" must be a string, found {}", name, to_string(value.type())));
}

// {secret, prefix?}: a structure, so that no text that a handler was given can name a secret.
Result<HttpHeader> read_secret_header(const std::string& name, const value::Object& value,
                                      const FindSecret& find_secret) {
  HttpHeader header{.name = name, .text = {}};
  const Value* secret = value.find("secret");
  if (secret == nullptr || !secret->is_string())
    return invalid(fmt::format("header \"{}\" must be a string or {{secret, prefix?}} with the name of a secret", name));
  for (const auto& [key, member] : value) {
    if (key == "secret") continue;
    if (key != "prefix" || !member.is_string())
      return invalid(fmt::format("header \"{}\" has {}; beside secret it may have prefix, a string",
                                 name, value::to_json(key)));
    header.text = member.string();
  }
  NX_TRY(header.secret, find_secret(secret->string()));
  return header;
}

Result<HttpHeader> read_header(const std::string& name, const Value& value,
                               const FindSecret& find_secret) {
  if (value.is_object()) return read_secret_header(name, value.object(), find_secret);
  NX_TRY(std::string text, header_text(name, value));
  return HttpHeader{.name = name, .text = std::move(text)};
}

Result<void> add_header(const std::string& name, const Value& value, const FindSecret& find_secret,
                        HttpRequest& request) {
  if (!is_token(name))
    return invalid(fmt::format("header name {} is not valid", value::to_json(name)));
  const std::string key = lower(name);
  if (std::find(kReservedHeaders.begin(), kReservedHeaders.end(), key) != kReservedHeaders.end())
    return invalid(
        fmt::format("header \"{}\" is set by the HTTP client and cannot be given", name));
  NX_TRY(HttpHeader header, read_header(name, value, find_secret));
  if (!is_field_value(header.text))
    return invalid(fmt::format("header \"{}\" contains a line break or a control character", name));
  request.headers.push_back(std::move(header));
  return {};
}

Result<void> read_headers(const Value& headers, const FindSecret& find_secret,
                          HttpRequest& request) {
  if (headers.is_null()) return {};
  if (!headers.is_object())
    return invalid(fmt::format("headers must be an object, found {}", to_string(headers.type())));
  if (headers.object().size() > kMaxHeaders)
    return invalid(
        fmt::format("too many headers: {}, limit {}", headers.object().size(), kMaxHeaders));
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers.object()) {
    NX_TRY_VOID(add_header(name, value, find_secret, request));
    bytes += request.headers.back().name.size() + request.headers.back().text.size();
  }
  if (bytes > kMaxHeaderBytes)
    return invalid(fmt::format("headers too large: {} bytes, limit {}", bytes, kMaxHeaderBytes));
  return {};
}

Result<void> read_timeout(const Value& timeout, HttpRequest& request) {
  if (timeout.is_null()) return {};
  if (!timeout.is_number() || timeout.number() < 1)
    return invalid("timeout must be a number of milliseconds of at least 1, found " +
                   value::to_json(timeout));
  const double limit = static_cast<double>(request.timeout.count());
  request.timeout = milliseconds{static_cast<std::int64_t>(std::min(timeout.number(), limit))};
  return {};
}

Result<void> read_url(const Value* url, HttpRequest& request) {
  if (url == nullptr || !url->is_string())
    return invalid(fmt::format("url must be a string, found {}",
                               url == nullptr ? "nothing" : to_string(url->type())));
  if (url->string().empty()) return invalid("url is empty");
  if (url->string().size() > kMaxUrlBytes)
    return invalid(
        fmt::format("url too long: {} bytes, limit {}", url->string().size(), kMaxUrlBytes));
  request.url = url->string();
  return {};
}

Result<void> read_options(const Value* options, const FindSecret& find_secret,
                          HttpRequest& request) {
  if (options == nullptr || options->is_null()) return {};
  if (!options->is_object())
    return invalid(fmt::format("options must be an object, found {}", to_string(options->type())));
  if (const Value* headers = options->find("headers")) 
    NX_TRY_VOID(read_headers(*headers, find_secret, request));
  if (const Value* timeout = options->find("timeout")) NX_TRY_VOID(read_timeout(*timeout, request));
  if (const Value* mark = options->find("idempotent"); mark != nullptr && !mark->is_null()) {
    if (!mark->is_boolean())
      return invalid("idempotent must be true or false, found " + value::to_json(*mark));
    request.marked_idempotent = mark->boolean();
  }
  return {};
}

bool has_header(const HttpRequest& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& header) { return lower(header.name) == name; });
}

bool has_idempotent_method(const HttpRequest& request) {
  return request.method != "POST" && request.method != "PATCH";
}

// Text travels as it is, anything else as JSON.
Result<void> read_body(const Value* body, HttpRequest& request) {
  if (body == nullptr || body->is_null()) return {};
  if (request.method == "GET" || request.method == "HEAD")
    return invalid(fmt::format("a {} request cannot carry a body", request.method));
  request.body = body->is_string() ? body->string() : value::to_json(*body);
  if (request.body->size() > kMaxBodyBytes)
    return invalid(
        fmt::format("body too large: {} bytes, limit {}", request.body->size(), kMaxBodyBytes));
  if (!body->is_string() && !has_header(request, "content-type"))
    request.headers.push_back({"Content-Type", "application/json"});
  return {};
}

Result<HttpRequest> read_full_request(const Value* options, const FindSecret& find_secret,
                                      HttpRequest request) {
  if (options == nullptr || !options->is_object())
    return invalid("request takes one object {method, url, headers, body, timeout, idempotent}");
  if (const Value* method = options->find("method"); method != nullptr && !method->is_null()) {
    const std::string verb = method->is_string() ? upper(method->string()) : std::string();
    if (std::find(kVerbs.begin(), kVerbs.end(), verb) == kVerbs.end())
      return invalid(fmt::format("method must be one of {}, found {}", fmt::join(kVerbs, ", "),
                                 value::to_json(*method)));
    request.method = verb;
  }
  NX_TRY_VOID(read_url(options->find("url"), request));
  NX_TRY_VOID(read_options(options, find_secret, request));
  NX_TRY_VOID(read_body(options->find("body"), request));
  return request;
}

bool is_json_type(std::string_view content_type) {
  const std::string type = lower(content_type.substr(0, content_type.find(';')));
  return type.find("application/json") != std::string::npos ||
         type.find("+json") != std::string::npos;
}

Value decode_body(std::string body, const std::string* content_type) {
  if (body.empty()) return {};
  if (content_type != nullptr && is_json_type(*content_type))
    if (auto parsed = value::parse_json(body, kBodyLimits); parsed.ok())
      return std::move(parsed).take();
  return value::replace_invalid_utf8(body);
}

}  // namespace

bool is_repeatable(const HttpRequest& request) {
  return request.marked_idempotent || has_idempotent_method(request);
}

void add_idempotency_key(HttpRequest& request, const std::string& key) {
  if (!has_idempotent_method(request) && !has_header(request, "idempotency-key"))
    request.headers.push_back({"Idempotency-Key", key});
}

const std::vector<std::string>& http_methods() {
  static const std::vector<std::string> methods = {"get",  "delete", "head",  "options",
                                                   "post", "put",    "patch", "request"};
  return methods;
}

Result<HttpRequest> read_http_request(std::string_view method, const value::List& args,
                                      milliseconds max_timeout, const FindSecret& find_secret) {
  const auto argument = [&](std::size_t i) { return i < args.size() ? &args[i] : nullptr; };
  HttpRequest request{
      .method = "GET", .url = {}, .headers = {}, .body = {}, .timeout = max_timeout};
  if (method == "request")
    return read_full_request(argument(0), find_secret, std::move(request));
  const auto& known = http_methods();
  if (std::find(known.begin(), known.end(), method) == known.end())
    return Error{
        ErrorCode::kMethodNotFound,
        fmt::format("nexus.http has no method \"{}\"; it has {}", method, fmt::join(known, ", "))};
  request.method = upper(method);
  const bool with_body = method == "post" || method == "put" || method == "patch";
  NX_TRY_VOID(read_url(argument(0), request));
  NX_TRY_VOID(read_options(argument(with_body ? 2 : 1), find_secret, request));
  if (with_body) NX_TRY_VOID(read_body(argument(1), request));
  return request;
}

Value to_value(HttpResponse response) {
  value::Object headers;
  for (const auto& [name, text] : response.headers) {
    const Value* earlier = headers.find(name);
    std::string valid = value::replace_invalid_utf8(text);
    headers.set(name, earlier == nullptr ? valid : earlier->string() + ", " + valid);
  }
  const Value* type = headers.find("content-type");
  Value data = decode_body(std::move(response.body), type == nullptr ? nullptr : &type->string());
  value::Object result;
  result.append("status", response.status);
  result.append("statusText", value::replace_invalid_utf8(response.status_text));
  result.append("headers", std::move(headers));
  result.append("data", std::move(data));
  result.append("ok", response.status >= 200 && response.status < 300);
  return result;
}

}  // namespace nexus::extension
