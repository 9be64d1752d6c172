#pragma once

#include <memory>
#include <string>

#include "nexus/panel/workspace.h"
#include "nexus/server/server.h"
#include "nexus/trace/otlp_exporter.h"
#include "settings.h"

namespace nexusd {

// Turns what the server and the panels report into spans: one for each request, below it one for each segment of the run
// it triggered and one for each call to an extension. docs/OPERATIONS.md, "Traces".
class Traces {
 public:
  // Null when OTEL_EXPORTER_OTLP_ENDPOINT is not set. Error kInvalidArgument names the setting.
  static nexus::Result<std::unique_ptr<Traces>> create(const Settings& settings, std::string version);

  void on_request(const nexus::server::RequestReport& report);
  void on_segment(const nexus::panel::SegmentReport& report);
  void on_call(const nexus::panel::CallReport& report);
  // Appends to the answer of /metrics.
  void write_metrics(std::string& out) const;

 private:
  explicit Traces(std::unique_ptr<nexus::trace::OtlpExporter> exporter) : exporter_(std::move(exporter)) {}

  const std::unique_ptr<nexus::trace::OtlpExporter> exporter_;
};

}  // namespace nexusd
