#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

// A client of the server's tests on plain sockets: it shares no code with what it tests and can
// send what no library would. Every wait ends after ten seconds with a failed test.
namespace nexus::server {

struct Answer {
  int status = 0;                             // 0: the connection ended without an answer
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;
};

struct WsMessage {
  int opcode = -1;  // -1: the connection ended
  std::string payload;
  // Of a close frame.
  int close_code() const;
};

// Expects the error envelope with this code, and the status.
void expect_error(const Answer& answer, int status, std::string_view code);

class TestClient {
 public:
  explicit TestClient(std::uint16_t port, int receive_buffer_bytes = 0);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void send(std::string_view bytes);
  // Closes both directions, as a program that ends does.
  void shut_down();
  // Whether the server has closed; waits for that or for a byte.
  bool at_end();

  // One request with Host: localhost. `fields` are whole lines with CRLF.
  Answer request(std::string_view method, std::string_view path, std::string_view body = {},
                 std::string_view fields = {});
  Answer get(std::string_view path, std::string_view fields = {}) {
    return request("GET", path, {}, fields);
  }
  // Reads one answer; one to HEAD has no body.
  Answer read_answer(bool to_head = false);

  // Asks for a WebSocket and returns the answer.
  Answer upgrade(std::string_view path, std::string_view fields = {});
  // One masked frame. The mask is zero, so that the payload is itself.
  void send_frame(int opcode, std::string_view payload, bool fin = true);
  void send_text(std::string_view text) { send_frame(1, text); }
  void send_close(int code);
  // The next frame; pings are answered and skipped.
  WsMessage read_frame();

 private:
  bool fill();
  std::string take(std::size_t count);

  int socket_ = -1;
  std::string received_;
};

}  // namespace nexus::server
