#include "nexus/server/ws_session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/compose.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <utility>

#include "nexus/base/random.h"
#include "nexus/panel/patch_backlog.h"
#include "nexus/server/message_budget.h"
#include "nexus/server/messages.h"
#include "nexus/server/subprotocol.h"

namespace nexus::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

// What a WebSocket stream runs over. It takes a connection down so that the peer learns why: it
// reads until the peer has closed too, as far as kMaxLingerBytes and the time for the stream's
// closing handshake go. Beast 1.81 reads two kilobytes at most (its teardown_tcp_op asks for the
// wrong count).
class WsTransport final : public beast::basic_stream<tcp, asio::io_context::executor_type> {
 public:
  using basic_stream::basic_stream;

  // Called when the stream begins to take the connection down.
  std::function<void()> on_teardown;

  // The customisation point of Beast, found by the argument's type.
  template <typename Handler>
  friend void async_teardown(beast::role_type, WsTransport& transport, Handler&& handler) {
    if (transport.on_teardown) transport.on_teardown();
    error_code ignored;  // then the first read fails too
    transport.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    asio::async_compose<Handler, void(error_code)>(
        Drain{transport, std::make_unique<Discarded>(), 0}, handler, transport.socket());
  }

 private:
  using Discarded = std::array<char, 8192>;

  // One read in a turn of the loop, however much the peer sends.
  struct Drain {
    WsTransport& transport;
    std::unique_ptr<Discarded> discarded;
    std::size_t bytes = 0;

    template <typename Self>
    void operator()(Self& self, error_code error = {}, std::size_t read = 0) {
      bytes += read;
      if (error || bytes > kMaxLingerBytes) {
        error_code ignored;
        transport.socket().close(ignored);
        return self.complete(error == asio::error::eof ? error_code() : error);
      }
      const auto buffer = asio::buffer(*discarded);
      transport.socket().async_read_some(buffer, std::move(self));
    }
  };
};

// No permessage-deflate: it costs memory per socket, and mixes secrets with chosen text.
using WsStream = websocket::stream<WsTransport, false>;

