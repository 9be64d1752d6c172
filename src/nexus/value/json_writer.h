#pragma once

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nexus/value/json.h"

namespace nexus::value {

// Appends one JSON object to a text, member by member, without building a Value. `out` outlives it; the
// object ends with close() or with the writer.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectWriter() { close(); }
  ObjectWriter(ObjectWriter&& other) noexcept
      : out_(other.out_), first_(other.first_), open_(std::exchange(other.open_, false)) {}
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  // Starts the member `name`; its value must be written to the returned text next.
  std::string& key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    write_json_string(name, out_);
    out_ += ':';
    return out_;
  }
  void text(std::string_view name, std::string_view text) { write_json_string(text, key(name)); }
  void maybe_text(std::string_view name, const std::optional<std::string>& text_or_none) {
    if (text_or_none) text(name, *text_or_none);
  }
  template <typename Integer>
  void number(std::string_view name, Integer number) {
    fmt::format_to(std::back_inserter(key(name)), "{}", number);
  }
  void boolean(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }
  void value(std::string_view name, const Value& value) { write_json(value, key(name)); }

  // Ends the object; once is enough, twice is harmless.
  void close() {
    if (open_) out_ += '}';
    open_ = false;
  }

 private:
  std::string& out_;
  bool first_ = true;
  bool open_ = true;
};

// Appends a JSON list: `write(item, out)` for each item.
template <typename Items, typename Write>
void write_json_list(const Items& items, std::string& out, const Write& write) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    write(item, out);
  }
  out += ']';
}

}  // namespace nexus::value
