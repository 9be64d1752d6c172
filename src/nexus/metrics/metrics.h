#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Histogram;
}  // namespace prometheus

namespace nexus::metrics {

// The series of one HTTP route. Any thread.
class RouteMetrics {
 public:
  // Counts one answered request under the class of `status` ("2xx") and its time until the last
  // byte was handed to the kernel.
  void observe(int status, std::chrono::nanoseconds took);

 private:
  friend class Metrics;
  static constexpr std::size_t kClasses = 5;  // 1xx to 5xx
  std::array<prometheus::Counter*, kClasses> by_class_{};
  prometheus::Histogram* seconds_ = nullptr;
};

// Why the server gave up a WebSocket client.
enum class CutReason { kSlowReader, kIdle, kFlood };

// The process's own counters. Every family and every label value exists at 0 from construction (or
// from route(), for HTTP) on, so that a rate can be taken of the first event. Counting is legal on
// any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The series with the label route=`name`, registered at the first call. The reference lives as
  // long as the Metrics. `name` is a pattern ("/panels/{id}"), never a path that a client chose:
  // labels must be few.
  RouteMetrics& route(std::string_view name);

  void websocket_opened();
  void websocket_closed();
  void message_received();
  // `bytes`: of its payload.
  void message_sent(std::size_t bytes);
  // How what waits for all clients together has changed.
  void queued(std::ptrdiff_t messages, std::ptrdiff_t bytes);
  // Frames that were queued for a client and never written.
  void frames_dropped(std::size_t count);
  void client_cut(CutReason reason);
  // A patch was merged into the one before it, for a client that is behind.
  void patches_merged();
  // A TCP connection turned away because too many were open.
  void connection_refused();

  // How calls of the http extension may end: the values of a label. Before the first http_call().
  void http_call_outcomes(std::span<const std::string_view> outcomes);
  // One of them ended; `outcome` is one of the above.
  void http_call(std::string_view outcome, std::chrono::nanoseconds took);

  // Adds text at each scrape: whole families in the text format (see TextWriter), with names no
  // other source uses. Legal before the first text(); sources run on the thread of text().
  using Source = std::function<void(std::string& out)>;
  void add_source(Source source);

  // Everything in the Prometheus text format 0.0.4.
  std::string text() const;

 private:
  struct Families;
  const std::unique_ptr<Families> families_;
  std::vector<Source> sources_;
};

}  // namespace nexus::metrics
