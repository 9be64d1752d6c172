// What reading a panel costs: parsing and checking a document of 1,000 components, beside what pugixml needs to parse
// the same file. Handlers stand in CDATA, and their JavaScript is not read by either.
//
// Wanted is a ratio of 5 at most. Measured on a quiet 2-core machine: 4.6, up to 5.1 when others use its caches. Reading
// the tags, which is what pugixml does, takes 1.2 of it; the rest builds the view with its 1,200 expressions, which XML
// knows nothing of, and checks it. With 40 % of its attributes bound, the document is a little heavier in expressions than
// those of examples/ (36 %).
//
//   nxml_bench [ROUNDS]       medians of that many rounds, the two taking turns
//   nxml_bench --print        the document
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "nexus/base/arena.h"
#include "nexus/base/check.h"
#include "nexus/nxml/element_internal.h"
#include "nexus/nxml/nxml.h"

namespace {

constexpr int kSections = 100;  // of ten components each
constexpr int kTools = 20;

std::string tool(int i) {
  return fmt::format(R"(    <Tool name="tool{0}" description="Changes the count of section {0} and says so">
      <Arg name="id" type="number" description="which row"/>
      <Arg name="note" type="string" required="false" default="none"/>
      <Handler><![CDATA[
        const row = $state.rows.find(r => r.id === $args.id);
        if (row && row.count < 100) {{
          row.count += 1;
          $state.total = $state.rows.reduce((sum, r) => sum + r.count, 0);
          $emit('toast', {{ type: 'info', message: 'section {0}: ' + $args.note }});
        }}
        return {{ ok: row !== undefined }};
      ]]></Handler>
    </Tool>
)",
                     i);
}

// Ten components, the way people write them.
std::string section(int i) {
  return fmt::format(R"(      <Container title="Section {0}" variant="card">
        <Layout strategy="row" gap="sm">
          <Text content="Section {0} of {{$state.title}}" variant="h3"/>
          <Metric label="Total" value="{{$state.total}}" unit="pcs" trend="{{$state.total > 10 ? 'up' : 'down'}}"/>
          <Input bind="$state.form.field{0}" placeholder="Type a note" inputType="text"/>
          <Button label="Count up" trigger="tool{1}" args="{{{{ id: {0}, note: $state.title }}}}" disabled="{{$state.busy}}"/>
        </Layout>
        <If condition="{{$state.rows.length > {0} && !$state.busy}}">
          <Iterate items="{{$state.rows}}" as="row" key="id">
            <Text content="{{$scope.row.name}}: {{$scope.row.count}} of {{$state.total}}" variant="body"/>
          </Iterate>
        </If>
        <StatusBadge label="{{$state.busy ? 'working' : 'ready'}}" status="info"/>
      </Container>
)",
                     i, i % kTools);
}

std::string make_document() {
  std::string out = R"(<NexusPanel id="large" title="Large" version="1.0.0" tags="bench,large">
  <Data>
    <State name="title" type="string" default="A large panel"/>
    <State name="rows" type="list" default="[]"/>
    <State name="form" type="object"/>
    <State name="total" type="number" default="0"/>
    <State name="busy" type="boolean" default="false"/>
  </Data>
  <Logic>
)";
  for (int i = 0; i < kTools; ++i) out += tool(i);
  out += "  </Logic>\n  <View>\n    <Layout strategy=\"stack\">\n";
  for (int i = 0; i < kSections; ++i) out += section(i);
  return out + "    </Layout>\n  </View>\n</NexusPanel>\n";
}

int count(const nexus::nxml::ViewNode& node) {
  int sum = 1;
  for (const auto& child : node.children) sum += count(child);
  return sum;
}

void parse_with_nexus(const std::string& document) {
  const auto result = nexus::nxml::parse(document);
  NX_CHECK(result.document != nullptr && result.diagnostics.empty());
}

// What of it pugixml does too.
void read_tags_with_nexus(const std::string& document) {
  const nexus::nxml::ReadLimits limits;
  nexus::nxml::Diagnostics diagnostics(document, limits.diagnostics);
  nexus::Arena arena;
  NX_CHECK(nexus::nxml::check_text(document, limits, diagnostics));
  NX_CHECK(nexus::nxml::read_elements(document, limits, arena, diagnostics) != nullptr);
}

void parse_with_pugixml(const std::string& document) {
  pugi::xml_document parsed;
  NX_CHECK(parsed.load_buffer(document.data(), document.size()));
}

// Of the processor, so that busy neighbours do not count.
double now_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

template <typename Work>
double microseconds(const std::string& document, const Work& work) {
  constexpr int kRepeats = 5;
  const double start = now_us();
  for (int i = 0; i < kRepeats; ++i) work(document);
  return (now_us() - start) / kRepeats;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void compare(const std::string& document, int rounds) {
  std::vector<double> ours, tags, theirs, ratios;
  for (int i = 0; i < rounds; ++i) {
    theirs.push_back(microseconds(document, parse_with_pugixml));
    ours.push_back(microseconds(document, parse_with_nexus));
    tags.push_back(microseconds(document, read_tags_with_nexus));
    ratios.push_back(ours.back() / theirs.back());
  }
  fmt::print("{} components, {} bytes\n", count(nexus::nxml::parse(document).document->view) - 1, document.size());
  fmt::print("pugixml, parse            {:8.0f} us\n", median(theirs));
  fmt::print("nexus, read the tags      {:8.0f} us\n", median(tags));
  fmt::print("nexus, parse and validate {:8.0f} us\n", median(ours));
  fmt::print("ratio                     {:8.1f}\n", median(ratios));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string document = make_document();
  if (argc > 1 && std::strcmp(argv[1], "--print") == 0) {
    fmt::print("{}", document);
    return 0;
  }
  // Freed memory stays with the process, for both: whether a round finds its memory at the end of the heap, where the
  // allocator would give it back and have it filled with zeros again, is chance.
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  compare(document, std::max(1, argc > 1 ? std::atoi(argv[1]) : 200));
  return 0;
}
