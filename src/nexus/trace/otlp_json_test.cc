#include "nexus/trace/otlp_json.h"

#include <gtest/gtest.h>

namespace nexus::trace {
namespace {

Clock::Wall at_ms(std::int64_t ms) { return Clock::Wall(std::chrono::milliseconds(ms)); }

TEST(OtlpJson, IsTheJsonFormOfAnExportRequest) {
  const Span root{.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
                  .span_id = "00f067aa0ba902b7",
                  .parent_id = {},
                  .name = "POST /panels/{id}/trigger/{tool}",
                  .kind = Span::Kind::kServer,
                  .start = at_ms(1700000000000),
                  .end = at_ms(1700000000002),
                  .attributes = {{"http.response.status_code", 200}, {"ok", true}, {"part", 0.5}},
                  .error = {}};
  const Span step{.trace_id = root.trace_id,
                  .span_id = "00f067aa0ba902b8",
                  .parent_id = root.span_id,
                  .name = "run",
                  .kind = Span::Kind::kInternal,
                  .start = root.start,
                  .end = root.end,
                  .attributes = {},
                  .error = "TIMEOUT"};
  EXPECT_EQ(
      to_otlp_json({"nexusd", "1.2"}, std::vector<Span>{root, step}),
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"nexusd"}},)"
      R"({"key":"service.version","value":{"stringValue":"1.2"}}]},"scopeSpans":[{"scope":{"name":"nexus"},"spans":[)"
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7",)"
      R"("name":"POST /panels/{id}/trigger/{tool}","kind":2,"startTimeUnixNano":"1700000000000000000",)"
      R"("endTimeUnixNano":"1700000000002000000","attributes":[)"
      R"({"key":"http.response.status_code","value":{"intValue":"200"}},{"key":"ok","value":{"boolValue":true}},)"
      R"({"key":"part","value":{"doubleValue":0.5}}]},)"
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b8","parentSpanId":"00f067aa0ba902b7",)"
      R"("name":"run","kind":1,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000002000000",)"
      R"("attributes":[],"status":{"code":2,"message":"TIMEOUT"}}]}]}]})");
}

}  // namespace
}  // namespace nexus::trace
