#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/extension/http_secrets.h"
#include "nexus/value/value.h"

// What a handler asks of nexus.http and what it gets back, as plain data (reference.md
// section 9.9).
namespace nexus::extension {

struct HttpHeader {
  std::string name;
  std::string text;  // what stands before the secret, when there is one
  std::shared_ptr<const HttpSecret> secret = nullptr;
};

struct HttpRequest {
  std::string method;  // upper case, one of the seven that handlers may use
  std::string url;     // not yet checked: http_policy.h
  std::vector<HttpHeader> headers;
  std::optional<std::string> body;
  std::chrono::milliseconds timeout{0};  // for everything, redirects and body included
  bool marked_idempotent = false;        // by the handler
};

// Whether sending the request twice does what sending it once does: by its method (RFC 9110 section
// 9.2.2), or because the handler says so.
bool is_repeatable(const HttpRequest& request);

// Lets the other side recognise a request that it gets twice: adds `key` as Idempotency-Key to one
// whose method is not idempotent, unless the handler has set that header.
void add_idempotency_key(HttpRequest& request, const std::string& key);

struct HttpResponse {
  int status = 0;
  std::string status_text;                                   // empty in HTTP/2
  std::vector<std::pair<std::string, std::string>> headers;  // lower-case names, in order
  std::string body;
};

// The methods of the extension as handlers call them.
const std::vector<std::string>& http_methods();

// The secret of that name, or why the caller has none.
using FindSecret =
    std::function<Result<std::shared_ptr<const HttpSecret>>(const std::string& name)>;

// Reads the arguments of `$ext.http.<method>(...)`. `max_timeout` is the default, and a call's own
// timeout may only lower it. Error kInvalidArgument names the field; kMethodNotFound for an unknown
// method; what `find_secret` says. Refuses header names and values that could split the request or
// steer the connection.
Result<HttpRequest> read_http_request(std::string_view method, const value::List& args,
                                      std::chrono::milliseconds max_timeout,
                                      const FindSecret& find_secret);

// {status, statusText, headers, data, ok}. `data` is the parsed body when the content type says
// JSON and the body is JSON, null when there is no body, else its text with invalid UTF-8 replaced
// by U+FFFD.
value::Value to_value(HttpResponse response);

}  // namespace nexus::extension
