#include "traces.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "nexus/metrics/text.h"

namespace nexusd {
namespace {

using nexus::Error;
using nexus::Result;
using nexus::trace::Span;
using nexus::trace::TraceContext;
namespace trace = nexus::trace;

constexpr int kServerErrors = 500;

// OTEL_EXPORTER_OTLP_HEADERS: "name=value,name=value", as OpenTelemetry writes them.
Result<std::vector<std::string>> parse_headers(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), entry.size() + 1));
    const std::size_t equals = entry.find('=');
    if (equals == entry.npos || equals == 0)
      return Error{nexus::ErrorCode::kInvalidArgument,
                   "OTEL_EXPORTER_OTLP_HEADERS is not a list of name=value by commas"};
    lines.push_back(fmt::format("{}: {}", entry.substr(0, equals), entry.substr(equals + 1)));
  }
  return lines;
}

// The step below `parent`.
Span below(const TraceContext& parent, std::string name) {
  const TraceContext step = trace::next_step(parent, true);
  return {.trace_id = step.trace_id,
          .span_id = step.span_id,
          .parent_id = step.parent_id,
          .name = std::move(name),
          .kind = Span::Kind::kInternal,
          .start = {},
          .end = {},
          .attributes = {},
          .error = {}};
}

}  // namespace

Result<std::unique_ptr<Traces>> Traces::create(const Settings& settings, std::string version) {
  if (settings.otlp_endpoint.empty()) return std::unique_ptr<Traces>();
  trace::OtlpOptions options;
  options.endpoint = settings.otlp_endpoint;
  NX_TRY(options.headers, parse_headers(settings.otlp_headers));
  options.resource = {settings.service_name, std::move(version)};
  options.on_warning = [](std::string_view text) { spdlog::warn("{}", text); };
  auto exporter = trace::OtlpExporter::create(std::move(options));
  if (!exporter.ok())
    return Error{exporter.error().code, "OTEL_EXPORTER_OTLP_ENDPOINT: " + exporter.error().message};
  return std::unique_ptr<Traces>(new Traces(std::move(exporter).take()));
}

void Traces::on_request(const nexus::server::RequestReport& report) {
  if (!report.trace.sampled()) return;
  Span span{.trace_id = report.trace.trace_id,
            .span_id = report.trace.span_id,
            .parent_id = report.trace.parent_id,
            .name = fmt::format("{} {}", report.method, report.route),
            .kind = Span::Kind::kServer,
            .start = report.start,
            .end = report.end,
            .attributes = {{"http.request.method", report.method}, {"http.route", report.route}},
            .error = {}};
  if (report.status != 0) span.attributes.set("http.response.status_code", report.status);
  if (!report.panel.empty()) span.attributes.set("nexus.panel", report.panel);
  if (report.status >= kServerErrors) span.error = fmt::format("status {}", report.status);
  exporter_->take(std::move(span));
}

void Traces::on_segment(const nexus::panel::SegmentReport& report) {
  if (!report.trace.sampled()) return;
  Span span = below(report.trace, fmt::format("run {}", report.handler));
  span.start = report.start;
  span.end = report.end;
  span.attributes = {{"nexus.panel", report.panel},
                     {"nexus.handler", report.handler},
                     {"nexus.run", report.outcome.run_id},
                     {"nexus.status", to_string(report.outcome.status)}};
  if (report.outcome.error) {
    const std::string_view code = nexus::to_string(report.outcome.error->code);
    span.attributes.set("error.type", code);
    span.error = code;  // the message may hold what the panel holds
  }
  exporter_->take(std::move(span));
}

void Traces::on_call(const nexus::panel::CallReport& report) {
  if (!report.trace.sampled()) return;
  Span span = below(report.trace, fmt::format("{}.{}", report.extension, report.method));
  span.kind = Span::Kind::kClient;
  span.start = report.start;
  span.end = report.end;
  span.attributes = {{"nexus.panel", report.panel},
                     {"nexus.run", report.run},
                     {"nexus.extension", report.extension},
                     {"nexus.method", report.method}};
  if (report.error != nullptr) {
    span.error = nexus::to_string(report.error->code);
    span.attributes.set("error.type", span.error);
  }
  exporter_->take(std::move(span));
}

void Traces::write_metrics(std::string& out) const {
  const auto counts = exporter_->counts();
  nexus::metrics::TextWriter writer(out);
  writer.counter("nexus_trace_spans_total", "Spans, by whether the collector took them.");
  writer.sample({{"result", "exported"}}, counts.exported);
  writer.sample({{"result", "dropped"}}, counts.dropped);
}

}  // namespace nexusd
