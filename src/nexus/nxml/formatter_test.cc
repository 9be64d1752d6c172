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

namespace nexus::nxml {
namespace {

using value::Value;

std::string formatted(const std::string& source) {
  Formatted result = reformat(source);
  if (result.text) return *result.text;
  ADD_FAILURE() << format(result.diagnostics.front(), "") << "\n" << source;
  return "";
}

std::string without_indentation(const std::string& code) {
  if (code.find('`') != std::string::npos) return code;
  std::string out;
  bool at_start = true;
  for (const char c : code) {
    if (at_start && (c == ' ' || c == '\t')) continue;
    at_start = c == '\n';
    if (c != '\r') out += c;
  }
  return out;
}

// The tree without what formatting may change: positions, and the indentation of code.
Value essence(const Value& value) {
  if (value.is_list()) {
    value::List list;
    for (const Value& item : value.list()) list.push_back(essence(item));
    return Value(std::move(list));
  }
  if (!value.is_object()) return value;
  value::Object object;
  for (const auto& [key, member] : value.object()) {
    if (key == "loc") continue;
    object.set(key, key == "code" ? Value(without_indentation(member.string())) : essence(member));
  }
  return Value(std::move(object));
}

// What a reader of the document is told: the tree, or else what is wrong.
std::string meaning(const std::string& source) {
  const ParseResult result = parse(source);
  std::string out;
  // A repeated attribute is written once.
  std::vector<std::string> messages;
  for (const Diagnostic& diagnostic : result.diagnostics)
    if (diagnostic.code != "DUPLICATE_ATTRIBUTE")
      messages.push_back(diagnostic.code + diagnostic.message.substr(0, 20) + "\n");
  std::sort(messages.begin(), messages.end());
  for (const std::string& message : messages) out += message;
  if (result.document == nullptr) return out;
  auto tree = value::parse_json(to_whole_json(*result.document), {4096, 64 * 1024 * 1024});
  if (!tree.ok()) return out + tree.error().message;
  value::write_json(essence(*tree), out);
  return out;
}

void expect_same_document(const std::string& source) {
  const std::string text = formatted(source);
  EXPECT_EQ(meaning(text), meaning(source)) << source << "\n---\n" << text;
  EXPECT_EQ(formatted(text), text) << source;
}

TEST(Formatter, PutsEachElementOnItsLine) {
  EXPECT_EQ(formatted("<NexusPanel title='T'><Data><State name='n'></State></Data>"
                      "<View ><Layout/></View></NexusPanel>"),
            "<NexusPanel title=\"T\">\n"
            "  <Data>\n"
            "    <State name=\"n\"/>\n"
            "  </Data>\n"
            "  <View>\n"
            "    <Layout/>\n"
            "  </View>\n"
            "</NexusPanel>\n");
  EXPECT_EQ(formatted("<NexusPanel></NexusPanel>"), "<NexusPanel>\n</NexusPanel>\n");
}

TEST(Formatter, KeepsQuotesThatTheValueNeeds) {
  EXPECT_EQ(formatted(R"(<a b='x' c='say "x"' d="it's" e="\"" f='\'' g/>)"),
            "<a b=\"x\" c='say \"x\"' d=\"it's\" e=\"\\\"\" f=\"\\'\" g/>\n");
}

TEST(Formatter, BreaksLongTagsByAttribute) {
  const std::string wide(60, 'x');
  EXPECT_EQ(formatted("<a><b c='" + wide + "' d='" + wide + "'/></a>"),
            "<a>\n  <b\n      c=\"" + wide + "\"\n      d=\"" + wide + "\"/>\n</a>\n");
  EXPECT_EQ(formatted("<a><b c='1\n2' d='3'/></a>"),
            "<a>\n  <b\n      c=\"1\n2\"\n      d=\"3\"/>\n</a>\n");
}

TEST(Formatter, KeepsCommentsWhereTheySpeak) {
  EXPECT_EQ(
      formatted("<!-- top -->\n\n\n<a> <!-- of a -->\n\n<!-- of b --><b/>  <!-- b too -->\n\n\n"
                "<c/><!-- two\n lines --></a> the rest"),
      "<!-- top -->\n\n<a> <!-- of a -->\n\n  <!-- of b -->\n  <b/> <!-- b too -->\n\n"
      "  <c/> <!-- two\n lines -->\n</a>\nthe rest\n");
}

TEST(Formatter, MovesCodeAsABlock) {
  EXPECT_EQ(formatted("<a><Handler>\n\n\tif (x) {\n\t  y();\n\n\t}\n</Handler></a>"),
            "<a>\n  <Handler>\n    if (x) {\n      y();\n\n    }\n  </Handler>\n</a>\n");
  EXPECT_EQ(formatted("<a><Handler>if (x) {\n         y();\n       }</Handler></a>"),
            "<a>\n  <Handler>\n    if (x) {\n      y();\n    }\n  </Handler>\n</a>\n");
  EXPECT_EQ(formatted("<a><Handler>\nf(\n  1);\n</Handler></a>"),
            "<a>\n  <Handler>\n    f(\n      1);\n  </Handler>\n</a>\n");
  EXPECT_EQ(formatted("<a><Handler> x() </Handler><Handler> </Handler></a>"),
            "<a>\n  <Handler>x()</Handler>\n  <Handler/>\n</a>\n");
  EXPECT_EQ(formatted("<a><Handler>\n<![CDATA[\nif (a < b)\n  f();]]></Handler></a>"),
            "<a>\n  <Handler><![CDATA[\n    if (a < b)\n      f();\n  ]]></Handler>\n</a>\n");
}

TEST(Formatter, LeavesCodeAloneThatMovingWouldChange) {
  for (const std::string& code :
       {std::string("\n  const a = `x\n  y`;\n"), std::string("\n  const a = 'x\\\n  y';\n"),
        std::string("\n a();<![CDATA[ b(); ]]>\n  c();\n"),
        std::string("\n <!-- why -->\n  a();\n")})
    EXPECT_EQ(formatted("<a><Handler>" + code + "</Handler></a>"),
              "<a>\n  <Handler>" + code + "</Handler>\n</a>\n");
}

TEST(Formatter, KeepsTheKindOfLineEnds) {
  EXPECT_EQ(formatted("<a>\r\n<b/><Handler>\r\n  x();\r\n    y();\r\n</Handler></a>\r\n"),
            "<a>\r\n  <b/>\r\n  <Handler>\r\n    x();\r\n      y();\r\n  </Handler>\r\n</a>\r\n");
}

TEST(Formatter, RefusesWhatIsNotWellFormed) {
  const Formatted result = reformat("<a>\n<b c=1/></a>");
  EXPECT_FALSE(result.text.has_value());
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics.front().span.start.line, 2);
}

TEST(Formatter, KeepsTheMeaningOfEveryGoldenDocument) {
  int count = 0;
  const auto folder = std::filesystem::path(NEXUS_SOURCE_DIR) / "tests/golden/nxml";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".nxml") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string source{std::istreambuf_iterator<char>(file),
                             std::istreambuf_iterator<char>()};
    if (!reformat(source).text) continue;
    SCOPED_TRACE(entry.path().filename());
    expect_same_document(source);
    ++count;
  }
  EXPECT_GT(count, 20);
}

