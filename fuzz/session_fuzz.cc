#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "nexus/base/check.h"
#include "nexus/server/doubles_internal.h"
#include "nexus/server/http_session.h"
#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

// One whole connection from a stranger: HTTP requests, the upgrade, and what follows it, over a pair
// of sockets that lead nowhere else. The first byte of an input chooses how it is sent: bit 0 the
// port, bits 1 and 2 what stands in front (nothing; an upgrade; an upgrade to MessagePack), bits 3 to
// 5 the size of the pieces. Oracles:
// - every answer is HTTP with a length, none is a 500, every error is the envelope;
// - after 101 come whole frames, unmasked, and messages that are what the subprotocol promises;
// - when the peer has gone, no session is left and no panel has a client.

namespace {

namespace server = nexus::server;
namespace value = nexus::value;

constexpr std::string_view kUpgrade =
    "GET /panels/tides/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
enum class Start { kHttp, kJson, kMsgpack };

// The server's parts around one connection; the same for every input.
class Stage {
 public:
  Stage() {
    context_->access = server::Access::create({}, nexus::Clock::system()).take();
    context_->hosts = std::make_unique<server::HostPolicy>(
        server::Bound::kLoopback, std::vector<std::string>(), std::vector<std::string>(),
        std::uint16_t{3000}, std::uint16_t{3001});
    context_->http_port = 3000;
    context_->ws_port = 3001;
  }

  // What the server sent. `first` goes as one piece.
  std::string play(std::string_view first, std::string_view bytes, server::Port port,
                   std::size_t piece) {
    workspace_.panels.clear();
    workspace_.add("tides");
    int ends[2];
    NX_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    ours_ = ends[1];
    NX_CHECK(fcntl(ours_, F_SETFL, O_NONBLOCK) == 0);
    server::start_http_session(context_, port, server::Room::kOrdinary,
                               server::OwnedSocket(ends[0], server::Family::kV4));
    std::string received;
    if (!first.empty()) {
      NX_CHECK(::send(ours_, first.data(), first.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(first.size()));
      settle(received);
    }
    while (!bytes.empty()) {
      const ssize_t sent =
          ::send(ours_, bytes.data(), std::min(piece, bytes.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) break;  // it has closed, or is not reading any more
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      settle(received);
    }
    answer_open_runs();
    settle(received);
    shutdown(ours_, SHUT_WR);
    settle(received);
    answer_open_runs();
    settle(received);
    ::close(ours_);
    settle(received);
    // A client that was told to slow down is still waited for.
    context_->sessions.abort_all();
    run();
    NX_CHECK(context_->sessions.size() == 0);
    for (const auto& panel : workspace_.panels) NX_CHECK(panel->clients.empty());
    return received;
  }

 private:
  void run() {
    auto& io = loop_->context();
    io.restart();
    io.poll();
  }

  void settle(std::string& received) {
    char chunk[65536];
    bool more = true;
    while (more) {
      run();
      more = false;
      for (ssize_t count; (count = recv(ours_, chunk, sizeof chunk, MSG_DONTWAIT)) > 0; more = true)
        received.append(chunk, static_cast<std::size_t>(count));
    }
  }

  void answer_open_runs() {
    for (const auto& panel : workspace_.panels)
      for (auto& request : std::exchange(panel->open, {}))
        request.on_done(server::FakePanel::success({}));
  }

  static server::Options options() {
    server::Options options;
    options.limits.body_bytes = 16 * 1024;
    options.limits.message_bytes = 16 * 1024;
    options.limits.queue_bytes = 64 * 1024;
    options.limits.queue_frames = 100;
    options.limits.coalesce_frames = 4;
    return options;
  }

  const std::unique_ptr<nexus::loop::Loop> loop_ = nexus::loop::Loop::create();
  server::FakeWorkspace workspace_;
  nexus::metrics::Metrics metrics_;
  const std::shared_ptr<server::Context> context_ =
      std::make_shared<server::Context>(*loop_, workspace_, metrics_, options());
  int ours_ = -1;
};

void check_message(std::string_view payload, Start start) {
  const auto message = start == Start::kMsgpack
                           ? value::decode_msgpack(std::as_bytes(std::span(payload)))
                           : value::parse_json(payload);
  NX_CHECK(message.ok() && message->is_object());
  const value::Value* const type = message->find("type");
  NX_CHECK(type != nullptr && type->is_string());
}

// Takes one frame off the front; false when there is no whole one.
bool take_frame(std::string_view& bytes, Start start) {
  if (bytes.size() < 2) return false;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  NX_CHECK((first & 0xf0) == 0x80 && (second & 0x80) == 0);  // whole, nothing reserved, no mask
  std::size_t size = second;
  std::size_t header = 2;
  if (second >= 126) {
    header += second == 126 ? 2 : 8;
    if (bytes.size() < header) return false;
    size = 0;
    for (std::size_t i = 2; i < header; ++i) size = size << 8 | static_cast<unsigned char>(bytes[i]);
  }
  if (bytes.size() - header < size) return false;
  const std::string_view payload = bytes.substr(header, size);
  const int opcode = first & 0x0f;
  NX_CHECK(opcode == 1 || opcode == 2 || (opcode >= 8 && opcode <= 10 && size <= 125));
  if (opcode <= 2) {
    NX_CHECK((opcode == 2) == (start == Start::kMsgpack));
    check_message(payload, start);
  }
  bytes.remove_prefix(header + size);
  return true;
}

// Follows the answers as far as their lengths lead; an answer to HEAD announces what it does not
// send, and there this ends.
void check_answers(std::string_view bytes) {
  while (bytes.starts_with("HTTP/1.")) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return;
    const std::string_view head = bytes.substr(0, end);
    const int status = std::atoi(std::string(head.substr(9, 3)).c_str());
    NX_CHECK(status >= 100 && status < 600 && status != 500);
    bytes.remove_prefix(end + 4);
    const std::size_t field = head.find("\r\nContent-Length: ");
    if (field == std::string_view::npos) {
      NX_CHECK(status < 200 || status == 204 || status == 304);
      if (status == 101) return;
      continue;
    }
    const std::size_t length = std::strtoul(head.data() + field + 18, nullptr, 10);
    if (bytes.starts_with("HTTP/1.") || bytes.size() < length) return;
    const std::string_view body = bytes.substr(0, length);
    if (status >= 400) NX_CHECK(body.starts_with(R"({"error":{"code":")") && value::parse_json(body).ok());
    bytes.remove_prefix(length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Stage stage;
  const unsigned choice = data[0];
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto port = choice & 1 ? server::Port::kWebSocket : server::Port::kHttp;
  const auto start = static_cast<Start>((choice >> 1 & 3) % 3);
  const std::size_t piece = std::size_t{1} << ((choice >> 3 & 7) * 2);
  if (start == Start::kHttp) {
    check_answers(stage.play({}, input, port, piece));
    return 0;
  }
  // The upgrade goes as one piece of its own: what follows it too early is refused.
  std::string sent(kUpgrade);
  if (start == Start::kMsgpack) sent += "Sec-WebSocket-Protocol: nexus.v1.msgpack\r\n";
  sent += "\r\n";
  const std::string received = stage.play(sent, input, port, piece);
  std::string_view bytes = received;
  const std::size_t end = bytes.find("\r\n\r\n");
  NX_CHECK(bytes.starts_with("HTTP/1.1 101 ") && end != std::string_view::npos);
  bytes.remove_prefix(end + 4);
  while (take_frame(bytes, start)) {
  }
  return 0;
}
