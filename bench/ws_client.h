#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// One WebSocket client for load: no thread, no timer, a buffer only while a message is incomplete, so that one
// process can hold ten thousand. Non-blocking after connect(); trusts the server's framing.
class WsClient {
 public:
  explicit WsClient(std::string subprotocol = {}) : subprotocol_(std::move(subprotocol)) {}
  ~WsClient();
  WsClient(WsClient&& other) noexcept;
  WsClient& operator=(WsClient&&) = delete;

  // Connects to 127.0.0.1 and upgrades; blocks. `receive_buffer` in bytes, 0 for the system's. Ends the program
  // with a message when the server does not accept.
  void connect(std::uint16_t port, const std::string& path, int receive_buffer = 0);

  int descriptor() const { return descriptor_; }
  bool closed() const { return closed_; }
  std::uint16_t close_code() const { return close_code_; }

  // Sends one text message. False when the socket takes no more.
  bool send(std::string_view text);

  // Reads what there is and calls `on_message(text)` for each whole message; answers pings.
  template <typename OnMessage>
  void read(const OnMessage& on_message) {
    if (!fill()) closed_ = true;
    std::string_view message;
    while (take(message)) on_message(message);
    compact();
  }

 private:
  bool fill();
  // The next data message; handles control frames by itself.
  bool take(std::string_view& message);
  void compact();
  bool send_frame(int opcode, std::string_view payload);

  const std::string subprotocol_;
  int descriptor_ = -1;
  std::string received_;
  std::size_t used_ = 0;  // of received_
  bool closed_ = false;
  std::uint16_t close_code_ = 0;
};
