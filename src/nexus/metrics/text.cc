#include "nexus/metrics/text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace nexus::metrics {
namespace {

void append_escaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace

void TextWriter::counter(std::string_view name, std::string_view help) {
  family(name, "counter", help);
}

void TextWriter::gauge(std::string_view name, std::string_view help) {
  family(name, "gauge", help);
}

void TextWriter::histogram(std::string_view name, std::string_view help,
                           std::span<const double> bounds, std::span<const std::uint64_t> counts,
                           double sum) {
  family(name, "histogram", help);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    const std::string bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
    fmt::format_to(std::back_inserter(out_), "{}_bucket{{le=\"{}\"}} {}\n", name, bound, total);
  }
  fmt::format_to(std::back_inserter(out_), "{}_sum {}\n{}_count {}\n", name, sum, name, total);
}

void TextWriter::sample(Labels labels, std::uint64_t value) {
  begin_sample(labels);
  fmt::format_to(std::back_inserter(out_), " {}\n", value);
}

void TextWriter::sample(Labels labels, double value, int decimals) {
  begin_sample(labels);
  if (std::isnan(value)) {
    out_ += " NaN\n";
  } else if (std::isinf(value)) {
    out_ += value > 0 ? " +Inf\n" : " -Inf\n";
  } else {
    fmt::format_to(std::back_inserter(out_), " {:.{}f}\n", value, decimals);
  }
}

void TextWriter::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void TextWriter::begin_sample(Labels labels) {
  out_ += name_;
  char before = '{';
  for (const auto& [label, value] : labels) {
    out_ += before;
    out_ += label;
    out_ += "=\"";
    append_escaped(value, out_);
    out_ += '"';
    before = ',';
  }
  if (labels.size() > 0) out_ += '}';
}

}  // namespace nexus::metrics
