#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/base/arena.h"
#include "nexus/base/error.h"
#include "nexus/nxml/cron.h"
#include "nexus/nxml/expression.h"
#include "nexus/nxml/locator.h"
#include "nexus/value/data_type.h"
#include "nexus/value/value.h"

// The tree of one NXML document (reference.md section 2). Plain data; frozen once parsed. What a panel declares owns
// its strings and knows its lines and columns. The view is large and read once or twice: it lies in the document's
// arena, its strings are views into the document's text, and a Locator tells its places on demand.
namespace nexus::nxml {

using value::DataType;

struct Meta {
  std::string title = "Untitled Panel";
  std::optional<std::string> description, id, version, author;
  std::optional<std::string> durability;  // commit, async or none
  std::vector<std::string> tags;
};

struct State {
  std::string name;
  DataType type = DataType::kString;
  value::Value initial;  // the coerced default, or the type's
  Span span;
};

struct Computed {
  std::string name;
  std::string source;
  const Expression* expression = nullptr;  // nullptr when it did not parse
  std::span<const Reference> references;   // of `expression`, in order of appearance
  // The State and Computed it reads, each once, in order of appearance; every State when it reads
  // `$state` as a whole or under a key that only running it tells.
  std::vector<std::string> reads;
  Span span;
};

struct Extension {
  std::string name;   // for example "nexus.http"
  std::string alias;  // key in $ext
  std::optional<std::string> source;
  std::optional<std::string> base_url;  // what relative URLs of nexus.http stand below
  Span span;
};

struct Arg {
  std::string name;
  DataType type = DataType::kString;
  bool required = true;
  std::optional<value::Value> fallback;  // the coerced default
  std::optional<std::string> description;
  Span span;
};

struct CapabilityDecl {
  std::string token;  // text form, normalised, for example "ext:http"
  Span span;
};

struct Handler {
  std::string code;
  Location start;  // of the first character of `code` in the file
};

// What runs a tool besides people and programs that ask for it.
struct Trigger {
  enum class Type { kManual, kInterval, kCron, kEvent, kStateChange };
  Type type = Type::kManual;
  std::uint32_t interval_ms = 0;  // kInterval: from kMinIntervalMs to kMaxIntervalMs
  std::string cron;               // kCron: as written
  CronSchedule schedule;          // kCron: what `cron` says
  std::string timezone = "UTC";   // kCron: a name of the time zone database, not looked up here
  std::string pattern;            // kEvent: for matches_event()
  std::vector<std::string> path;  // kStateChange: a declared State, then keys inside its value
  Span span;
};

inline constexpr std::uint32_t kMinIntervalMs = 100;
inline constexpr std::uint32_t kMaxIntervalMs = 24 * 60 * 60 * 1000;

struct Tool {
  std::string name;
  std::optional<std::string> description;
  std::vector<Arg> args;
  // Absent: infer. Present and empty: nothing is allowed.
  std::optional<std::vector<CapabilityDecl>> capabilities;
  std::optional<std::uint32_t> timeout_ms, memory_limit_mb, max_host_calls;
  std::vector<Trigger> triggers;
  Handler handler;
  Span span;
};

struct Lifecycle {
  enum class On { kMount, kUnmount };
  On on = On::kMount;
  Handler handler;
  Span span;
};

// Text with expressions in it: `Total: {$state.n}`.
struct Template {
  using Part = std::variant<std::string_view, Binding>;  // literal text or an expression
  std::span<const Part> parts;
};
// A place that two-way components write to: $state.a.b or $scope.item.done.
struct BindPath {
  std::span<const std::string_view> steps;
  Expression::Root root = Expression::Root::kState;
};

// How the text of a property is read, and what it is for.
enum class PropKind : std::uint8_t {
  kText,        // plain text, a binding, or text with bindings in it
  kFlag,        // true or false, or a binding
  kChoice,      // one of a list, or a binding
  kLength,      // a number of pixels or a CSS length, or a binding
  kExpression,  // an expression, with or without braces around it
  kItems,       // one that yields a list
  kArgs,        // one that yields the arguments of the tool that `trigger` names
  kPayload,     // the same under its older name
  kBindPath,    // $state.path or $scope.path
  // Plain text that names something; never a binding.
  kName,
  kTrigger,   // a tool
  kVariable,  // an identifier, for each item of a list
  kKey,       // a property of the items of a list
  kModule,    // what holds a component of the author's own
};

struct Prop {
  using Value = std::variant<std::string_view, Binding, Template, BindPath>;
  std::string_view name;
  Value value;
  Range range;  // of the value
  PropKind kind = PropKind::kText;
};

// Where the layout engine puts a node (reference.md section 2.6).
struct Layout {
  int col_span = 12;
  bool new_row = false;
};

struct ViewNode {
  std::string_view type;
  std::optional<std::string_view> id;
  std::span<const Prop> props;
  std::span<ViewNode> children;
  Layout layout;
  Range range;  // of the tag name
};

struct Document {
  // What the view and all expressions point into.
  Arena arena;
  std::string_view text;  // as written, without its byte order mark; in the arena
  Meta meta;
  std::vector<State> states;
  std::vector<Computed> computed;
  // Positions in `computed`, each after those of the values it reads.
  std::vector<std::size_t> computed_order;
  std::vector<Extension> extensions;
  std::vector<Tool> tools;
  std::vector<Lifecycle> lifecycles;
  ViewNode view;  // an empty Layout when the document has none

  const Tool* find_tool(std::string_view name) const;
};

// "interval", "state_change", ...: the name used in NXML and on the wire. The view is to a literal.
std::string_view to_string(Trigger::Type type);

// Whether an event called `name` is one that `pattern` asks for: `*` stands for any characters or
// none, every other character for itself.
bool matches_event(std::string_view pattern, std::string_view name);

enum class Severity { kError, kWarning };

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code;  // reference.md section 2.7, for example "DUPLICATE_STATE"
  std::string message;
  Span span;
};

inline bool is_error(const Diagnostic& item) { return item.severity == Severity::kError; }

}  // namespace nexus::nxml
