#include "nexus/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "nexus/metrics/text.h"

namespace nexus::metrics {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

TEST(Metrics, EveryKnownSeriesIsThereAtZero) {
  Metrics metrics;
  metrics.route("/panels");
  const std::string text = metrics.text();
  for (const char* line : {
           "nexus_http_requests_total{route=\"/panels\",status=\"1xx\"} 0",
           "nexus_http_requests_total{route=\"/panels\",status=\"2xx\"} 0",
           "nexus_http_requests_total{route=\"/panels\",status=\"5xx\"} 0",
           "nexus_http_request_seconds_count{route=\"/panels\"} 0",
           "nexus_websocket_clients 0",
           "nexus_websocket_messages_total{direction=\"in\"} 0",
           "nexus_websocket_messages_total{direction=\"out\"} 0",
           "nexus_websocket_frames_dropped_total 0",
           "nexus_websocket_clients_cut_total{reason=\"slow_reader\"} 0",
           "nexus_websocket_clients_cut_total{reason=\"idle\"} 0",
           "nexus_connections_refused_total 0",
       }) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

TEST(Metrics, CountsARequestUnderTheClassOfItsStatus) {
  Metrics metrics;
  metrics.route("/panels").observe(201, milliseconds(3));
  metrics.route("/panels").observe(204, milliseconds(700));
  metrics.route("/panels").observe(404, milliseconds(1));
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("{route=\"/panels\",status=\"2xx\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("{route=\"/panels\",status=\"4xx\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("nexus_http_request_seconds_count{route=\"/panels\"} 3\n"));
  EXPECT_THAT(text,
              HasSubstr("nexus_http_request_seconds_bucket{route=\"/panels\",le=\"0.5\"} 2\n"));
}

TEST(Metrics, AStatusOutsideHttpIsCountedAtTheNearestClass) {
  Metrics metrics;
  metrics.route("/x").observe(0, milliseconds(1));
  metrics.route("/x").observe(999, milliseconds(1));
  EXPECT_THAT(metrics.text(), HasSubstr("{route=\"/x\",status=\"1xx\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("{route=\"/x\",status=\"5xx\"} 1\n"));
}

TEST(Metrics, CountsWhatHappensToSockets) {
  Metrics metrics;
  metrics.websocket_opened();
  metrics.websocket_opened();
  metrics.websocket_closed();
  metrics.message_received();
  metrics.message_sent(7);
  metrics.frames_dropped(7);
  metrics.client_cut(CutReason::kSlowReader);
  metrics.connection_refused();
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("nexus_websocket_clients 1\n"));
  EXPECT_THAT(text, HasSubstr("{direction=\"in\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{direction=\"out\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("nexus_websocket_frames_dropped_total 7\n"));
  EXPECT_THAT(text, HasSubstr("{reason=\"slow_reader\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{reason=\"idle\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("nexus_connections_refused_total 1\n"));
}

TEST(Metrics, SourcesAreReadAtEachScrape) {
  Metrics metrics;
  std::uint64_t now = 1;
  metrics.add_source([&now](std::string& out) {
    TextWriter writer(out);
    writer.gauge("nexus_panels", "Panels alive.");
    writer.sample({}, now);
  });
  EXPECT_THAT(metrics.text(), HasSubstr("\nnexus_panels 1\n"));
  now = 2;
  EXPECT_THAT(metrics.text(), HasSubstr("\nnexus_panels 2\n"));
}

// The rules of the text format: each family has one HELP and one TYPE before its samples, and a
// name that ends in _total is a counter and the other way round.
TEST(Metrics, TextKeepsTheFormatsRules) {
  Metrics metrics;
  metrics.route("/panels").observe(200, milliseconds(1));
  std::istringstream lines(metrics.text());
  std::set<std::string> helped, typed;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, keyword, name, rest;
    words >> hash >> keyword >> name >> rest;
    if (hash != "#") continue;
    if (keyword == "HELP") {
      EXPECT_TRUE(helped.insert(name).second) << name;
    }
    if (keyword == "TYPE") {
      EXPECT_TRUE(typed.insert(name).second) << name;
      EXPECT_EQ(name.ends_with("_total"), rest == "counter") << name;
    }
  }
  EXPECT_EQ(helped, typed);
  EXPECT_EQ(typed.size(), 12u);
}

}  // namespace
}  // namespace nexus::metrics
