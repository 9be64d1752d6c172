#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "nexus/extension/http_extension.h"
#include "nexus/loop/loop.h"

// A server of this machine and an http extension that talks to it, for the tests of this folder.
namespace nexus::extension {

using value::List;
using value::Object;
using value::Value;

// A tiny HTTP/1.1 server on a free loopback port: one request per connection, answered by `respond`
// on the connection's own thread. An empty answer leaves the connection open until the server ends.
class LoopbackServer {
 public:
  using Respond = std::function<std::string(const std::string& request)>;

  explicit LoopbackServer(Respond respond) : respond_(std::move(respond)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 64), 0);
    socklen_t length = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~LoopbackServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (const int connection : connections_) shutdown(connection, SHUT_RDWR);
    for (auto& thread : threads_) thread.join();
    for (const int connection : connections_) close(connection);
    close(listener_);
  }

  std::string authority(const char* host = "127.0.0.1") const {
    return fmt::format("{}:{}", host, port_);
  }
  std::string url(std::string_view path, const char* host = "127.0.0.1") const {
    return fmt::format("http://{}{}", authority(host), path);
  }
  int port() const { return port_; }
  int requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  int most_at_once() const {
    const std::scoped_lock lock(mutex_);
    return most_at_once_;
  }
  void wait_for_requests(int count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return requests_ >= count; }));
  }
  // Answers to held requests (see hold()) are given from now on.
  void release() {
    const std::scoped_lock lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  // For `respond`: sends before it answers.
  void send_now(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    EXPECT_EQ(send(connections_.back(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // For `respond`: waits for release().
  void hold() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return released_; });
  }

 private:
  void accept_all() {
    for (;;) {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      {
        const std::scoped_lock lock(mutex_);
        connections_.push_back(connection);
      }
      threads_.emplace_back([this, connection] { serve(connection); });
    }
  }

  static std::string read_request(int connection) {
    std::string request;
    std::size_t wanted = std::string::npos;
    char buffer[4096];
    while (request.size() < wanted) {
      const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      request.append(buffer, static_cast<std::size_t>(got));
      const auto head = request.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      const auto length = request.find("Content-Length: ");
      wanted = head + 4;
      if (length < head) wanted += std::stoul(request.substr(length + 16));
    }
    return request;
  }

  void serve(int connection) {
    const std::string request = read_request(connection);
    if (request.empty()) return;
    {
      const std::scoped_lock lock(mutex_);
      ++requests_;
      most_at_once_ = std::max(most_at_once_, ++open_);
      changed_.notify_all();
    }
    const std::string answer = respond_(request);
    {
      const std::scoped_lock lock(mutex_);
      --open_;
    }
    if (answer.empty()) return;
    std::string_view rest = answer;
    while (!rest.empty()) {
      const ssize_t sent = send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    shutdown(connection, SHUT_WR);
  }

  const Respond respond_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> threads_;  // acceptor_ only, until joined
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> connections_;
  int requests_ = 0;
  int open_ = 0;
  int most_at_once_ = 0;
  bool released_ = false;
};

inline std::string answer(std::string_view body, std::string_view type = "text/plain", int status = 200) {
  return fmt::format(
      "HTTP/1.1 {} Some Text\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: "
      "close\r\n\r\n{}",
      status, type, body.size(), body);
}

inline std::string redirect(std::string_view target, int status = 302) {
  return fmt::format(
      "HTTP/1.1 {} Moved\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status,
      target);
}

struct Answer {
  std::optional<Value> value;
  std::optional<Error> error;
};

class HttpExtensionTest : public testing::Test {
 protected:
  void open(HttpOptions options) { http_ = make_http_extension(*loop_, options).take(); }
  void open_for(const LoopbackServer& server, HttpOptions options = {}) {
    options.private_hosts.push_back(server.authority());
    open(std::move(options));
  }

  // Starts one call; `done` runs on the loop.
  std::unique_ptr<Call> start(std::string_view method, List args,
                              std::function<void(Answer)> done) {
    const auto report = [done](Result<Value> result) {
      Answer answer;
      if (result.ok())
        answer.value = std::move(result).take();
      else
        answer.error = std::move(result).take_error();
      done(std::move(answer));
    };
    return http_->call(context_, method, std::move(args),
                       {.done = report, .progress = [this](Value progress) {
                          progress_.push_back(std::move(progress));
                        }});
  }

  // Drives the loop until `stop_loop` or ten seconds, which fail the test.
  void drive() {
    const auto guard = loop_->after(std::chrono::seconds{10}, [this] {
      ADD_FAILURE() << "no answer in ten seconds";
      loop_->stop();
    });
    loop_->run();
  }

  Answer ask(std::string_view method, List args) {
    std::optional<Answer> result;
    const auto call = start(method, std::move(args), [&](Answer answer) {
      result = std::move(answer);
      loop_->stop();
    });
    EXPECT_FALSE(result.has_value()) << "answers come later, never from inside call()";
    drive();
    return result.value_or(Answer{});
  }

  std::string refusal(std::string_view method, List args) {
    const Answer answer = ask(method, std::move(args));
    EXPECT_TRUE(answer.error.has_value());
    return answer.error ? answer.error->message : "";
  }

  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create();
  std::unique_ptr<Extension> http_;
  CallContext context_{.panel_id = "panel", .run_id = "run", .workspace = "acme"};
  std::vector<Value> progress_;
};

}  // namespace nexus::extension
