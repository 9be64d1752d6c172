#include "nexus/metrics/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace nexus::metrics {
namespace {

TEST(TextWriter, WritesHelpTypeAndSamples) {
  std::string out = "before\n";
  TextWriter writer(out);
  writer.counter("nexus_things_total", "Things made.");
  writer.sample({}, std::uint64_t{3});
  writer.gauge("nexus_rate", "A share.");
  writer.sample({{"kind", "a"}, {"of", "b"}}, 0.5, 4);
  EXPECT_EQ(out,
            "before\n"
            "# HELP nexus_things_total Things made.\n"
            "# TYPE nexus_things_total counter\n"
            "nexus_things_total 3\n"
            "# HELP nexus_rate A share.\n"
            "# TYPE nexus_rate gauge\n"
            "nexus_rate{kind=\"a\",of=\"b\"} 0.5000\n");
}

TEST(TextWriter, EscapesLabelValues) {
  std::string out;
  TextWriter writer(out);
  writer.gauge("g", "h");
  out.clear();
  writer.sample({{"l", "a\"b\\c\nd"}}, std::uint64_t{1});
  EXPECT_EQ(out, "g{l=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(TextWriter, KeepsEveryDigitOfACount) {
  std::string out;
  TextWriter writer(out);
  writer.counter("c_total", "h");
  out.clear();
  writer.sample({}, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(out, "c_total 18446744073709551615\n");
}

TEST(TextWriter, SpellsWhatIsNotFinite) {
  std::string out;
  TextWriter writer(out);
  writer.gauge("g", "h");
  out.clear();
  writer.sample({}, std::numeric_limits<double>::quiet_NaN(), 2);
  writer.sample({}, std::numeric_limits<double>::infinity(), 2);
  writer.sample({}, -std::numeric_limits<double>::infinity(), 2);
  EXPECT_EQ(out, "g NaN\ng +Inf\ng -Inf\n");
}

}  // namespace
}  // namespace nexus::metrics
