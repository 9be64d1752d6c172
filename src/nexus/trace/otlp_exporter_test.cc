#include "nexus/trace/otlp_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nexus::trace {
namespace {

using std::chrono::hours;

// Nobody listens on port 1. tests/e2e/traces_test.mjs has a collector.
constexpr const char* kNobody = "http://127.0.0.1:1";

TEST(OtlpExporter, RefusesWhatIsNoWebAddress) {
  for (const char* bad : {"", "127.0.0.1:4318", "grpc://127.0.0.1:4317", "http://"}) {
    OtlpOptions options;
    options.endpoint = bad;
    const auto made = OtlpExporter::create(options);
    ASSERT_FALSE(made.ok()) << bad;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(made.error().message, testing::HasSubstr(std::string("\"") + bad + "\""));
  }
}

TEST(OtlpExporter, DropsWhatItHasNoRoomFor) {
  OtlpOptions options;
  options.endpoint = kNobody;
  options.max_waiting = 3;
  options.interval = hours(1);
  const auto exporter = OtlpExporter::create(options);
  ASSERT_TRUE(exporter.ok());
  for (int i = 0; i < 5; ++i) (*exporter)->take({});
  EXPECT_EQ((*exporter)->counts().dropped, 2u);
  EXPECT_EQ((*exporter)->counts().exported, 0u);
}

TEST(OtlpExporter, SaysOnceWhyNothingArrives) {
  std::vector<std::string> warnings;
  {
    OtlpOptions options;
    options.endpoint = kNobody;
    options.max_batch = 1;
    options.interval = hours(1);
    options.on_warning = [&](std::string_view text) { warnings.emplace_back(text); };
    const auto exporter = OtlpExporter::create(options);
    ASSERT_TRUE(exporter.ok());
    for (int i = 0; i < 3; ++i) (*exporter)->take({});
  }
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], testing::StartsWith("traces cannot be sent to http://127.0.0.1:1/v1/traces: "));
}

}  // namespace
}  // namespace nexus::trace
