#pragma once

#include <curl/curl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"

// Where handlers may send requests: which URLs before a connection is made. Which addresses a
// connection may reach is address_filter.h. SPEC: design.md section 4, "http extension".
namespace nexus::extension {

struct CurlUrlCloser {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlUrlCloser>;

// A URL that may be requested, in the form libcurl will use: nothing parses it a second time, so no
// two parsers can disagree about its host.
struct CheckedUrl {
  CurlUrl url;
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case, numeric addresses in their usual form, IPv6 in brackets
  std::string port;
  // The operator opened this host and port, so its address may be private.
  bool private_allowed = false;

  // "https://api.example:443": the port is always there.
  std::string origin() const;
};

// The origin that `text` is, in the form of CheckedUrl::origin(). Error kInvalidArgument when it is not
// scheme, host and perhaps port of http or https and nothing else.
Result<std::string> parse_origin(const std::string& text);

// Frozen; any thread.
class HttpPolicy {
 public:
  // `allowed_domains`: exact host names; nullopt allows every public host. `private_hosts`:
  // "host:port" entries, allowed in any case. Error kInvalidArgument names the entry that is not of
  // its form.
  static Result<HttpPolicy> create(const std::optional<std::vector<std::string>>& allowed_domains,
                                   const std::vector<std::string>& private_hosts);

  // Error kInvalidArgument for what is no http or https URL or carries credentials,
  // kPermissionDenied for a host that is not allowed.
  Result<CheckedUrl> check(const std::string& url) const;

 private:
  HttpPolicy() = default;

  std::optional<std::vector<std::string>> allowed_domains_;
  std::vector<std::string> private_hosts_;
};

}  // namespace nexus::extension
