#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/engine/engine.h"
#include "nexus/loop/loop.h"
#include "nexus/metrics/metrics.h"
#include "nexus/extension/approval_extension.h"
#include "nexus/panel/workspace.h"
#include "nexus/value/value.h"

namespace nexus::panel {
class FaultList;
}

namespace nexus::auth {
class Authenticator;
}

// HTTP and WebSocket in front of a workspace, as docs/PROTOCOL.md describes them. Sockets,
// sessions, routes and back-pressure; what a panel does with a request is the panel's business.
namespace nexus::server {

// Connections beyond Limits::connections that are still answered: probes as ever, so that nobody restarts a server
// that is merely busy, everything else with 503. What comes on top is closed at once.
inline constexpr std::size_t kSpareConnections = 64;

// Bounds on what one client may cost. 0 is never "unlimited".
struct Limits {
  std::size_t connections = 10000;  // all ports together; more are 503, see kSpareConnections
  std::size_t ws_per_panel = 2000;  // WebSockets of one panel; one more is 429
  std::size_t header_bytes = 16 * 1024;       // request line and header fields; more is 431
  std::size_t body_bytes = 1024 * 1024;       // BODY_LIMIT; more is 413
  std::size_t message_bytes = 1024 * 1024;    // one WebSocket message; more closes with 1009
  std::size_t queue_bytes = 8 * 1024 * 1024;  // waiting for one client; more closes it with 1013
  std::size_t queue_frames = 2000;            // the same, in frames
  std::size_t coalesce_frames = 32;           // so many waiting, and further patches are merged
  std::size_t triggers_in_flight = 100;       // of one WebSocket client, writes included
  std::uint32_t message_rate = 500;           // a second of one WebSocket client; then it is read slower
  std::uint32_t control_rate = 50;            // pings and pongs a second; more closes with 1008
  std::chrono::milliseconds header_time{
      10000};  // from a request's first byte to the end of its header
  std::chrono::milliseconds body_time{30000};   // to read one body
  std::chrono::milliseconds write_time{30000};  // to write one answer, or one message
  std::chrono::milliseconds idle_time{
      65000};  // between requests; and of a WebSocket that answers no ping
  std::chrono::milliseconds close_time{2000};   // for a closing handshake before the socket is cut
  std::chrono::milliseconds drain_time{10000};  // stop() waits so long for requests under way
};

// Who may do what.
struct AccessOptions {
  // Turns tokens into identities and outlives the server; nullptr: everybody may do everything.
  auth::Authenticator* authenticator = nullptr;
  std::string workspace{panel::kDefaultOwner};  // owns what is created without authentication
  std::uint32_t address_rate = 200;             // requests a second of one address
  std::uint32_t identity_rate = 200;  // the same of one identity, messages of its sockets included
  std::vector<std::string> trusted_proxies;  // TRUSTED_PROXIES: whose X-Forwarded-For is believed
};

// How one request ended, or one TRIGGER of a WebSocket, whose status is 0.
struct RequestReport {
  std::string_view method, route, panel;  // the route's pattern; the panel may be empty
  int status;
  const trace::TraceContext& trace;
  Clock::Wall start, end;
};

struct Options {
  std::string host = "127.0.0.1";  // numeric address to bind, or "localhost"
  std::uint16_t http_port = 3000;  // 0: any free port
  std::uint16_t ws_port = 3001;    // 0: any free port
  // Serves /metrics and the probes, and then nothing else does /metrics. Absent: HTTP_PORT serves it.
  std::optional<std::uint16_t> metrics_port = std::nullopt;
  Limits limits;
  AccessOptions access;
  std::string assets_dir;  // the built pages; empty: serve none
  std::vector<std::string>
      allowed_hosts;  // ALLOWED_HOSTS: names accepted in Host besides the own ones
  std::vector<std::string> cors_origins;  // CORS_ORIGINS: foreign origins that may call; "*" is all
  bool debug_errors = false;              // DEBUG_ERRORS: results carry location, snippet and stack
  std::string version = "dev";            // shown by /health
  // Whether the executor can run a handler now: /readyz and /health. Absent: always.
  std::function<bool()> ready;
  // Told of every request, on the loop; what it is given lives as long as the call. Present: traces that begin here are
  // marked as recorded.
  std::function<void(const RequestReport&)> on_request;
  // The last slow and failed runs, for /admin/status. Absent: not shown.
  std::function<value::Object()> recent_runs;
  // How this process is confined, for /health. Absent: not said.
  std::function<value::Object()> sandbox;
  // What does not load; outlives the server. nullptr: nothing is known of it.
  const panel::FaultList* faults = nullptr;
  // Where runs wait for people; outlives the server. nullptr: nowhere.
  extension::Approvals* approvals = nullptr;
  // For /metrics and /health. Absent: zeros.
  std::function<engine::Stats()> engine_stats;
};

// Listens on two ports, HTTP on one and WebSockets on both, and perhaps on one for metrics. Lives on the loop.
class Server {
 public:
  // Binds the ports and accepts from the loop's next turn on. What is given outlives the server.
  // Loop thread, or before anybody runs the loop.
  // Errors: kUnavailable when a port is in use or may not be bound, kInvalidArgument for a bad
  // option; the message names the setting.
  static Result<std::unique_ptr<Server>> start(loop::Loop& loop, panel::Workspace& workspace,
                                               metrics::Metrics& metrics, const Options& options);

  // Closes what is still open, without a farewell. Loop thread, or after the loop has ended; the
  // panels must still be alive.
  virtual ~Server() = default;

  // The ports in use, also when the options said 0.
  virtual std::uint16_t http_port() const = 0;
  virtual std::uint16_t ws_port() const = 0;
  virtual std::uint16_t metrics_port() const = 0;  // 0: there is none

  // Takes over what can change while it runs: hosts, origins, and of `access` all but the workspace. Error
  // kInvalidArgument as from start(), and nothing changed. Loop thread.
  virtual Result<void> reload(const Options& options) = 0;

  // From now on /readyz answers 503, so that whoever distributes requests sends no more; all else goes on. Loop thread.
  virtual void announce_stop() = 0;

  // Stops accepting, lets requests under way finish for at most `drain_time`, closes WebSockets with 1001, a hint when
  // to come back in the reason, and then calls `done`, never from inside stop(). What is not finished by then is
  // answered 503, or closed with 1001. Loop thread.
  virtual void stop(std::function<void()> done) = 0;
  // Makes a stop() under way behave as if its time were over. Loop thread.
  virtual void hurry() = 0;
};

}  // namespace nexus::server
