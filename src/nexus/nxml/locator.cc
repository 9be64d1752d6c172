#include "nexus/nxml/locator.h"

#include <algorithm>
#include <cstring>

#include "nexus/nxml/cursor_internal.h"

namespace nexus::nxml {
namespace {

// The code points of a text of well-formed UTF-8: every byte but those that continue one.
int count_code_points(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return !continues_code_point(c); }));
}

}  // namespace

Location Locator::at(std::uint32_t offset) {
  const bool ahead = offset >= offset_;
  std::string_view passed =
      ahead ? text_.substr(offset_, offset - offset_) : text_.substr(offset, offset_ - offset);
  int lines = 0;
  while (!passed.empty()) {
    const void* const found = std::memchr(passed.data(), '\n', passed.size());
    if (found == nullptr) break;
    ++lines;
    passed.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - passed.data()) + 1);
  }
  location_.line += ahead ? lines : -lines;
  if (lines == 0) {
    location_.column += ahead ? count_code_points(passed) : -count_code_points(passed);
  } else if (ahead) {
    location_.column = 1 + count_code_points(passed);
  } else {
    const std::string_view before = text_.substr(0, offset);
    location_.column = 1 + count_code_points(before.substr(before.rfind('\n') + 1));
  }
  offset_ = offset;
  return location_;
}

Span Locator::span(Range range) {
  const Location start = at(range.begin);
  return {start, at(range.end)};
}

}  // namespace nexus::nxml
