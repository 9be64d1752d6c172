#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "nexus/nxml/references_internal.h"

namespace nexus::nxml {
namespace {

// Says where the first use of a name is, so that the author need not search.
class UniqueNames {
 public:
  UniqueNames(std::string_view code, std::string_view what, Diagnostics& diagnostics)
      : code_(code), what_(what), diagnostics_(diagnostics) {}

  void add(std::string_view name, const Span& span) {
    // A missing name was reported already.
    if (name.empty()) return;
    const auto [first, is_new] = first_.emplace(name, span.start.line);
    if (is_new) return;
    diagnostics_.error(code_, span,
                       cat({what_, " ", quote(name), " is there already, in line ",
                            std::to_string(first->second)}));
  }

 private:
  std::string_view code_;
  std::string_view what_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, int> first_;
};

// The computed values that each computed value reads; indices into the document's list.
using Graph = std::vector<std::vector<std::size_t>>;

// Names what `computed` reads; duplicates once.
std::vector<std::string> names_read(const Computed& computed, const std::vector<State>& states) {
  std::vector<std::string> names;
  std::unordered_set<std::string_view> seen;
  const auto add = [&](std::string_view name) {
    if (seen.insert(name).second) names.emplace_back(name);
  };
  for (const Reference& reference : computed.references) {
    if (!reference.is_state) continue;
    if (!reference.name.empty()) {
      add(reference.name);
    } else {
      for (const State& state : states) add(state.name);
    }
  }
  return names;
}

Graph dependencies_of(const Document& document) {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < document.computed.size(); ++i)
    index.emplace(document.computed[i].name, i);
  Graph graph(document.computed.size());
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (const std::string& name : document.computed[i].reads) {
      const auto found = index.find(name);
      if (found != index.end()) graph[i].push_back(found->second);
    }
  }
  return graph;
}

// An order in which each value comes after those it reads; without what is on a cycle or leads into
// one.
std::vector<std::size_t> find_order(const Graph& graph) {
  std::vector<std::size_t> waits_for(graph.size());
  Graph readers(graph.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    waits_for[i] = graph[i].size();
    for (const std::size_t dependency : graph[i]) readers[dependency].push_back(i);
    if (graph[i].empty()) order.push_back(i);
  }
  for (std::size_t next = 0; next < order.size(); ++next) {
    for (const std::size_t reader : readers[order[next]])
      if (--waits_for[reader] == 0) order.push_back(reader);
  }
  return order;
}

// Follows stuck values from `start` on until the walk meets itself; empty when it does not. What it
// walked over is no longer stuck afterwards, so each cycle is found once and all walks together
// take linear time.
std::vector<std::size_t> take_cycle(const Graph& graph, std::vector<bool>& stuck,
                                    std::size_t start) {
  std::vector<std::size_t> walk;
  std::vector<std::size_t> cycle;
  std::unordered_map<std::size_t, std::size_t> place;
  std::size_t at = start;
  while (stuck[at]) {
    const auto [seen, is_new] = place.emplace(at, walk.size());
    if (!is_new) {
      cycle.assign(walk.begin() + static_cast<std::ptrdiff_t>(seen->second), walk.end());
      break;
    }
    walk.push_back(at);
    const auto next = std::find_if(graph[at].begin(), graph[at].end(),
                                   [&](std::size_t dependency) { return stuck[dependency]; });
    if (next == graph[at].end()) break;
    at = *next;
  }
  for (const std::size_t walked : walk) stuck[walked] = false;
  return cycle;
}

void report_cycle(const Document& document, const std::vector<std::size_t>& cycle,
                  Diagnostics& diagnostics) {
  constexpr std::size_t kShown = 8;
  std::string path;
  for (std::size_t i = 0; i < std::min(cycle.size(), kShown); ++i)
    path += document.computed[cycle[i]].name.substr(0, 64) + " -> ";
  path += cycle.size() > kShown ? "..." : document.computed[cycle.front()].name.substr(0, 64);
  diagnostics.error(kComputedCycle, document.computed[cycle.front()].span,
                    cat({"a computed value depends on itself: ", path}));
}

}  // namespace

void check_duplicates(const Document& document, Diagnostics& diagnostics) {
  UniqueNames data(kDuplicateState, "the state", diagnostics);
  for (const State& state : document.states) data.add(state.name, state.span);
  for (const Computed& computed : document.computed) data.add(computed.name, computed.span);

  UniqueNames aliases(kDuplicateExtensionAlias, "the extension alias", diagnostics);
  for (const Extension& extension : document.extensions)
    aliases.add(extension.alias, extension.span);

  UniqueNames tools(kDuplicateTool, "the tool", diagnostics);
  for (const Tool& tool : document.tools) {
    tools.add(tool.name, tool.span);
    UniqueNames args(kDuplicateArg, "the argument", diagnostics);
    for (const Arg& arg : tool.args) args.add(arg.name, arg.span);
  }

  UniqueNames hooks(kDuplicateLifecycle, "the lifecycle", diagnostics);
  for (const Lifecycle& hook : document.lifecycles)
    hooks.add(hook.on == Lifecycle::On::kMount ? "mount" : "unmount", hook.span);
}

void order_computed(Document& document, Diagnostics& diagnostics) {
  for (Computed& computed : document.computed)
    computed.reads = names_read(computed, document.states);
  const Graph graph = dependencies_of(document);
  document.computed_order = find_order(graph);
  std::vector<bool> stuck(graph.size(), true);
  for (const std::size_t free : document.computed_order) stuck[free] = false;
  for (std::size_t start = 0; start < graph.size(); ++start) {
    const std::vector<std::size_t> cycle = take_cycle(graph, stuck, start);
    if (!cycle.empty()) report_cycle(document, cycle, diagnostics);
  }
}

}  // namespace nexus::nxml
