#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace nexus::metrics {

// Writes samples in the Prometheus text format 0.0.4, for numbers that some other part keeps and
// that are read at scrape time. Names and label names are literals of the caller; label values are
// escaped.
class TextWriter {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // Appends to `out`, which outlives the writer.
  explicit TextWriter(std::string& out) : out_(out) {}

  // Start a family; the samples that follow belong to it. A counter's name ends in _total.
  void counter(std::string_view name, std::string_view help);
  void gauge(std::string_view name, std::string_view help);
  // A whole family of one series. `counts` holds one number for each bucket, not cumulative, and one
  // more for what is above the last bound.
  void histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                 std::span<const std::uint64_t> counts, double sum);

  void sample(Labels labels, std::uint64_t value);
  // With a fixed number of decimals; NaN and infinities in Prometheus's spelling.
  void sample(Labels labels, double value, int decimals);

 private:
  void family(std::string_view name, std::string_view type, std::string_view help);
  void begin_sample(Labels labels);

  std::string& out_;
  std::string_view name_;  // of the current family
};

}  // namespace nexus::metrics