// Random documents: any nesting of known and unknown elements, in any spelling.
class Writer {
 public:
  explicit Writer(std::uint32_t seed) : random_(seed) {}

  std::string document() {
    std::string out = some_of({"", "\xEF\xBB\xBF", "<!-- head -->", " <!-- a -->\n\n<!-- b -->"});
    out += "<NexusPanel title=" + quoted("T") + ">" + gap();
    if (chance(3)) out += "<Data>" + repeat(&Writer::data) + "</Data>" + gap();
    if (chance(3)) out += "<Logic>" + repeat(&Writer::logic) + "</Logic>" + gap();
    out += "<View>" + gap() + node(0) + gap() + "</View>" + gap() + "</NexusPanel>";
    return out + some_of({"", "\n", " left over "});
  }

 private:
  bool chance(unsigned of) { return random_() % of != 0; }
  std::string some_of(const std::vector<std::string>& options) {
    return options[random_() % options.size()];
  }
  std::string repeat(std::string (Writer::*item)()) {
    std::string out = gap();
    for (unsigned i = random_() % 4; i > 0; --i) out += (this->*item)() + gap();
    return out;
  }
  std::string gap() {
    return some_of({"", "", " ", "\n", "\n\n\n", "\t\n  ", "<!-- note -->", "\n<!-- a\n  b -->\n",
                    " <!-- x --> <!-- y -->", "<![CDATA[ junk > ]]>", " junk text\n  more ",
                    "\r\n"});
  }
  std::string quoted(const std::string& value) {
    const std::string mark = value.find('\'') == std::string::npos ? some_of({"\"", "'"}) : "\"";
    return value.find('"') == std::string::npos ? mark + value + mark : "'" + value + "'";
  }
  std::string name() { return "n" + std::to_string(next_++); }
  std::string data() {
    const std::string tag =
        "<State " + some_of({"", "\n "}) + "name=" + quoted(name()) +
        some_of({"", " type='list' default='[\"a\",\n \"b\"]'", " default=\"it's\""});
    return tag + some_of({"/>", " />", "></State>"});
  }
  std::string code() {
    return some_of({"", "x()", "\n  if (a < b) {\n    c();\n  }\n", "a();\n     b();",
                    "\n\ta();\n\t\tb();\n", "const t = `a\n   b`;\n c();",
                    "<![CDATA[\n  d();\n\n    e();\n]]>",
                    "<![CDATA[a();]]>\n b(); <![CDATA[ c();\n ]]>", "\n<!-- c -->\n  f();\n",
                    "'a\\\n  b'", "\r\n  g();\r\n    h();\r\n"});
  }
  std::string logic() {
    return "<Tool name=" + quoted(name()) + ">" + gap() +
           some_of({"", "<Arg name='a' default='1'></Arg>", "<Trigger type='manual'/>",
                    "<Capabilities></Capabilities>"}) +
           gap() + "<Handler>" + code() + "</Handler>" + "</Tool>";
  }
  std::string node(int depth) {
    if (depth > 3 || !chance(4))
      return "<Text content=" +
             quoted(some_of({"a", "it's", "say \"x\"", "a < b > c", "{1 + 1}", "two\nlines",
                             std::string(70, 'w')})) +
             some_of({"", " variant='h1'", "\nvariant = \"code\""}) + "/>";
    std::string out = "<" + some_of({"Layout", "Container"});
    const std::string type = out.substr(1);
    out += ">" + gap();
    for (unsigned i = random_() % 4; i > 0; --i) out += node(depth + 1) + gap();
    return out + "</" + type + some_of({">", " >"});
  }

  std::mt19937 random_;
  int next_ = 0;
};

TEST(Formatter, KeepsTheMeaningOfRandomDocuments) {
  for (std::uint32_t seed = 1; seed <= 1500; ++seed) {
    expect_same_document(Writer(seed).document());
    if (testing::Test::HasFailure()) return;
  }
}

std::vector<std::string> comments_in(const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = text.find("<!--"); at != std::string::npos; at = text.find("<!--", at + 4))
    found.push_back(text.substr(at, text.find("-->", at) - at));
  return found;
}

TEST(Formatter, LosesNoComment) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    const std::string source = Writer(seed).document();
    EXPECT_EQ(comments_in(formatted(source)), comments_in(source)) << source;
  }
}

}  // namespace
}  // namespace nexus::nxml
