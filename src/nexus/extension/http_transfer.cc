#include "nexus/extension/http_transfer.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "nexus/extension/address_filter.h"

namespace nexus::extension {
namespace {

using std::chrono::milliseconds;

constexpr long kMaxConnectMs = 10'000;
constexpr const char* kUserAgent = "Nexus-Runtime/1.0";

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && curl_strnequal(a.data(), b.data(), a.size()) != 0;
}

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  // Fails only for an option that this libcurl was built without; none of ours is optional.
  NX_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

}  // namespace

HttpTransfer::HttpTransfer(HttpRequest request, const HttpPolicy& policy,
                           const TransferLimits& limits, Clock::Steady deadline,
                           HttpProgress on_progress)
    : request_(std::move(request)),
      policy_(policy),
      limits_(limits),
      deadline_(deadline),
      on_progress_(std::move(on_progress)) {
  for (const HttpHeader& header : request_.headers)
    if (header.secret != nullptr) secrets_.push_back(header.secret);
}

HttpTransfer::~HttpTransfer() = default;

Result<CURL*> HttpTransfer::begin(Clock::Steady now) {
  const auto remaining = std::chrono::duration_cast<milliseconds>(deadline_ - now);
  if (remaining.count() <= 0) return timeout_error();
  if (target_.url == nullptr) {
    NX_TRY(target_, policy_.check(request_.url));
  }
  NX_TRY_VOID(check_secrets());
  response_ = {};
  header_bytes_ = 0;
  too_large_ = address_refused_ = address_tried_ = false;
  progress_at_.reset();
  if (easy_ == nullptr) easy_.reset(curl_easy_init());
  NX_CHECK(easy_ != nullptr);
  curl_easy_reset(easy_.get());
  build_header_list();
  set_options(easy_.get(), remaining);
  set_body(easy_.get());
  return easy_.get();
}

void HttpTransfer::set_options(CURL* easy, milliseconds remaining) {
  set(easy, CURLOPT_CURLU, target_.url.get());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  // A proxy of the environment would connect on our behalf, out of reach of the address check.
  set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(remaining.count()));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, std::min<long>(remaining.count(), kMaxConnectMs));
  set(easy, CURLOPT_USERAGENT, kUserAgent);
  set(easy, CURLOPT_ACCEPT_ENCODING, "");
  set(easy, CURLOPT_HTTPHEADER, header_list_.get());
  set(easy, CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::on_open_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, this);
  set(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
  set(easy, CURLOPT_WRITEDATA, this);
  set(easy, CURLOPT_PRIVATE, this);
}

void HttpTransfer::set_body(CURL* easy) {
  const bool wants_body =
      request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
  if (request_.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request_.body || wants_body) {
    const std::string_view body = request_.body ? *request_.body : std::string_view();
    set(easy, CURLOPT_POSTFIELDS, request_.body ? body.data() : "");
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

Result<void> HttpTransfer::check_secrets() const {
  const std::string origin = target_.origin();
  for (const HttpHeader& header : request_.headers) {
    if (header.secret == nullptr) continue;
    const auto& origins = header.secret->origins;
    if (std::find(origins.begin(), origins.end(), origin) == origins.end())
      return Error{ErrorCode::kPermissionDenied,
                   fmt::format("secret \"{}\" may not be sent to {}", header.secret->name, origin)};
  }
  return {};
}

void HttpTransfer::build_header_list() {
  // libcurl would otherwise label any body a form, and wait a second for a server's leave to send
  // it.
  std::vector<std::string> lines = {"Expect:"};
  bool typed = false;
  for (const HttpHeader& header : request_.headers) {
    const std::string text = header.secret ? header.text + header.secret->value : header.text;
    // libcurl's spelling of a header with an empty value is a semicolon.
    lines.push_back(text.empty() ? header.name + ";" : fmt::format("{}: {}", header.name, text));
    typed = typed || equal_ignoring_case(header.name, "content-type");
  }
  if (!typed)
    lines.push_back(request_.body ? "Content-Type: text/plain;charset=UTF-8" : "Content-Type:");
  header_list_.reset();
  for (const auto& line : lines) {
    curl_slist* list = curl_slist_append(header_list_.get(), line.c_str());
    NX_CHECK(list != nullptr);
    static_cast<void>(header_list_.release());
    header_list_.reset(list);
  }
}

// Runs after name resolution for each address libcurl is about to connect to. Judging the address
// here leaves no time between check and use in which a name could change its mind.
curl_socket_t HttpTransfer::on_open_socket(void* self, curlsocktype purpose,
                                           curl_sockaddr* address) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const bool allowed = transfer.target_.private_allowed ||
                       is_public_address(address->addr, static_cast<socklen_t>(address->addrlen));
  if (purpose != CURLSOCKTYPE_IPCXN || !allowed) {
    transfer.address_refused_ = true;
    return CURL_SOCKET_BAD;
  }
  transfer.address_tried_ = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t HttpTransfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  return transfer.take_header_line({bytes, size * count}) ? size * count : 0;
}

bool HttpTransfer::take_header_line(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > limits_.header_bytes) {
    too_large_ = true;
    return false;
  }
  if (line.starts_with("HTTP/")) {
    start_status_line(line);
    return true;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  std::string name(line.substr(0, colon));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  response_.headers.emplace_back(std::move(name), trim(line.substr(colon + 1)));
  return true;
}

// Each interim answer has a status line of its own, so what came before it is dropped.
void HttpTransfer::start_status_line(std::string_view line) {
  response_.headers.clear();
  response_.status_text.clear();
  const auto code = line.find(' ');
  if (code == std::string_view::npos) return;
  const auto text = line.find(' ', code + 1);
  if (text != std::string_view::npos) response_.status_text = trim(line.substr(text));
}

std::size_t HttpTransfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t length = size * count;
  // Counted here, after decompression: a length that the server announced, or failed to, proves
  // nothing.
  if (transfer.response_.body.size() + length > transfer.limits_.response_bytes) {
    transfer.too_large_ = true;
    return 0;
  }
  transfer.response_.body.append(bytes, length);
  transfer.report_progress();
  return length;
}

