#include "ws_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "wsload: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

}  // namespace

WsClient::~WsClient() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

WsClient::WsClient(WsClient&& other) noexcept
    : subprotocol_(other.subprotocol_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      received_(std::move(other.received_)),
      used_(other.used_),
      closed_(other.closed_),
      close_code_(other.close_code_) {}

void WsClient::connect(std::uint16_t port, const std::string& path, int receive_buffer) {
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) fail("socket");
  if (receive_buffer > 0)
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("connect");
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::string request = "GET " + path +
                        " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (!subprotocol_.empty()) request += "Sec-WebSocket-Protocol: " + subprotocol_ + "\r\n";
  request += "\r\n";
  if (::send(descriptor_, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    fail("send");
  std::size_t end;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) fail("upgrade");
  if (received_.compare(9, 3, "101") != 0) {
    std::fprintf(stderr, "wsload: the server refused: %s\n", received_.c_str());
    std::exit(1);
  }
  received_.erase(0, end + 4);
  if (fcntl(descriptor_, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

bool WsClient::send(std::string_view text) { return send_frame(1, text); }

bool WsClient::send_frame(int opcode, std::string_view payload) {
  std::string frame;
  frame += static_cast<char>(0x80 | opcode);
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size());
  }
  frame.append(4, '\0');  // the mask, which then changes nothing
  frame += payload;
  return ::send(descriptor_, frame.data(), frame.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(frame.size());
}

// False at the end of the connection.
bool WsClient::fill() {
  char chunk[kReadBytes];
  while (true) {
    const ssize_t count = recv(descriptor_, chunk, sizeof chunk, 0);
    if (count > 0) received_.append(chunk, static_cast<std::size_t>(count));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (count == 0) return false;
    if (static_cast<std::size_t>(count) < sizeof chunk) return true;
  }
}

bool WsClient::take(std::string_view& message) {
  while (true) {
    const std::string_view rest = std::string_view(received_).substr(used_);
    if (rest.size() < 2) return false;
    const int opcode = rest[0] & 0x0f;
    std::size_t size = static_cast<unsigned char>(rest[1]) & 0x7f;
    std::size_t header = 2;
    if (size >= 126) {
      header += size == 126 ? 2 : 8;
      if (rest.size() < header) return false;
      size = 0;
      for (std::size_t i = 2; i < header; ++i) size = size << 8 | static_cast<unsigned char>(rest[i]);
    }
    if (rest.size() - header < size) return false;
    used_ += header + size;
    message = rest.substr(header, size);
    if (opcode == 1 || opcode == 2) return true;
    if (opcode == 9) send_frame(10, message);
    if (opcode == 8 && size >= 2) {
      close_code_ = static_cast<std::uint16_t>(static_cast<unsigned char>(message[0]) << 8 |
                                               static_cast<unsigned char>(message[1]));
      closed_ = true;
    }
  }
}

void WsClient::compact() {
  received_.erase(0, std::exchange(used_, 0));
  if (received_.empty()) std::string().swap(received_);
}
