#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "nexus/nxml/nxml.h"
#include "nexus/value/json.h"

// Whatever the bytes: reading ends, says something about what it refuses, and what it accepts is
// good JSON.
namespace nexus::nxml {
namespace {

constexpr std::uint32_t kSeed = 20260901;
constexpr std::size_t kMaxSource = 64 * 1024;

void expect_sane(const std::string& source) {
  const ReadLimits limits;
  const ParseResult result = parse(source, limits);
  const auto is_error = [](const Diagnostic& diagnostic) {
    return diagnostic.severity == Severity::kError;
  };
  const bool has_error =
      std::any_of(result.diagnostics.begin(), result.diagnostics.end(), is_error);
  EXPECT_EQ(result.document == nullptr, has_error) << source;
  EXPECT_LE(result.diagnostics.size(), static_cast<std::size_t>(limits.diagnostics) + 1);
  for (const Diagnostic& diagnostic : result.diagnostics) {
    EXPECT_GE(diagnostic.span.start.line, 1);
    EXPECT_GE(diagnostic.span.start.column, 1);
    EXPECT_FALSE(diagnostic.message.empty());
    EXPECT_EQ(diagnostic.message.find('\n'), std::string::npos);
    EXPECT_LT(diagnostic.message.size(), 1000u);
  }
  EXPECT_TRUE(value::parse_json(to_json(result.diagnostics)).ok());
  if (!result.document) return;
  const value::ValueLimits deep{4096, 64 * 1024 * 1024};
  const std::string json = to_json(*result.document);
  EXPECT_TRUE(value::parse_json(json, deep).ok()) << json;
}

std::vector<std::string> golden_documents() {
  std::vector<std::string> documents;
  const auto folder = std::filesystem::path(NEXUS_SOURCE_DIR) / "tests/golden/nxml";
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".nxml") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    documents.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return documents;
}

// Pieces that the reader or the expression parser treats in a special way.
const std::vector<std::string>& fragments() {
  static const std::vector<std::string> kFragments = {"<",
                                                      ">",
                                                      "/>",
                                                      "</",
                                                      "<!--",
                                                      "-->",
                                                      "<![CDATA[",
                                                      "]]>",
                                                      "\"",
                                                      "'",
                                                      "\\\"",
                                                      "{",
                                                      "}",
                                                      "{{",
                                                      "${",
                                                      "`",
                                                      "$state",
                                                      "$scope.",
                                                      "?.",
                                                      "??",
                                                      "=>",
                                                      "...",
                                                      "(",
                                                      ")",
                                                      "[",
                                                      "]",
                                                      "=",
                                                      "<View>",
                                                      "</View>",
                                                      "<Handler>",
                                                      "</Handler>",
                                                      "<State name=\"a\"/>",
                                                      "bind=\"$state.a\"",
                                                      " ",
                                                      "\n",
                                                      "\xC3\xBC",
                                                      "\xFF",
                                                      "0",
                                                      "1e9",
                                                      "a",
                                                      "{a}",
                                                      "/",
                                                      "<If/>"};
  return kFragments;
}

TEST(Property, RandomFragmentsAreReadOrRefused) {
  std::mt19937 random(kSeed);
  for (int round = 0; round < 1500; ++round) {
    std::string source = round % 2 == 0 ? "<NexusPanel title=\"T\"><View>" : "";
    const int pieces = static_cast<int>(random() % 60);
    for (int i = 0; i < pieces; ++i) source += fragments()[random() % fragments().size()];
    expect_sane(source);
  }
}

TEST(Property, RandomBytesAreReadOrRefused) {
  std::mt19937 random(kSeed + 1);
  for (int round = 0; round < 500; ++round) {
    std::string source;
    const int bytes = static_cast<int>(random() % 300);
    for (int i = 0; i < bytes; ++i) source += static_cast<char>(random() % 256);
    expect_sane(source);
  }
}

TEST(Property, MutatedDocumentsAreReadOrRefused) {
  std::mt19937 random(kSeed + 2);
  for (const std::string& document : golden_documents()) {
    for (int round = 0; round < 25; ++round) {
      std::string source = document;
      for (unsigned edits = 1 + random() % 4; edits > 0 && !source.empty(); --edits) {
        const std::size_t at = random() % source.size();
        const std::size_t length = std::min<std::size_t>(random() % 12, source.size() - at);
        const std::string& piece = fragments()[random() % fragments().size()];
        if (random() % 3 == 0) source.insert(at, source.substr(random() % source.size(), 40));
        source.replace(std::min(at, source.size()), length, random() % 2 == 0 ? piece : "");
      }
      expect_sane(source.substr(0, kMaxSource));
    }
  }
}

TEST(Property, EveryPrefixOfADocumentIsReadOrRefused) {
  for (const std::string& document : golden_documents()) {
    if (document.size() > 3000 || document.find("tides") == std::string::npos) continue;
    for (std::size_t length = 0; length <= document.size(); ++length)
      expect_sane(document.substr(0, length));
  }
}

std::string repeat(std::string_view text, std::size_t bytes) {
  std::string out;
  while (out.size() + text.size() <= bytes) out += text;
  return out;
}

// Each of these once took, or could easily take, time or memory that grows with the square of the
// input; a megabyte of them must stay well within the test's timeout.
TEST(Property, HugeHostileDocumentsEndSoon) {
  constexpr std::size_t kSize = 1000 * 1000;
  const std::string open = "<NexusPanel title=\"T\"><View><Layout>";
  for (const std::string_view piece :
       {"<a b=\"", "<a b='", "<!--", "<![CDATA[", "<a>", "<a/>", "</a>", "<", "<Handler>",
        "<Text content=\"{$state.x}\"/>", "<Text a a a a/>", "<Button label='b' trigger='nope'/>",
        "<If/>", "<a b=\\\"", "<a id=\"x\"/>"}) {
    expect_sane(open + repeat(piece, kSize));
  }
  for (const std::string_view piece : {"{", "{{", "{1}", "{'", "(", "((", "([", "a.", "-", "1+",
                                       "`${", "x=>", "[[", "{a:", "1?", "!"}) {
    const std::string value = repeat(piece, 65000);
    expect_sane(open + "<Text content=\"" + value + "\"/><Button args=\"" + value +
                "\"/><Text content=\"{" + value + "}\"/>");
  }
}

TEST(Property, ManyDeclarationsAndUsesStayLinear) {
  std::string data;
  std::string view;
  std::string logic;
  for (int i = 0; i < 6000; ++i) {
    const std::string n = std::to_string(i);
    data += "<State name=\"s" + n + "\"/>";
    data += "<Computed name=\"c" + n + "\" value=\"$state.c" + std::to_string(i + 1) + "\"/>";
    view += "<Text content=\"{$state.u" + n + "}\"/>";
    logic += "<Tool name=\"t" + n + "\"><Handler>$state.s" + n + "</Handler></Tool>";
  }
  expect_sane("<NexusPanel title=\"T\"><Data>" + data +
              "<Computed name=\"c6000\" value=\"$state.c0\"/></Data>" + "<View><Layout>" + view +
              "</Layout></View></NexusPanel>");
  expect_sane("<NexusPanel title=\"T\"><Data>" + data +
              "<State name=\"c6000\"/></Data></NexusPanel>");
  expect_sane("<NexusPanel title=\"T\"><Logic>" + logic + "</Logic></NexusPanel>");
}

}  // namespace
}  // namespace nexus::nxml
