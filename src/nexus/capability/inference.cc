#include "nexus/capability/inference.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "nexus/capability/builtins_internal.h"
#include "nexus/capability/handle_flow_internal.h"
#include "nexus/capability/names_internal.h"
#include "nexus/capability/scopes_internal.h"
#include "nexus/capability/syntax_tree_internal.h"

namespace nexus::capability {
namespace {

// Turns byte offsets into lines and columns in constant time or nearly so, however long the lines
// are.
class Locator {
 public:
  explicit Locator(std::string_view text) : text_(text) {
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (i % kBlock == 0) characters_before_block_.push_back(count);
      if (starts_character(text[i])) ++count;
      if (text[i] == '\n') line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
    }
    if (text.size() % kBlock == 0) characters_before_block_.push_back(count);
  }

  Location at(std::uint32_t offset) const {
    const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
    const std::uint32_t column =
        characters_before(offset) - characters_before(*std::prev(after)) + 1;
    return {static_cast<int>(after - line_starts_.begin()), static_cast<int>(column)};
  }

 private:
  static constexpr std::size_t kBlock = 64;

  static bool starts_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  }

  std::uint32_t characters_before(std::uint32_t offset) const {
    const std::size_t block = offset / kBlock;
    const std::string_view rest = text_.substr(block * kBlock, offset % kBlock);
    return characters_before_block_[block] +
           static_cast<std::uint32_t>(std::count_if(rest.begin(), rest.end(), starts_character));
  }

  std::string_view text_;
  std::vector<std::uint32_t> line_starts_{0};
  std::vector<std::uint32_t> characters_before_block_;
};

std::vector<NameId> handle_names(Names& names) {
  std::vector<NameId> ids;
  for (const std::string_view name : kHandleNames) ids.push_back(names.intern(name));
  return ids;
}

// One reading of one handler.
class Analysis {
 public:
  explicit Analysis(std::string_view source) : source_(source), locator_(source) {}

  HandlerAnalysis run() {
    const std::optional<SyntaxTree> tree = SyntaxTree::parse(source_);
    if (!tree || !read(*tree)) need_all_that_is_mentioned();
    report();
    return std::move(result_);
  }

 private:
  // False when some part was not understood.
  bool read(const SyntaxTree& tree) {
    const Scopes scopes(tree, names_, handle_names(names_));
    const bool followed = HandleFlow(tree, scopes, names_, uses_).run();
    const bool odd_await = note_free_names(tree, scopes);
    for (NodeId id = 0; id < tree.size() && !result_.uses_await; ++id) {
      result_.uses_await = tree[id].kind == NodeKind::kToken && tree.text(id) == "await";
    }
    return followed && tree.complete() && !odd_await;
  }

  // True when `await` stands where the grammar takes it for a variable, which it never is in a
  // handler.
  bool note_free_names(const SyntaxTree& tree, const Scopes& scopes) {
    bool odd_await = false;
    for (const Scopes::Free& free : scopes.free_names()) {
      const std::string_view name = names_.text(free.name);
      if (name == "await") odd_await = true;
      if (result_.forbidden_globals.size() == kMaxForbiddenUses) continue;
      if (!is_forbidden_global(name)) continue;
      result_.forbidden_globals.push_back(
          {ErrorCode::kCompilationError, std::string(name), locator_.at(tree[free.node].begin)});
    }
    return odd_await;
  }

  // Without a sound reading, a handle may be used in any way if its name, or what may spell it,
  // occurs at all.
  void need_all_that_is_mentioned() {
    constexpr std::pair<std::string_view, Kind> kHandles[] = {{"$state", Kind::kStateRead},
                                                              {"$state", Kind::kStateWrite},
                                                              {"$emit", Kind::kEventsEmit},
                                                              {"$view", Kind::kViewUpdate},
                                                              {"$ext", Kind::kExtension}};
    const std::size_t any = std::min(source_.find("NexusAPI"), source_.find("\\u"));
    for (const auto& [name, kind] : kHandles) {
      const std::size_t found = std::min(any, source_.find(name));
      if (found == std::string_view::npos) continue;
      uses_.needs.note(HandleUses::need_id(kind, names_.intern("*")),
                       static_cast<std::uint32_t>(found));
    }
  }

  void report() {
    for (const auto& [id, begin] : uses_.needs.places()) {
      const auto kind = static_cast<Kind>(id >> 32);
      const std::string_view scope = names_.text(static_cast<NameId>(id));
      result_.needs.push_back({{kind, std::string(scope)}, locator_.at(begin)});
    }
    std::sort(result_.needs.begin(), result_.needs.end(),
              [](const Need& a, const Need& b) { return a.token < b.token; });
    result_.extensions = findings(uses_.extensions, ErrorCode::kExtensionNotFound);
    result_.state_keys = findings(uses_.state_keys, ErrorCode::kStateError);
  }

  std::vector<Finding> findings(const FirstPlaces& found, ErrorCode code) const {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> in_order;
    for (const auto& [name, begin] : found.places()) in_order.emplace_back(begin, name);
    std::sort(in_order.begin(), in_order.end());
    std::vector<Finding> list;
    for (const auto& [begin, name] : in_order) {
      list.push_back(
          {code, std::string(names_.text(static_cast<NameId>(name))), locator_.at(begin)});
    }
    return list;
  }

  std::string_view source_;
  Locator locator_;
  Names names_;
  HandleUses uses_;
  HandlerAnalysis result_;
};

}  // namespace

HandlerAnalysis analyze_handler(std::string_view source) { return Analysis(source).run(); }

}  // namespace nexus::capability
