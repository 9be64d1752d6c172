#include "nexus/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <utility>

namespace nexus::metrics {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

// From a cached read to a run that waits for its extension up to the suspension deadline of a
// minute.
const Histogram::BucketBoundaries kSecondsBuckets = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

prometheus::Family<Counter>& counters(prometheus::Registry& registry, const char* name,
                                      const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Family<Gauge>& gauges(prometheus::Registry& registry, const char* name,
                                  const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

prometheus::Family<Histogram>& histograms(prometheus::Registry& registry, const char* name,
                                          const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

void RouteMetrics::observe(int status, std::chrono::nanoseconds took) {
  const int status_class = std::clamp(status / 100, 1, static_cast<int>(kClasses));
  by_class_[static_cast<std::size_t>(status_class - 1)]->Increment();
  seconds_->Observe(std::chrono::duration<double>(took).count());
}

// References into the registry, which owns every family and series.
struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Family<Counter>& requests =
      counters(registry, "nexus_http_requests_total",
               "HTTP requests answered, by route and class of status.");
  prometheus::Family<Histogram>& request_seconds = histograms(
      registry, "nexus_http_request_seconds", "Time from a request's first byte to its answer.");
  Gauge& clients =
      gauges(registry, "nexus_websocket_clients", "WebSocket clients connected now.").Add({});
  prometheus::Family<Counter>& messages =
      counters(registry, "nexus_websocket_messages_total",
               "WebSocket messages, by direction as the server sees it.");
  Counter& received = messages.Add({{"direction", "in"}});
  Counter& sent = messages.Add({{"direction", "out"}});
  Counter& sent_bytes =
      counters(registry, "nexus_websocket_sent_bytes_total", "Payload of messages sent to clients.")
          .Add({});
  Gauge& queued_messages = gauges(registry, "nexus_websocket_queued_messages",
                                  "Messages that wait to be sent, of all clients together.")
                               .Add({});
  Gauge& queued_bytes =
      gauges(registry, "nexus_websocket_queued_bytes", "The payload of messages that wait to be sent.")
          .Add({});
  Counter& dropped =
      counters(registry, "nexus_websocket_frames_dropped_total",
               "Frames queued for a client that was closed before they were written.")
          .Add({});
  prometheus::Family<Counter>& cut = counters(registry, "nexus_websocket_clients_cut_total",
                                              "WebSocket clients the server gave up, by reason.");
  Counter& cut_slow = cut.Add({{"reason", "slow_reader"}});
  Counter& cut_idle = cut.Add({{"reason", "idle"}});
  Counter& cut_flood = cut.Add({{"reason", "flood"}});
  Counter& merged = counters(registry, "nexus_websocket_patches_merged_total",
                             "Patches that became part of another because their client was behind.")
                        .Add({});
  Counter& refused = counters(registry, "nexus_connections_refused_total",
                              "TCP connections turned away because too many were open.")
                         .Add({});
  prometheus::Family<Counter>& calls =
      counters(registry, "nexus_http_extension_calls_total",
               "Calls of the http extension that ended, by outcome.");
  Histogram& call_seconds =
      histograms(registry, "nexus_http_extension_call_seconds",
                 "Time from a call of the http extension to its end.")
          .Add({}, kSecondsBuckets);
  std::map<std::string, Counter*, std::less<>> by_outcome;
  std::map<std::string, RouteMetrics, std::less<>> routes;
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

RouteMetrics& Metrics::route(std::string_view name) {
  const auto found = families_->routes.find(name);
  if (found != families_->routes.end()) return found->second;
  const std::string label(name);
  RouteMetrics& added = families_->routes[label];
  for (std::size_t i = 0; i < RouteMetrics::kClasses; ++i) {
    added.by_class_[i] =
        &families_->requests.Add({{"route", label}, {"status", std::to_string(i + 1) + "xx"}});
  }
  added.seconds_ = &families_->request_seconds.Add({{"route", label}}, kSecondsBuckets);
  return added;
}

void Metrics::websocket_opened() { families_->clients.Increment(); }
void Metrics::websocket_closed() { families_->clients.Decrement(); }
void Metrics::message_received() { families_->received.Increment(); }
void Metrics::message_sent(std::size_t bytes) {
  families_->sent.Increment();
  families_->sent_bytes.Increment(static_cast<double>(bytes));
}
void Metrics::queued(std::ptrdiff_t messages, std::ptrdiff_t bytes) {
  families_->queued_messages.Increment(static_cast<double>(messages));
  families_->queued_bytes.Increment(static_cast<double>(bytes));
}
void Metrics::http_call_outcomes(std::span<const std::string_view> outcomes) {
  for (const std::string_view outcome : outcomes)
    families_->by_outcome.emplace(outcome,
                                  &families_->calls.Add({{"outcome", std::string(outcome)}}));
}
void Metrics::http_call(std::string_view outcome, std::chrono::nanoseconds took) {
  families_->by_outcome.find(outcome)->second->Increment();
  families_->call_seconds.Observe(std::chrono::duration<double>(took).count());
}
void Metrics::frames_dropped(std::size_t count) {
  families_->dropped.Increment(static_cast<double>(count));
}
void Metrics::patches_merged() { families_->merged.Increment(); }
void Metrics::connection_refused() { families_->refused.Increment(); }

void Metrics::client_cut(CutReason reason) {
  Counter& count = reason == CutReason::kSlowReader ? families_->cut_slow
                   : reason == CutReason::kIdle     ? families_->cut_idle
                                                    : families_->cut_flood;
  count.Increment();
}

void Metrics::add_source(Source source) { sources_.push_back(std::move(source)); }

std::string Metrics::text() const {
  std::string out = prometheus::TextSerializer().Serialize(families_->registry.Collect());
  for (const Source& source : sources_) source(out);
  return out;
}

}  // namespace nexus::metrics
