#include "nexus/server/http_session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <iterator>
#include <optional>
#include <utility>

#include "nexus/server/panel_request.h"
#include "nexus/server/admission.h"
#include "nexus/server/handlers.h"
#include "nexus/trace/trace_context.h"
#include "nexus/server/ws_session.h"

namespace nexus::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

using Stream = beast::basic_stream<tcp, asio::io_context::executor_type>;
using Parser = http::request_parser<http::string_body>;
using Response = http::response<http::span_body<const char>>;

constexpr std::size_t kReadBytes = 4096;
constexpr std::string_view kContinueLine = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    case http::verb::delete_:
      return Method::kDelete;
    case http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

Head head_of(const Parser& parser) {
  const auto& message = parser.get();
  Head head;
  head.method = method_of(message.method());
  head.version = static_cast<int>(message.version());
  head.target = view(message.target());
  head.host_count = message.count(http::field::host);
  head.host = view(message[http::field::host]);
  head.origin = view(message[http::field::origin]);
  head.content_type = view(message[http::field::content_type]);
  head.content_encoding = view(message[http::field::content_encoding]);
  head.length_count = message.count(http::field::content_length);
  head.content_length = view(message[http::field::content_length]);
  head.coding_count = message.count(http::field::transfer_encoding);
  head.transfer_encoding = view(message[http::field::transfer_encoding]);
  head.expect = view(message[http::field::expect]);
  head.if_none_match = view(message[http::field::if_none_match]);
  head.authorization_count = message.count(http::field::authorization);
  head.authorization = view(message[http::field::authorization]);
  // Of several the last, which is the nearest proxy's.
  const auto forwarded = message.equal_range("X-Forwarded-For");
  if (forwarded.first != forwarded.second)
    head.forwarded_for = view(std::prev(forwarded.second)->value());
  head.prefer = view(message["Prefer"]);
  head.idempotency_key = view(message["Idempotency-Key"]);
  head.ws_key = view(message[http::field::sec_websocket_key]);
  head.ws_version = view(message[http::field::sec_websocket_version]);
  head.ws_protocols = view(message[http::field::sec_websocket_protocol]);
  head.traceparent = view(message["traceparent"]);
  head.chunked = parser.chunked();
  head.upgrade = beast::websocket::is_upgrade(message);
  return head;
}

