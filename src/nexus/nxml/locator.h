#pragma once

#include <cstdint>
#include <string_view>

#include "nexus/base/error.h"

namespace nexus::nxml {

// A piece of a document's text by its bytes, end exclusive. Documents have at most a few megabytes.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const Range&) const = default;
};

// The same by lines and columns, both 1-based, columns in code points.
struct Span {
  Location start;
  Location end;
};

// Turns places of one text into lines and columns. Asking costs the distance from the place asked about before, so
// trees are located in order of position. Only '\n' ends a line. The text must outlive the locator; one thread.
class Locator {
 public:
  explicit Locator(std::string_view text) : text_(text) {}

  // `offset` is at most the text's size.
  Location at(std::uint32_t offset);
  Span span(Range range);

 private:
  std::string_view text_;
  std::uint32_t offset_ = 0;  // asked about last
  Location location_{1, 1};   // of offset_
};

}  // namespace nexus::nxml