// Timers run on another clock than tokens: look again at least this often.
constexpr std::chrono::milliseconds kMaxExpiryWait{60'000};
// When clients are asked to come back after a restart: docs/PROTOCOL.md.
constexpr std::chrono::milliseconds kReconnectFirst{500};
constexpr std::chrono::milliseconds kReconnectSpread{4000};
constexpr std::size_t kKeptBufferBytes = 16 * 1024;
constexpr std::size_t kMaxReasonBytes = 123;  // RFC 6455 section 5.5

http::request<http::empty_body> upgrade_request(const WsHandshake& handshake) {
  http::request<http::empty_body> request(http::verb::get, "/", 11);
  request.set(http::field::host, "localhost");
  request.set(http::field::connection, "Upgrade");
  request.set(http::field::upgrade, "websocket");
  request.set(http::field::sec_websocket_key, handshake.key);
  request.set(http::field::sec_websocket_version, "13");
  return request;
}

class WsSession final : public Session,
                        public panel::Client,
                        public std::enable_shared_from_this<WsSession> {
 public:
  WsSession(std::shared_ptr<Context> context, WsHandshake handshake)
      : context_(std::move(context)),
        limits_(context_->options.limits),
        panel_id_(handshake.panel),
        patches_(handshake.patches),
        encoding_(handshake.subprotocol.encoding),
        seen_(std::move(handshake.seen)),
        identity_(std::move(handshake.identity)),
        request_(upgrade_request(handshake)),
        stream_(context_->loop.context().get_executor()),
        messages_(limits_.message_rate, Clock::system().now()),
        controls_(limits_.control_rate, Clock::system().now()) {
    error_code ignored;  // the answer to the upgrade then fails
    stream_.next_layer().socket().assign(
        handshake.socket.family() == Family::kV6 ? tcp::v6() : tcp::v4(),
        handshake.socket.release(), ignored);
    configure(handshake.subprotocol.name);
  }

  void start() {
    context_->metrics.websocket_opened();
    stream_.async_accept(request_, [self = shared_from_this()](const error_code& error) {
      if (self->phase_ != Phase::kEnded) self->on_accepted(error);
    });
  }

  // panel::Client. Called while the panel walks its clients: nothing here calls back into it.
  void send(const panel::Frame& frame) override {
    if (phase_ != Phase::kOpen) return;
    if (writing_ && Clock::system().now() - write_began_ > limits_.write_time)
      return cut_slow_reader("one message was not taken in time");
    if (merges(*frame)) {
      merge(frame);
    } else {
      queue_.push_back({frame, nullptr});
      queue_bytes_ += size_of(queue_.back());
    }
    report_queue();
    // One message is taken however large it is: the first, CONNECTED, carries the whole state.
    if (queue_.size() > limits_.queue_frames ||
        (queue_.size() > 1 && queue_bytes_ > limits_.queue_bytes))
      return cut_slow_reader("too much waits for it");
    if (!writing_) write_next();
  }

  bool takes_patches() const override { return patches_; }

  void close(std::uint16_t code, std::string_view reason) override {
    panel_ = nullptr;
    begin_close(code, reason);
  }

  // Session.
  void drain() override {
    draining_ = true;
    close_when_drained();
  }

  void hurry() override {
    if (phase_ == Phase::kOpen) go_away();
    if (phase_ == Phase::kOpening) end();
  }

  void abort() override { end(); }

 private:
  // kClosing: waits for the queue to empty, then for the peer's close frame, each within
  // close_time.
  enum class Phase { kOpening, kOpen, kClosing, kEnded };

  // What waits for the client: a message, or patches that became one.
  struct Waiting {
    panel::Frame frame;
    std::unique_ptr<panel::PatchBacklog> backlog;  // instead of `frame`
  };

  const std::string& bytes_of(const panel::Frame& frame) const {
    return encoding_ == Encoding::kJson ? frame->json() : frame->msgpack();
  }

  std::size_t size_of(const Waiting& waiting) const {
    return waiting.backlog ? waiting.backlog->bytes() : bytes_of(waiting.frame).size();
  }

  // Of a client that has fallen behind, patches that follow each other become one: it then costs no
  // more than the state it has missed. Everything else keeps its place.
  bool merges(const panel::Message& message) const {
    constexpr std::size_t kOneInWrite = 1;
    if (message.parts() == nullptr ||
        queue_.size() < std::max(limits_.coalesce_frames, kOneInWrite + 1))
      return false;
    const Waiting& last = queue_.back();
    return last.backlog != nullptr || last.frame->parts() != nullptr;
  }

  void merge(const panel::Frame& patch) {
    Waiting& last = queue_.back();
    queue_bytes_ -= size_of(last);
    if (last.backlog == nullptr) {
      last.backlog = std::make_unique<panel::PatchBacklog>();
      last.backlog->add(std::exchange(last.frame, nullptr));
    }
    last.backlog->add(patch);
    queue_bytes_ += size_of(last);
    context_->metrics.patches_merged();
  }

  void report_queue() {
    const auto change = [](std::size_t now, std::size_t& told) {
      const auto by = static_cast<std::ptrdiff_t>(now) - static_cast<std::ptrdiff_t>(told);
      told = now;
      return by;
    };
    const std::ptrdiff_t messages = change(queue_.size(), told_messages_);
    context_->metrics.queued(messages, change(queue_bytes_, told_bytes_));
  }

  void configure(std::string_view subprotocol) {
    websocket::stream_base::timeout timeout;
    timeout.handshake_timeout = limits_.close_time;  // also bounds the closing one
    timeout.idle_timeout = limits_.idle_time;
    timeout.keep_alive_pings = true;
    stream_.set_option(timeout);
    stream_.set_option(
        websocket::stream_base::decorator([subprotocol](websocket::response_type& response) {
          response.erase(http::field::server);
          if (!subprotocol.empty())
            response.set(http::field::sec_websocket_protocol,
                         beast::string_view(subprotocol.data(), subprotocol.size()));
        }));
    stream_.next_layer().on_teardown = [this] { on_peer_gone(); };
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (kind == websocket::frame_type::close) return on_peer_gone();
      if (controls_.take(Clock::system().now()).count() > 0) on_control_flood();
    });
    stream_.read_message_max(limits_.message_bytes);
    stream_.auto_fragment(false);
    stream_.binary(encoding_ == Encoding::kMsgpack);
  }

  void on_accepted(const error_code& error) {
    if (error) return end();
    phase_ = Phase::kOpen;
    // It may have been destroyed, and made anew, since the upgrade was admitted.
    panel_ = context_->workspace.find(panel_id_);
    if (panel_ && !identity_.reaches(panel_->owner())) panel_ = nullptr;
    if (!panel_) {
      send_error({ErrorCode::kPanelNotFound, fmt::format("no panel '{}'", panel_id_)},
                 std::nullopt);
      begin_close(wire::kNormal, "panel destroyed");
    } else {
      panel_->attach(this, seen_);
    }
    if (draining_) close_when_drained();
    if (context_->access->authenticates()) watch_expiry();
    read();
  }

  void watch_expiry() {
    if (phase_ != Phase::kOpen) return;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(identity_.expires - Clock::system().wall());
    if (left.count() <= 0) {
      leave_panel();
      return begin_close(wire::kTokenExpired, "token expired");
    }
    expiry_ = context_->loop.after(std::min(left, kMaxExpiryWait), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->watch_expiry();
    });
  }

  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](const error_code& error, std::size_t) {
      if (self->phase_ != Phase::kEnded) self->on_read(error);
    });
  }

  void on_read(const error_code& error) {
    if (error) return on_read_error(error);
    context_->metrics.message_received();
    if (phase_ != Phase::kOpen) return;  // what arrives after the close was decided is too late
    if (stream_.got_binary() != (encoding_ == Encoding::kMsgpack)) {
      leave_panel();
      return begin_close(wire::kUnsupportedData, encoding_ == Encoding::kMsgpack
                                                     ? "this subprotocol takes binary messages"
                                                     : "this subprotocol takes text messages");
    }
    const auto bytes = buffer_.cdata();
    handle({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer_.clear();
    if (buffer_.capacity() > kKeptBufferBytes) buffer_.shrink_to_fit();
    if (phase_ == Phase::kEnded) return;
    const auto pause = messages_.take(Clock::system().now());
    if (pause.count() == 0) return read();
    // What it sends meanwhile waits in its own socket, and nothing is lost.
    pause_ = context_->loop.after(pause, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && self->phase_ != Phase::kEnded) self->read();
    });
  }

  // From inside a read, where no other operation may start. A pause in reading cannot slow these
  // down: the stream answers them itself.
  void on_control_flood() {
    context_->loop.post([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->phase_ != Phase::kOpen) return;
      self->context_->metrics.client_cut(metrics::CutReason::kFlood);
      spdlog::warn("websocket client of panel {} cut: too many pings or pongs", self->panel_id_);
      self->leave_panel();
      self->begin_close(wire::kPolicyViolation, "too many pings or pongs");
    });
  }

  // Beast answers the peer's close frame, or what it may not send, with one of its own, and then
  // waits for the end of the connection, which the panel need not.
  void on_peer_gone() {
    leave_panel();
    if (phase_ == Phase::kOpen) phase_ = Phase::kClosing;
    bound_close();
  }

  // Beast has answered protocol violations and oversized messages with their close frames already.
  void on_read_error(const error_code& error) {
    if (error == beast::error::timeout) {
      context_->metrics.client_cut(metrics::CutReason::kIdle);
      spdlog::info("websocket client of panel {} answered no ping for {} ms", panel_id_,
                   limits_.idle_time.count());
    } else if (error != websocket::error::closed) {
      spdlog::debug("websocket client of panel {} lost: {}", panel_id_, error.message());
    }
    // While closing, the close operation itself ends the session.
    if (phase_ != Phase::kClosing || !close_sent_) end();
  }

  void handle(std::string_view bytes) {
    ClientMessage message = parse_client_message(bytes, encoding_);
    if (const BadMessage* bad = std::get_if<BadMessage>(&message)) {
      send_error(bad->error, bad->request_id);
    } else if (std::holds_alternative<PingMessage>(message)) {
      send_own(encode_pong(version()));
    } else if (SubscribeMessage* more = std::get_if<SubscribeMessage>(&message)) {
      subscribe(std::move(*more), panel::SubscriptionChange::Direction::kSubscribe);
    } else if (UnsubscribeMessage* less = std::get_if<UnsubscribeMessage>(&message)) {
      subscribe(std::move(*less), panel::SubscriptionChange::Direction::kUnsubscribe);
    } else if (Result<void> allowed = check_allowed(); !allowed.ok()) {
      send_error(allowed.error(), request_id_of(message));
    } else if (in_flight_ >= limits_.triggers_in_flight) {
      refuse_flood(message);
    } else if (TriggerMessage* trigger = std::get_if<TriggerMessage>(&message)) {
      run(std::move(*trigger));
    } else if (SetMessage* set = std::get_if<SetMessage>(&message)) {
      write_state(std::move(*set));
    }
  }

  template <typename SubscriptionMessage>
  void subscribe(SubscriptionMessage message, panel::SubscriptionChange::Direction direction) {
    const auto changed =
        panel_->subscribe(this, {direction, std::move(message.topics), std::move(message.keys)});
    if (!changed.ok()) send_error(changed.error(), message.request_id);
  }

  // Of TRIGGER and SET, which change things.
  Result<void> check_allowed() {
    if (!identity_.may(auth::Permission::kExecute))
      return Error{ErrorCode::kForbidden, "the token does not permit panel:execute"};
    return context_->access->admit_message(identity_);
  }

  static std::optional<std::string> request_id_of(const ClientMessage& message) {
    if (const auto* trigger = std::get_if<TriggerMessage>(&message)) return trigger->request_id;
    const auto* set = std::get_if<SetMessage>(&message);
    return set ? set->request_id : std::nullopt;
  }

  void refuse_flood(const ClientMessage& message) {
    send_error(
        {ErrorCode::kResourceLimit,
         fmt::format("{} messages of this client wait already; wait for an answer", in_flight_)},
        request_id_of(message));
  }

  void run(TriggerMessage message) {
    ++in_flight_;
    const auto weak = weak_from_this();
    panel::TriggerRequest request;
    request.tool = std::move(message.tool);
    request.args = std::move(message.args);
    request.request_id = message.request_id;
    request.actor = identity_.subject;
    request.patches = patches_;
    request.on_progress = [weak, id = message.request_id](
                              const std::string& execution,
                              const std::vector<panel::WaitingCall>& calls) {
      if (const auto self = weak.lock())
        self->send_own(encode_progress(self->version(), execution, calls, id));
    };
    const Clock::Wall start = Clock::system().wall();
    if (context_->options.on_request) request.trace = trace::next_step(trace::TraceContext{}, true);
    request.on_done = [weak, id = message.request_id, start,
                       trace = request.trace](Result<panel::ExecutionResult> result) {
      const auto self = weak.lock();
      if (!self) return;
      self->report(trace, start);
      self->on_run_done(std::move(result), id);
    };
    panel_->trigger(std::move(request));
  }

  void report(const trace::TraceContext& trace, Clock::Wall start) const {
    if (!context_->options.on_request) return;
    context_->options.on_request(
        {"TRIGGER", pattern(Route::kSocket), panel_id_, 0, trace, start, Clock::system().wall()});
  }

  void on_run_done(Result<panel::ExecutionResult> result,
                   const std::optional<std::string>& request_id) {
    if (result.ok()) {
      send_own(
          encode_result(version(), result.value(), context_->options.debug_errors, request_id));
    } else {
      send_error(result.error(), request_id);
    }
    answered();
  }

  void write_state(SetMessage message) {
    ++in_flight_;
    panel::SetRequest request;
    request.path = std::move(message.path);
    request.value = std::move(message.value);
    request.actor = identity_.subject;
    request.on_done = [weak = weak_from_this(),
                       id = std::move(message.request_id)](Result<void> result) {
      const auto self = weak.lock();
      if (!self) return;
      if (!result.ok()) self->send_error(result.error(), id);
      self->answered();
    };
    panel_->set(std::move(request));
  }

  void answered() {
    --in_flight_;
    if (draining_) close_when_drained();
  }

  void close_when_drained() {
    if (phase_ == Phase::kOpen && in_flight_ == 0) go_away();
  }

  // Each client is told a moment of its own, so that they do not all come back at once.
  void go_away() {
    leave_panel();
    const auto spread = static_cast<std::uint64_t>(kReconnectSpread.count());
    const auto wait = static_cast<std::uint64_t>(kReconnectFirst.count()) + random_u64() % spread;
    begin_close(wire::kGoingAway,
                fmt::format("the server is shutting down; reconnect in {} ms", wait));
  }

  // The panel's version; of a panel that is gone, the last one seen.
  std::uint64_t version() {
    if (panel_) last_version_ = panel_->version();
    return last_version_;
  }

  void send_error(const Error& error, const std::optional<std::string>& request_id) {
    send_own(encode_error(version(), error, request_id));
  }

  void send_own(std::string json) { send(panel::make_frame(std::move(json))); }

  void write_next() {
    Waiting& next = queue_.front();
    if (next.backlog != nullptr) {
      queue_bytes_ -= size_of(next);
      next = {next.backlog->merge(), nullptr};
      queue_bytes_ += size_of(next);
      report_queue();
    }
    writing_ = true;
    write_began_ = Clock::system().now();
    stream_.async_write(asio::buffer(bytes_of(next.frame)),
                        [self = shared_from_this()](const error_code& error, std::size_t) {
                          if (self->phase_ != Phase::kEnded) self->on_written(error);
                        });
  }

  void on_written(const error_code& error) {
    writing_ = false;
    if (error) return end();
    context_->metrics.message_sent(size_of(queue_.front()));
    queue_bytes_ -= size_of(queue_.front());
    queue_.pop_front();
    report_queue();
    if (!queue_.empty()) return write_next();
    if (phase_ == Phase::kClosing) send_close();
  }

  // One client that does not read must cost neither memory nor the others' patches: it reconnects
  // and gets what it missed, or the state anew.
  void cut_slow_reader(std::string_view why) {
    const std::size_t in_write = writing_ ? 1 : 0;
    spdlog::warn("websocket client of panel {} cut: {}; {} messages, {} bytes", panel_id_, why,
                 queue_.size(), queue_bytes_);
    context_->metrics.client_cut(metrics::CutReason::kSlowReader);
    context_->metrics.frames_dropped(queue_.size() - in_write);
    // Asio still reads from the one in write.
    queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(in_write), queue_.end());
    queue_bytes_ = queue_.empty() ? 0 : size_of(queue_.front());
    report_queue();
    begin_close(wire::kTryAgainLater, "client too slow");
    context_->loop.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->leave_panel();
    });
  }

  void begin_close(std::uint16_t code, std::string_view reason) {
    if (phase_ == Phase::kOpening) return end();
    if (phase_ != Phase::kOpen) return;
    phase_ = Phase::kClosing;
    close_reason_.code = code;
    close_reason_.reason = beast::string_view(reason.substr(0, kMaxReasonBytes));
    bound_close();
    if (!writing_) send_close();
  }

  // Flushing and the handshake need a peer that reads, answers and closes; the time is ours.
  void bound_close() {
    if (patience_) return;
    patience_ = context_->loop.after(limits_.close_time, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->end();
    });
  }

  void send_close() {
    close_sent_ = true;
    stream_.async_close(close_reason_,
                        [self = shared_from_this()](const error_code&) { self->end(); });
  }

  void leave_panel() {
    if (panel::Panel* left = std::exchange(panel_, nullptr)) left->detach(this);
  }

  void end() {
    if (phase_ == Phase::kEnded) return;
    phase_ = Phase::kEnded;
    patience_.reset();
    expiry_.reset();
    pause_.reset();
    leave_panel();
    stream_.next_layer().close();
    context_->metrics.websocket_closed();
    context_->metrics.queued(-static_cast<std::ptrdiff_t>(told_messages_),
                             -static_cast<std::ptrdiff_t>(told_bytes_));
    context_->sockets.remove(panel_id_);
    context_->sessions.remove(this);
  }

  // Set once.
  const std::shared_ptr<Context> context_;
  const Limits& limits_;
  const std::string panel_id_;
  const bool patches_;
  const Encoding encoding_;
  const std::optional<panel::SeenUpTo> seen_;
  const auth::Identity identity_;
  const http::request<http::empty_body> request_;

  WsStream stream_;
  beast::flat_buffer buffer_;
  Phase phase_ = Phase::kOpening;
  bool draining_ = false;
  panel::Panel* panel_ = nullptr;  // while attached
  std::uint64_t last_version_ = 0;
  std::size_t in_flight_ = 0;  // triggers and writes that the panel has not answered

  std::deque<Waiting> queue_;  // the first is being written while writing_
  std::size_t queue_bytes_ = 0;
  std::size_t told_messages_ = 0, told_bytes_ = 0;  // of them, to the metrics
  bool writing_ = false;
  Clock::Steady write_began_{};

  MessageBudget messages_;
  MessageBudget controls_;

  websocket::close_reason close_reason_;
  bool close_sent_ = false;
  std::unique_ptr<loop::Timer> patience_;
  std::unique_ptr<loop::Timer> expiry_;
  std::unique_ptr<loop::Timer> pause_;  // until the next message is read
};

}  // namespace

void start_ws_session(std::shared_ptr<Context> context, WsHandshake handshake) {
  context->sockets.add(handshake.panel);
  const auto session = std::make_shared<WsSession>(context, std::move(handshake));
  context->sessions.add(session);
  session->start();
}

}  // namespace nexus::server