class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(std::shared_ptr<Context> context, Port port, Room room, OwnedSocket socket)
      : context_(std::move(context)),
        limits_(context_->options.limits),
        port_(port),
        room_(room),
        family_(socket.family()),
        stream_(context_->loop.context().get_executor()),
        buffer_(limits_.header_bytes + kReadBytes) {
    error_code ignored;  // the first read then fails
    stream_.socket().assign(family_ == Family::kV6 ? tcp::v6() : tcp::v4(), socket.release(),
                            ignored);
  }

  void start() { wait_for_request(); }

  void drain() override {
    if (phase_ == Phase::kIdle || phase_ == Phase::kLingering) end();
  }

  void hurry() override {
    if (phase_ == Phase::kServing) {
      reject(503, {ErrorCode::kUnavailable, "the server is shutting down; what it did by then stays done"});
    } else if (phase_ != Phase::kWriting) {
      end();
    }
  }

  void abort() override { end(); }

 private:
  enum class Phase { kIdle, kReading, kServing, kWriting, kLingering, kEnded };

  // A completion that keeps the session alive, and is skipped once it has ended.
  auto then(void (HttpSession::*step)(const error_code&, std::size_t)) {
    return [self = shared_from_this(), step](const error_code& error, std::size_t bytes) {
      if (self->phase_ != Phase::kEnded) (self.get()->*step)(error, bytes);
    };
  }

  void wait_for_request() {
    if (context_->stopping) return end();
    phase_ = Phase::kIdle;
    route_ = Route::kUnknown;
    audit_ = {};
    trace_ = {};
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser_->body_limit(limits_.body_bytes);
    if (buffer_.size() > 0) return read_header();
    stream_.expires_after(room_ == Room::kSpare ? limits_.header_time : limits_.idle_time);
    stream_.async_read_some(buffer_.prepare(kReadBytes), then(&HttpSession::on_first_bytes));
  }

  void on_first_bytes(const error_code& error, std::size_t bytes) {
    if (error) return end();
    buffer_.commit(bytes);
    read_header();
  }

  void read_header() {
    phase_ = Phase::kReading;
    began_ = Clock::system().now();
    stream_.expires_after(limits_.header_time);
    http::async_read_header(stream_, buffer_, *parser_, then(&HttpSession::on_header));
  }

  void on_header(const error_code& error, std::size_t) {
    if (error) return on_read_error(error);
    const Head head = head_of(*parser_);
    trace_ = trace::next_step(head.traceparent, bool(context_->options.on_request));
    std::variant<Request, Reply> verdict = admit(*context_, port_, head);
    if (Reply* refusal = std::get_if<Reply>(&verdict)) return refuse(std::move(*refusal));
    request_ = std::move(*std::get_if<Request>(&verdict));
    request_.trace = trace_;
    route_ = request_.match.route;
    if (room_ == Room::kSpare && !guard_of(route_, request_.method).exempt) return refuse_for_room();
    audit_ = {request_.method, request_.match.panel, {}, {}};
    phase_ = Phase::kServing;
    stream_.expires_never();
    context_->access->authorize(head, request_, peer(),
                                [weak = weak_from_this()](Access::Verdict answer) {
                                  const auto self = weak.lock();
                                  if (self && self->phase_ == Phase::kServing)
                                    self->on_authorized(std::move(answer));
                                });
  }

  void on_authorized(Access::Verdict verdict) {
    if (Reply* refusal = std::get_if<Reply>(&verdict)) return refuse(std::move(*refusal));
    request_.identity = std::move(*std::get_if<auth::Identity>(&verdict));
    audit_.actor = request_.identity.subject;
    audit_.workspace = request_.identity.workspace;
    if (route_ == Route::kSocket) return become_websocket(head_of(*parser_));
    if (parser_->is_done()) return serve();
    phase_ = Phase::kReading;
    read_body(parser_->get()[http::field::expect].empty() ? Await::kBody : Await::kContinue);
  }

  void refuse_for_room() {
    context_->metrics.connection_refused();
    reject(503, {ErrorCode::kUnavailable,
                 fmt::format("{} connections are open, which is the limit; try again later",
                             limits_.connections)});
  }

  // The body, if one follows, is not read.
  void refuse(Reply refusal) {
    refusal.close = refusal.close || !parser_->is_done();
    write(std::move(refusal));
  }

  const std::string& peer() {
    if (peer_.empty()) {
      error_code ignored;
      peer_ = stream_.socket().remote_endpoint(ignored).address().to_string();
    }
    return peer_;
  }

  enum class Await { kBody, kContinue };

  void read_body(Await await) {
    stream_.expires_after(limits_.body_time);
    if (await == Await::kBody) {
      http::async_read(stream_, buffer_, *parser_, then(&HttpSession::on_body));
    } else {
      asio::async_write(stream_, asio::buffer(kContinueLine.data(), kContinueLine.size()),
                        then(&HttpSession::on_continue));
    }
  }

  void on_continue(const error_code& error, std::size_t) {
    if (error) return end();
    read_body(Await::kBody);
  }

  void on_body(const error_code& error, std::size_t) {
    if (error) return on_read_error(error);
    serve();
  }

  void serve() {
    phase_ = Phase::kServing;
    stream_.expires_never();
    request_.body = std::move(parser_->get().body());
    handle(*context_, std::move(request_), [weak = weak_from_this()](Reply reply) {
      const auto self = weak.lock();
      if (self && self->phase_ == Phase::kServing) self->write(std::move(reply));
    });
  }

  // What cannot be read as HTTP is answered and closed: where the next request starts is unknown.
  void on_read_error(const error_code& error) {
    if (error == http::error::body_limit) {
      return reject(413, {ErrorCode::kPayloadTooLarge,
                          fmt::format("the body is larger than {} bytes", limits_.body_bytes)});
    }
    if (error == http::error::buffer_overflow && parser_->is_header_done()) {
      return reject(400, {ErrorCode::kBadRequest,
                          "a chunk's size with its extensions, or the trailer, is too large"});
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return reject(
          431, {ErrorCode::kPayloadTooLarge,
                fmt::format("the request's header is larger than {} bytes", limits_.header_bytes)});
    }
    const bool malformed =
        error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message;
    if (!malformed) return end();
    reject(400,
           {ErrorCode::kBadRequest, fmt::format("malformed HTTP request: {}", error.message())});
  }

  void reject(int status, const Error& error) {
    Reply reply = error_reply(status, error);
    reply.close = true;
    write(std::move(reply));
  }

  void write(Reply reply) {
    phase_ = Phase::kWriting;
    reply_ = std::move(reply);
    keep_alive_ = !reply_.close && !context_->stopping && room_ == Room::kOrdinary &&
                  parser_->is_header_done() && parser_->keep_alive();
    frame_response();
    stream_.expires_after(limits_.write_time);
    http::async_write(stream_, std::as_const(*response_), then(&HttpSession::on_written));
  }

  void frame_response() {
    const bool known = parser_->is_header_done();
    const bool head_only = known && parser_->get().method() == http::verb::head;
    response_.emplace(static_cast<http::status>(reply_.status),
                      known ? parser_->get().version() : 11u);
    add_cors_fields(*context_,
                    known ? view(parser_->get()[http::field::origin]) : std::string_view(), reply_);
    for (const auto& [name, value] : reply_.fields) response_->set(name, value);
    response_->set(http::field::date, http_date(Clock::system().wall()));
    response_->set("X-Content-Type-Options", "nosniff");
    response_->set("Referrer-Policy", "no-referrer");
    response_->set("Cross-Origin-Resource-Policy", "same-origin");
    // Pages bring their own. Whatever else is opened as a document must not do anything.
    if (response_->count("Content-Security-Policy") == 0)
      response_->set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    if (!trace_.trace_id.empty()) response_->set("traceparent", to_string(trace_));
    response_->keep_alive(keep_alive_);
    if (reply_.status == 204 || reply_.status == 304) return;
    const std::string_view bytes = reply_.bytes();
    if (!reply_.content_type.empty())
      response_->set(http::field::content_type, reply_.content_type);
    response_->content_length(bytes.size());
    if (!head_only) response_->body() = {bytes.data(), bytes.size()};
  }

  void on_written(const error_code& error, std::size_t) {
    record(reply_.status);
    if (error) return end();
    if (keep_alive_) return wait_for_request();
    linger();
  }

  void record(int status) {
    const auto took = Clock::system().now() - began_;
    context_->metrics_of(route_).observe(status, took);
    if (context_->access->authenticates()) audit(status);
    if (context_->options.on_request && parser_->is_header_done()) {
      const Clock::Wall now = Clock::system().wall();
      context_->options.on_request({view(parser_->get().method_string()), pattern(route_), audit_.panel, status, trace_,
                                    now - std::chrono::duration_cast<Clock::Wall::duration>(took), now});
    }
    if (!spdlog::should_log(spdlog::level::debug) || !parser_->is_header_done()) return;
    const std::string_view target = view(parser_->get().target());
    spdlog::debug("http {} {} -> {} in {} us trace={}", view(parser_->get().method_string()),
                  target.substr(0, target.find('?')), status,
                  std::chrono::duration_cast<std::chrono::microseconds>(took).count(),
                  trace_.trace_id);
  }

  // Who changed what, and who was turned away; never with what.
  void audit(int status) {
    const bool turned_away = status == 401 || status == 403 || status == 429;
    const bool changes = audit_.method == Method::kPost || audit_.method == Method::kDelete;
    if (!turned_away && !changes && route_ != Route::kSocket) return;
    spdlog::info("audit actor={} workspace={} address={} method={} route={} panel={} status={} trace={}",
                 or_dash(audit_.actor), or_dash(audit_.workspace), peer(),
                 view(parser_->get().method_string()), pattern(route_), or_dash(audit_.panel),
                 status, or_dash(trace_.trace_id));
  }
  static std::string_view or_dash(std::string_view text) { return text.empty() ? "-" : text; }

  // Closing a socket that has unread bytes resets the connection, and the reset may overtake the
  // answer (RFC 9112 section 9.6): send the end, then read what still comes, for a while.
  void linger() {
    phase_ = Phase::kLingering;
    error_code error;
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    if (error) return end();
    stream_.expires_after(limits_.close_time);
    read_and_drop();
  }

  void read_and_drop() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kReadBytes), then(&HttpSession::on_dropped));
  }

  void on_dropped(const error_code& error, std::size_t bytes) {
    lingered_bytes_ += bytes;
    if (error || lingered_bytes_ > kMaxLingerBytes) return end();
    read_and_drop();
  }

  void become_websocket(const Head& head) {
    if (buffer_.size() > 0) {
      return reject(
          400, {ErrorCode::kBadRequest, "bytes follow the upgrade request; wait for its answer"});
    }
    if (!reachable_panel(*context_, request_)) return write(no_panel(request_));
    if (context_->sockets.of(request_.match.panel) >= limits_.ws_per_panel)
      return write(error_reply({ErrorCode::kResourceLimit,
                                fmt::format("panel '{}' has {} WebSockets, which is the limit",
                                            request_.match.panel, limits_.ws_per_panel)}));
    record(101);
    stream_.expires_never();
    error_code error;
    const int descriptor = stream_.socket().release(error);
    WsHandshake handshake{OwnedSocket(error ? -1 : descriptor, family_), request_.match.panel,
                          std::string(head.ws_key), *choose_subprotocol(head.ws_protocols),
                          parse_socket_request(request_.query)->patches,
                          parse_socket_request(request_.query)->seen,
                          std::move(request_.identity)};
    if (!error) start_ws_session(context_, std::move(handshake));
    end();
  }

  void end() {
    if (phase_ == Phase::kEnded) return;
    phase_ = Phase::kEnded;
    stream_.close();
    context_->sessions.remove(this);
  }

  // Set once.
  const std::shared_ptr<Context> context_;
  const Limits& limits_;
  const Port port_;
  const Room room_;
  const Family family_;

  std::string peer_;  // the address it comes from, once asked for

  Stream stream_;
  // Bounded: of what has no end yet, such as the extension of a chunk, no more is read.
  beast::flat_buffer buffer_;
  Phase phase_ = Phase::kIdle;
  std::size_t lingered_bytes_ = 0;

  // Of the request under way.
  std::optional<Parser> parser_;
  Request request_;
  struct Audit {
    Method method = Method::kOther;
    std::string panel, actor, workspace;
  };
  Audit audit_;  // outlives request_, which moves to its handler
  trace::TraceContext trace_;  // empty until the header is read
  Route route_ = Route::kUnknown;
  Clock::Steady began_;
  Reply reply_;  // owns the bytes of response_
  std::optional<Response> response_;
  bool keep_alive_ = false;
};

}  // namespace

void start_http_session(std::shared_ptr<Context> context, Port port, Room room,
                        OwnedSocket socket) {
  const auto session = std::make_shared<HttpSession>(context, port, room, std::move(socket));
  context->sessions.add(session);
  session->start();
}

}  // namespace nexus::server
