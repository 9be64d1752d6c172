#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "nexus/server/test_client_internal.h"

namespace nexus::server {

void expect_error(const Answer& answer, int status, std::string_view code) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_THAT(answer.body,
              testing::StartsWith(fmt::format(R"({{"error":{{"code":"{}","message":")", code)));
  EXPECT_EQ(answer.fields.count("content-type") ? answer.fields.at("content-type") : "",
            "application/json");
}

int WsMessage::close_code() const {
  if (opcode != 8 || payload.size() < 2) return 0;
  return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
}

TestClient::TestClient(std::uint16_t port, int receive_buffer_bytes) {
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  if (receive_buffer_bytes > 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof(receive_buffer_bytes));
  }
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const timeval limit{10, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected =
      ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  EXPECT_EQ(connected, 0) << "cannot connect to port " << port;
}

TestClient::~TestClient() { ::close(socket_); }

void TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server may have closed: the answer tells
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void TestClient::shut_down() { ::shutdown(socket_, SHUT_RDWR); }

bool TestClient::fill() {
  std::array<char, 65536> chunk;
  const ssize_t count = ::recv(socket_, chunk.data(), chunk.size(), 0);
  EXPECT_FALSE(count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      << "nothing came for ten seconds";
  if (count <= 0) return false;
  received_.append(chunk.data(), static_cast<std::size_t>(count));
  return true;
}

std::string TestClient::take(std::size_t count) {
  while (received_.size() < count) {
    if (!fill()) return {};
  }
  std::string taken = received_.substr(0, count);
  received_.erase(0, count);
  return taken;
}

bool TestClient::at_end() { return received_.empty() && !fill(); }

Answer TestClient::request(std::string_view method, std::string_view path, std::string_view body,
                           std::string_view fields) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}", method, path, fields);
  if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
  send(text + "\r\n" + std::string(body));
  return read_answer(method == "HEAD");
}

Answer TestClient::read_answer(bool to_head) {
  while (received_.find("\r\n\r\n") == std::string::npos) {
    if (!fill()) return {};
  }
  std::string header = take(received_.find("\r\n\r\n") + 4);
  Answer answer;
  answer.status = std::stoi(header.substr(9, 3));
  for (std::size_t at = header.find("\r\n") + 2; at < header.size() - 2;) {
    const std::size_t end = header.find("\r\n", at);
    const std::size_t colon = header.find(": ", at);
    std::string name = header.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    answer.fields[name] = header.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  const auto length = answer.fields.find("content-length");
  if (!to_head && length != answer.fields.end()) answer.body = take(std::stoul(length->second));
  return answer;
}

Answer TestClient::upgrade(std::string_view path, std::string_view fields) {
  send(fmt::format(
      "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n",
      path, fields));
  return read_answer();
}

void TestClient::send_frame(int opcode, std::string_view payload, bool fin) {
  std::string frame;
  frame += static_cast<char>((fin ? 0x80 : 0) | opcode);
  const std::size_t size = payload.size();
  const int length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  frame += static_cast<char>(0x80 | (length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127));
  for (int i = length_bytes - 1; i >= 0; --i) frame += static_cast<char>(size >> (8 * i));
  frame.append(4, '\0');
  frame += payload;
  send(frame);
}

void TestClient::send_close(int code) {
  send_frame(8, std::string{static_cast<char>(code / 256), static_cast<char>(code % 256)});
}

WsMessage TestClient::read_frame() {
  while (true) {
    const std::string start = take(2);
    if (start.empty()) return {};
    std::size_t size = static_cast<unsigned char>(start[1]) & 0x7f;
    const std::string extended = size == 126 ? take(2) : size == 127 ? take(8) : "";
    if (!extended.empty()) size = 0;
    for (const char c : extended) size = size * 256 + static_cast<unsigned char>(c);
    WsMessage message{start[0] & 0x0f, take(size)};
    if (message.opcode != 9) return message;
    send_frame(10, message.payload);
  }
}

}  // namespace nexus::server