void HttpTransfer::report_progress() {
  const auto now = std::chrono::steady_clock::now();
  if (progress_at_ && now - *progress_at_ < limits_.progress_interval) return;
  progress_at_ = now;
  std::optional<std::size_t> total;
  // The announced length is that of the encoded body, so it says nothing of what has been decoded.
  for (const auto& [name, text] : response_.headers) {
    std::size_t length = 0;
    if (name == "content-encoding") return on_progress_(response_.body.size(), std::nullopt);
    if (name == "content-length" &&
        std::from_chars(text.data(), text.data() + text.size(), length).ec == std::errc())
      total = length;
  }
  on_progress_(response_.body.size(), total);
}

HttpResponse HttpTransfer::redacted_response() {
  for (const auto& secret : secrets_) {
    redact(*secret, response_.status_text);
    redact(*secret, response_.body);
    for (auto& [name, text] : response_.headers) redact(*secret, text);
  }
  return std::move(response_);
}

std::optional<Result<HttpResponse>> HttpTransfer::finish(CURLcode code) {
  if (code != CURLE_OK) return Result<HttpResponse>(failure(code));
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  char* location = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &location);
  if (is_redirect(status) && location != nullptr) {
    auto followed = follow(location, status);
    if (followed.ok()) return std::nullopt;
    return Result<HttpResponse>(std::move(followed).take_error());
  }
  response_.status = static_cast<int>(status);
  return Result<HttpResponse>(redacted_response());
}

// SPEC: RFC 9110 section 15.4 for the method, and the rule of browsers for 301 and 302 after POST.
Result<void> HttpTransfer::follow(const char* location, long status) {
  if (++redirects_ > limits_.redirects)
    return Error{ErrorCode::kExtensionError,
                 fmt::format("request to \"{}\" was redirected more than {} times", target_.host,
                             limits_.redirects)};
  NX_TRY(CheckedUrl next, policy_.check(location));
  const bool was_post = request_.method == "POST";
  if ((status == 303 && request_.method != "HEAD") ||
      ((status == 301 || status == 302) && was_post))
    drop_body();
  // Also when the next origin is one of a secret's own: the server that redirects does not choose
  // where it goes.
  if (next.origin() != target_.origin())
    std::erase_if(request_.headers, [](const HttpHeader& header) {
      return header.secret != nullptr || equal_ignoring_case(header.name, "authorization") ||
             equal_ignoring_case(header.name, "cookie");
    });
  target_ = std::move(next);
  return {};
}

void HttpTransfer::drop_body() {
  request_.method = "GET";
  request_.body.reset();
  std::erase_if(request_.headers, [](const HttpHeader& header) {
    return header.name.size() >= 8 && curl_strnequal(header.name.c_str(), "content-", 8) != 0;
  });
}

Error HttpTransfer::timeout_error() const {
  return {ErrorCode::kTimeout,
          fmt::format("request timeout after {} ms", request_.timeout.count())};
}

// What the handler reads names the host it asked for and never the address that was found behind
// it.
Error HttpTransfer::failure(CURLcode code) const {
  const std::string& host = target_.host;
  if (address_refused_ && !address_tried_)
    return {ErrorCode::kPermissionDenied,
            fmt::format("host \"{}\" is not allowed: its address is private or reserved", host)};
  if (too_large_)
    return {ErrorCode::kExtensionError,
            fmt::format("response of \"{}\" is too large: limit {} bytes, headers {}", host,
                        limits_.response_bytes, limits_.header_bytes)};
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return timeout_error();
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorCode::kExtensionError, fmt::format("host \"{}\" cannot be resolved", host)};
    case CURLE_COULDNT_CONNECT:
      return {ErrorCode::kExtensionError,
              fmt::format("cannot connect to \"{}\" on port {}", host, target_.port)};
    default:
      return {ErrorCode::kExtensionError,
              fmt::format("request to \"{}\" failed: {}", host, curl_easy_strerror(code))};
  }
}

}  // namespace nexus::extension
