#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "nexus/nxml/nxml.h"

// Every tests/golden/nxml/NAME.nxml has NAME.expected beside it: one line for each diagnostic, and
// after those the AST as JSON when the document is good. NEXUS_UPDATE_GOLDEN=1 rewrites them; the
// difference is for review.
namespace nexus::nxml {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(NEXUS_SOURCE_DIR) / "tests/golden/nxml";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> documents() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kFolder))
    if (entry.path().extension() == ".nxml") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

std::string describe(const ParseResult& result) {
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics) out += format(diagnostic, "") + "\n";
  if (result.document) out += to_whole_json(*result.document) + "\n";
  return out;
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, MatchesWhatIsExpected) {
  const fs::path expected_path = fs::path(GetParam()).replace_extension(".expected");
  const std::string actual = describe(parse(read_file(GetParam())));
  if (std::getenv("NEXUS_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(expected_path, std::ios::binary) << actual;
  }
  EXPECT_EQ(read_file(expected_path), actual);
}

// A file called bad_* must be refused and one called good_* accepted, whatever its .expected says.
TEST_P(Golden, IsGoodOrBadAsItsNameSays) {
  const bool is_good = GetParam().filename().string().rfind("good_", 0) == 0;
  const ParseResult result = parse(read_file(GetParam()));
  EXPECT_EQ(result.document != nullptr, is_good);
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  return info.param.stem().string();
}

INSTANTIATE_TEST_SUITE_P(Documents, Golden, testing::ValuesIn(documents()), name_of);

TEST(GoldenFolder, HoldsThirtyBadDocumentsAndEveryCode) {
  const std::set<std::string> codes = {
      "PARSE_ERROR",         "SCHEMA_ERROR",        "INVALID_IDENTIFIER",
      "INVALID_TYPE",        "MISSING_REQUIRED",    "DUPLICATE_STATE",
      "DUPLICATE_TOOL",      "DUPLICATE_VIEW_ID",   "DUPLICATE_EXTENSION_ALIAS",
      "DUPLICATE_LIFECYCLE", "DUPLICATE_ARG",       "DUPLICATE_ATTRIBUTE",
      "DUPLICATE_HANDLER",   "UNUSED_STATE",        "UNDEFINED_STATE_REFERENCE",
      "UNUSED_TOOL",         "INVALID_CAPABILITY",  "UNDEFINED_TOOL_REFERENCE",
      "INVALID_EXPRESSION",  "INVALID_BINDING",     "INVALID_SCOPE_REFERENCE",
      "COMPUTED_CYCLE",      "UNKNOWN_ATTRIBUTE",   "NO_MOUNT_WITH_EXTENSIONS",
      "UNKNOWN_COMPONENT",   "IGNORED_TEXT",        "INVALID_ARGUMENT",
      "INVALID_TRIGGER",     "TOO_MANY_DIAGNOSTICS"};
  std::set<std::string> seen;
  int bad = 0;
  for (const fs::path& path : documents()) {
    const ParseResult result = parse(read_file(path));
    if (!result.document) ++bad;
    for (const Diagnostic& diagnostic : result.diagnostics) seen.insert(diagnostic.code);
  }
  EXPECT_GE(bad, 30);
  EXPECT_EQ(seen, codes);
}

}  // namespace
}  // namespace nexus::nxml
