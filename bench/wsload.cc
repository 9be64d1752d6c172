// Load on the WebSockets of a running nexusd, by a fixed schedule: what is due is due whether or not earlier answers
// have come, and each time is taken from the moment it was due, so that a server that stalls cannot hide it
// (coordinated omission). Loopback only, and bounded by --sockets, --rate and --seconds.
//
//   wsload idle    --sockets 10000                      what a silent socket costs
//   wsload trigger --sockets 100 --rate 2000            TRIGGER until RESULT
//   wsload fanout  --sockets 1000 --rate 20 [--stuck 1] TRIGGER until the PATCH has reached each reader
//
// The panel must have the tool, and for fanout each of its runs must raise the version by one. With --pid the resident
// memory of the server is shown before and after.
#include <sys/epoll.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "histogram.h"
#include "ws_client.h"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

struct Options {
  std::string mode;
  std::uint16_t port = 3001;
  std::string panel = "counter";
  std::string tool = "add";
  std::string subprotocol;
  std::uint32_t sockets = 100;
  std::uint32_t stuck = 0;
  double rate = 100;
  double seconds = 10;
  int pid = 0;
};

// Of the server, in MiB; 0 when nobody said which process it is.
double resident_mib(int pid) {
  if (pid == 0) return 0;
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

void print_times(const char* what, const Histogram& times) {
  std::printf("%s: %llu times; p50 %.2f, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f ms\n", what,
              static_cast<unsigned long long>(times.total()), times.percentile_ms(50),
              times.percentile_ms(90), times.percentile_ms(99), times.percentile_ms(99.9),
              times.max_ms());
}

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)), poll_(epoll_create1(0)) {}

  void run() {
    const double before = resident_mib(options_.pid);
    open_sockets();
    const double connected = resident_mib(options_.pid);
    std::printf("%u sockets open\n", options_.sockets);
    start_ = Clock::now();
    const auto end = start_ + seconds(options_.seconds);
    const auto last = options_.mode == "idle" ? 0 : static_cast<std::uint64_t>(options_.rate * options_.seconds);
    while (Clock::now() < end) {
      while (sent_ < last && due(sent_) <= Clock::now()) trigger();
      poll_once(sent_ < last ? std::min(due(sent_), end) : end);
    }
    for (const auto late = Clock::now() + std::chrono::seconds(5); waiting_for_more() && Clock::now() < late;)
      poll_once(Clock::now() + std::chrono::milliseconds(50));
    report(before, connected);
  }

 private:
  static Clock::duration seconds(double count) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
  }
  Clock::time_point due(std::uint64_t number) const {
    return start_ + seconds(static_cast<double>(number) / options_.rate);
  }
  bool fans_out() const { return options_.mode == "fanout"; }
  bool is_stuck(std::size_t socket) const { return socket >= clients_.size() - options_.stuck; }

  void open_sockets() {
    const std::string path = "/panels/" + options_.panel + "/ws";
    clients_.reserve(options_.sockets);
    versions_.resize(options_.sockets, -1);
    for (std::uint32_t i = 0; i < options_.sockets; ++i) {
      clients_.emplace_back(options_.subprotocol);
      const bool will_be_stuck = i >= options_.sockets - options_.stuck;
      clients_.back().connect(options_.port, path, will_be_stuck ? 4096 : 0);
      if (will_be_stuck) continue;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = i;
      epoll_ctl(poll_, EPOLL_CTL_ADD, clients_.back().descriptor(), &event);
    }
    // Everybody's CONNECTED, so that the schedule starts with a server at rest.
    const auto late = Clock::now() + std::chrono::seconds(30);
    while (connected_ < options_.sockets - options_.stuck && Clock::now() < late)
      poll_once(Clock::now() + std::chrono::milliseconds(50));
  }

  void trigger() {
    const std::uint64_t number = sent_++;
    const std::size_t socket = fans_out() ? 0 : number % clients_.size();
    const std::string id = std::to_string(number);
    const std::string text = R"({"type":"TRIGGER","tool":")" + options_.tool + R"(","requestId":")" + id + R"("})";
    if (!clients_[socket].send(text)) ++refused_;
  }

  void poll_once(Clock::time_point until) {
    epoll_event events[256];
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const int wait = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 100));
    const int ready = epoll_wait(poll_, events, 256, wait);
    const Clock::time_point now = Clock::now();
    for (int i = 0; i < ready; ++i) {
      const std::size_t socket = events[i].data.u32;
      WsClient& client = clients_[socket];
      client.read([&](std::string_view message) { take(socket, message, now); });
      if (!client.closed()) continue;
      ++closed_[client.close_code()];
      epoll_ctl(poll_, EPOLL_CTL_DEL, client.descriptor(), nullptr);
    }
  }

  // Enough of a parser for messages of our own server, as JSON.
  static std::int64_t number_after(std::string_view text, std::string_view name) {
    const std::size_t at = text.find(name);
    return at == std::string_view::npos ? -1 : std::atoll(text.data() + at + name.size());
  }

  void take(std::size_t socket, std::string_view message, Clock::time_point now) {
    if (message.starts_with(R"({"type":"CONNECTED")")) {
      ++connected_;
      versions_[socket] = number_after(message, R"("version":)");
      if (first_version_ < 0) first_version_ = versions_[socket];
    } else if (message.starts_with(R"({"type":"RESULT")")) {
      ++answered_;
      const std::int64_t number = number_after(message, R"("requestId":")");
      if (number >= 0) answers_.add(now - due(static_cast<std::uint64_t>(number)));
      if (message.find(R"("status":"error")") != std::string_view::npos) ++errors_;
    } else if (message.starts_with(R"({"type":"PATCH")") && fans_out()) {
      const std::int64_t version = number_after(message, R"("version":)");
      // A merged patch brings several at once.
      for (std::int64_t each = versions_[socket] + 1; each <= version; ++each)
        patches_.add(now - due(static_cast<std::uint64_t>(each - first_version_ - 1)));
      versions_[socket] = version;
    } else if (message.starts_with(R"({"type":"ERROR")")) {
      ++answered_;
      ++errors_;
    }
  }

  bool waiting_for_more() const {
    if (answered_ < sent_) return true;
    return fans_out() && patches_.total() < sent_ * (clients_.size() - options_.stuck);
  }

  void report(double before, double connected) const {
    if (sent_ > 0) {
      std::printf("%llu triggers sent, %llu answered, %llu errors, %llu not taken by the socket\n",
                  static_cast<unsigned long long>(sent_), static_cast<unsigned long long>(answered_),
                  static_cast<unsigned long long>(errors_), static_cast<unsigned long long>(refused_));
      print_times("from due to RESULT", answers_);
    }
    if (fans_out()) print_times("from due to PATCH, each reader", patches_);
    for (const auto& [code, count] : closed_)
      std::printf("%llu sockets closed by the server with %u\n", static_cast<unsigned long long>(count), code);
    if (options_.pid == 0) return;
    std::printf("server: %.1f MiB before, %.1f connected (%.1f KiB a socket), %.1f at the end\n", before,
                connected, (connected - before) * 1024 / options_.sockets, resident_mib(options_.pid));
  }

  const Options options_;
  const int poll_;
  std::vector<WsClient> clients_;  // the last ones are stuck: they never read
  std::vector<std::int64_t> versions_;
  std::int64_t first_version_ = -1;
  Clock::time_point start_{};
  std::uint64_t connected_ = 0, sent_ = 0, answered_ = 0, errors_ = 0, refused_ = 0;
  std::unordered_map<std::uint16_t, std::uint64_t> closed_;
  Histogram answers_, patches_;
};

