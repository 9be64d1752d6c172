#include "nexus/extension/http_policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace nexus::extension {
namespace {

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

std::string take_part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

// Lower case, without the dot that marks a name as fully qualified: "Example.com." is example.com.
std::string normal_host(CURLU* url) {
  std::string host = take_part(url, CURLUPART_HOST);
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (host.ends_with('.')) host.pop_back();
  return host;
}

Result<CurlUrl> parse_url(const std::string& text) {
  CurlUrl url(curl_url());
  NX_CHECK(url != nullptr);
  const CURLUcode code =
      curl_url_set(url.get(), CURLUPART_URL, text.c_str(),
                   CURLU_DISALLOW_USER | CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME);
  if (text.find('\0') != std::string::npos) return invalid("url contains a NUL character");
  if (code == CURLUE_USER_NOT_ALLOWED)
    return invalid("url carries credentials; send them in a header instead");
  if (code != CURLUE_OK)
    return invalid(
        fmt::format("url is not an absolute http or https URL: {}", curl_url_strerror(code)));
  return url;
}

// A host name alone, as an entry of the allow-list.
Result<std::string> parse_domain(const std::string& entry) {
  auto url = parse_url("http://" + entry);
  const bool alone = url.ok() && take_part(url->get(), CURLUPART_PORT).empty() &&
                     take_part(url->get(), CURLUPART_PATH) == "/" &&
                     entry.find_first_of("/?#") == std::string::npos;
  if (!alone) return invalid(fmt::format("\"{}\" is not a host name", entry));
  return normal_host(url->get());
}

Result<std::string> parse_host_port(const std::string& entry) {
  auto url = parse_url("http://" + entry);
  const std::string port = url.ok() ? take_part(url->get(), CURLUPART_PORT) : std::string();
  if (port.empty() || entry.find_first_of("/?#") != std::string::npos)
    return invalid(fmt::format("\"{}\" is not of the form host:port", entry));
  return normal_host(url->get()) + ":" + port;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

std::string CheckedUrl::origin() const { return fmt::format("{}://{}:{}", scheme, host, port); }

Result<std::string> parse_origin(const std::string& text) {
  auto url = parse_url(text);
  CheckedUrl parts;
  if (url.ok()) {
    parts.scheme = take_part(url->get(), CURLUPART_SCHEME);
    parts.host = normal_host(url->get());
    parts.port = take_part(url->get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  }
  const auto authority = text.find("://");
  const bool alone = authority != std::string::npos &&
                     text.find_first_of("/?#", authority + 3) == std::string::npos;
  if (!alone || parts.host.empty() || (parts.scheme != "http" && parts.scheme != "https"))
    return invalid(fmt::format("\"{}\" is not an origin; write one as https://api.example", text));
  return parts.origin();
}

Result<HttpPolicy> HttpPolicy::create(
    const std::optional<std::vector<std::string>>& allowed_domains,
    const std::vector<std::string>& private_hosts) {
  HttpPolicy policy;
  if (allowed_domains) {
    policy.allowed_domains_.emplace();
    for (const auto& entry : *allowed_domains) {
      NX_TRY(std::string domain, parse_domain(entry));
      policy.allowed_domains_->push_back(std::move(domain));
    }
  }
  for (const auto& entry : private_hosts) {
    NX_TRY(std::string host, parse_host_port(entry));
    policy.private_hosts_.push_back(std::move(host));
  }
  return policy;
}

Result<CheckedUrl> HttpPolicy::check(const std::string& text) const {
  CheckedUrl checked;
  NX_TRY(checked.url, parse_url(text));
  CURLU* url = checked.url.get();
  checked.scheme = take_part(url, CURLUPART_SCHEME);
  if (checked.scheme != "http" && checked.scheme != "https")
    return invalid(
        fmt::format("url scheme \"{}\" is not allowed; use http or https", checked.scheme));
  checked.host = normal_host(url);
  if (checked.host.empty()) return invalid("url has no host");
  checked.port = take_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  checked.private_allowed = contains(private_hosts_, checked.host + ":" + checked.port);
  if (!checked.private_allowed && allowed_domains_ && !contains(*allowed_domains_, checked.host))
    return Error{
        ErrorCode::kPermissionDenied,
        fmt::format("host \"{}\" is not on the server's list of allowed domains", checked.host)};
  return checked;
}

}  // namespace nexus::extension
