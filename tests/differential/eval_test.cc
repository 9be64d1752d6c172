// Each script of scripts/ in the sandbox and in the same engine built natively: what they print,
// how they end and what they complain of must be equal to the last byte.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace nexus::differential {
namespace {

struct Result {
  std::string output;  // stdout and stderr in the order in which they were written
  int status = -1;
};

Result run(const std::string& program, const std::filesystem::path& script) {
  Result result;
  FILE* const pipe = popen((program + " '" + script.string() + "' 2>&1").c_str(), "r");
  if (pipe == nullptr) return result;
  std::array<char, 65536> buffer;
  for (std::size_t got; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    result.output.append(buffer.data(), got);
  result.status = pclose(pipe);
  return result;
}

std::vector<std::string> scripts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(NEXUS_SCRIPTS))
    names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

class EvalAgainstNative : public testing::TestWithParam<std::string> {};

TEST_P(EvalAgainstNative, PrintsTheSame) {
  const std::filesystem::path script = std::filesystem::path(NEXUS_SCRIPTS) / (GetParam() + ".js");
  const Result sandboxed = run(std::string("'") + NEXUS_PROGRAM + "' eval", script);
  const Result native = run(std::string("'") + NEXUS_TWIN + "'", script);
  EXPECT_GT(native.output.size(), 1u) << "a script that prints nothing compares nothing";
  EXPECT_EQ(sandboxed.output, native.output);
  EXPECT_EQ(sandboxed.status, native.status);
}

INSTANTIATE_TEST_SUITE_P(Scripts, EvalAgainstNative, testing::ValuesIn(scripts()),
                         [](const auto& tested) { return tested.param; });

TEST(EvalScripts, AreSixtyOrMore) { EXPECT_GE(scripts().size(), 60u); }

}  // namespace
}  // namespace nexus::differential