void allow_many_sockets() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Load on the WebSockets of a running nexusd, by a fixed schedule");
  app.add_option("mode", options.mode, "idle, trigger or fanout")
      ->required()
      ->check(CLI::IsMember({"idle", "trigger", "fanout"}));
  app.add_option("--port", options.port, "port on 127.0.0.1");
  app.add_option("--panel", options.panel, "panel to connect to");
  app.add_option("--tool", options.tool, "tool to trigger");
  app.add_option("--subprotocol", options.subprotocol, "to offer; messages are read as JSON");
  app.add_option("--sockets", options.sockets, "sockets to open")->check(CLI::Range(1u, 20000u));
  app.add_option("--stuck", options.stuck, "of them, how many never read");
  app.add_option("--rate", options.rate, "triggers a second, all sockets together")->check(CLI::Range(0.1, 100000.0));
  app.add_option("--seconds", options.seconds, "how long")->check(CLI::Range(0.1, 600.0));
  app.add_option("--pid", options.pid, "of the server, to show its memory");
  CLI11_PARSE(app, argc, argv);
  if (options.stuck >= options.sockets) {
    std::fprintf(stderr, "wsload: --stuck must leave a socket that reads\n");
    return 1;
  }
  allow_many_sockets();
  Load(options).run();
  return 0;
}
