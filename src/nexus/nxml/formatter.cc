#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/element_internal.h"
#include "nexus/nxml/nxml.h"

// The one layout of NXML; docs/NXML.md, "Layout", says it to authors.
namespace nexus::nxml {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::string_view kStep = "  ";
constexpr std::string_view kCdataOpen = "<![CDATA[";
constexpr std::string_view kCdataClose = "]]>";

// Lines without their ends.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string_view indentation(std::string_view line) {
  return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

std::string_view trim_start(std::string_view line) { return line.substr(indentation(line).size()); }

std::string_view shared_start(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return a.substr(0, static_cast<std::size_t>(end.first - a.begin()));
}

// Moving the lines of such code would change what it does: text can go on over a line's end.
bool depends_on_indentation(std::string_view code) {
  if (code.find('`') != std::string_view::npos) return true;
  const auto lines = lines_of(code);
  return std::any_of(lines.begin(), lines.end(),
                     [](std::string_view line) { return !line.empty() && line.back() == '\\'; });
}

// A piece of code whose lines can be moved together.
struct Code {
  std::string_view text;
  bool is_cdata = false;
};

// nullopt for what has to stay as it is: code in several pieces, or code that must not be moved.
std::optional<Code> movable(std::string_view content) {
  const std::string_view trimmed = trim(content);
  Code code{content};
  if (trimmed.substr(0, kCdataOpen.size()) == kCdataOpen) {
    if (trimmed.find(kCdataClose) + kCdataClose.size() != trimmed.size()) return std::nullopt;
    code.is_cdata = true;
    code.text =
        trimmed.substr(kCdataOpen.size(), trimmed.size() - kCdataOpen.size() - kCdataClose.size());
  } else if (trimmed.find(kCdataOpen) != std::string_view::npos || trimmed.substr(0, 4) == "<!--") {
    return std::nullopt;
  }
  if (depends_on_indentation(code.text)) return std::nullopt;
  return code;
}

class Formatter {
 public:
  explicit Formatter(std::string_view source)
      : source_(source), line_end_(source.find("\r\n") == std::string_view::npos ? "\n" : "\r\n") {}

  std::string run(const Element& root, const std::vector<Note>& prologue);

 private:
  // An element or a note, whichever comes next in the source.
  struct Item {
    const Element* element = nullptr;
    const Note* note = nullptr;
    std::string_view source() const { return element != nullptr ? element->source() : note->text; }
  };

  static std::vector<Item> items_of(const Element& element);
  void write_items(const std::vector<Item>& items, std::size_t depth, const char* from);
  void write_element(const Element& element, std::size_t depth);
  void write_tag(const Element& element, std::size_t depth, std::string_view end);
  void write_handler(const Element& handler, std::size_t depth);
  void write_code(const Code& code, std::size_t depth);
  void start_line(std::size_t depth) {
    out_ += line_end_;
    indent(depth);
  }
  void indent(std::size_t depth) {
    for (; depth > 0; --depth) out_ += kStep;
  }
  // Line ends between two places of the source.
  static std::ptrdiff_t breaks(const char* from, const char* to) {
    return std::count(from, to, '\n');
  }

  std::string_view source_;
  std::string_view line_end_;
  std::string out_;
};

std::string attribute_text(const Attribute& attribute) {
  std::string text(attribute.name);
  if (attribute.quote_mark == '\0') return text;
  const bool has_double = attribute.value.find('"') != std::string_view::npos;
  const char mark = attribute.quote_mark == '\'' && has_double ? '\'' : '"';
  return text.append("=").append(1, mark).append(attribute.value).append(1, mark);
}

std::vector<Formatter::Item> Formatter::items_of(const Element& element) {
  std::vector<Item> items;
  auto note = element.notes.begin();
  std::uint32_t position = 0;
  const auto add_notes = [&] {
    for (; note != element.notes.end() && (*note).before == position; ++note)
      items.push_back({nullptr, &*note});
  };
  for (const Element& child : element.children) {
    add_notes();
    items.push_back({&child, nullptr});
    ++position;
  }
  add_notes();
  return items;
}

std::string Formatter::run(const Element& root, const std::vector<Note>& prologue) {
  std::vector<Item> items;
  for (const Note& note : prologue) items.push_back({nullptr, &note});
  items.push_back({&root, nullptr});
  write_items(items, 0, source_.data());
  const std::string_view rest = trim(source_.substr(root.end));
  // What follows the root means nothing, but may mean something to its author.
  if (!rest.empty()) out_.append(line_end_).append(rest);
  return out_.substr(line_end_.size()).append(line_end_);
}

// `from`: where the source of what comes before ends.
void Formatter::write_items(const std::vector<Item>& items, std::size_t depth, const char* from) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string_view source = items[i].source();
    const std::ptrdiff_t gap = breaks(from, source.data());
    // A comment behind something speaks about it.
    const bool stays =
        items[i].note != nullptr && items[i].note->is_comment && gap == 0 && !out_.empty();
    if (stays) {
      out_ += ' ';
    } else {
      if (gap > 1 && i > 0) out_ += line_end_;
      start_line(depth);
    }
    if (items[i].element != nullptr) {
      write_element(*items[i].element, depth);
    } else {
      out_ += source;
    }
    from = source.data() + source.size();
  }
}

void Formatter::write_element(const Element& element, std::size_t depth) {
  if (element.name == "Handler" && !element.self_closed && !trim(element.raw->content).empty())
    return write_handler(element, depth);
  const std::vector<Item> items = items_of(element);
  // A root that closes itself is an error.
  const bool is_root = depth == 0;
  if (items.empty() && (!is_root || element.self_closed)) return write_tag(element, depth, "/>");
  write_tag(element, depth, ">");
  if (!items.empty()) {
    // Only blanks stand between the tag and its first item.
    const char* from = items.front().source().data();
    while (is_space(from[-1])) --from;
    write_items(items, depth + 1, from);
  }
  start_line(depth);
  out_.append("</").append(element.name).append(">");
}

// On one line when it fits there, else each attribute on its own.
void Formatter::write_tag(const Element& element, std::size_t depth, std::string_view end) {
  std::vector<std::string> texts;
  std::size_t width = depth * kStep.size() + 1 + element.name.size() + end.size();
  bool one_line = true;
  for (const Attribute& attribute : element.attributes) {
    texts.push_back(attribute_text(attribute));
    width += 1 + texts.back().size();
    one_line = one_line && texts.back().find('\n') == std::string::npos;
  }
  one_line = texts.size() < 2 || (one_line && width <= kWidth);
  out_.append("<").append(element.name);
  for (const std::string& text : texts) {
    if (one_line) {
      out_ += ' ';
    } else {
      start_line(depth + 2);
    }
    out_ += text;
  }
  out_ += end;
}

void Formatter::write_handler(const Element& handler, std::size_t depth) {
  write_tag(handler, depth, ">");
  const std::string_view content = handler.raw->content;
  const std::optional<Code> code = movable(content);
  if (!code) {
    out_ += content;
  } else if (trim(content).find('\n') == std::string_view::npos) {
    out_ += trim(content);
  } else {
    write_code(*code, depth);
  }
  out_ += "</Handler>";
}

// Moves the lines so that the least indented stands one step deeper than the tag.
void Formatter::write_code(const Code& code, std::size_t depth) {
  if (code.is_cdata) out_ += kCdataOpen;
  std::vector<std::string_view> lines = lines_of(code.text);
  // Code that begins behind its tag has no indentation of its own.
  const bool first_is_free = !trim(lines.front()).empty();
  while (trim(lines.front()).empty()) lines.erase(lines.begin());
  while (trim(lines.back()).empty()) lines.pop_back();
  std::optional<std::string_view> shared;
  for (std::size_t i = first_is_free ? 1 : 0; i < lines.size(); ++i) {
    if (trim(lines[i]).empty()) continue;
    const std::string_view own = indentation(lines[i]);
    shared = shared ? shared_start(*shared, own) : own;
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (trim(lines[i]).empty()) {
      out_ += line_end_;
      continue;
    }
    start_line(depth + 1);
    const bool is_free = i == 0 && first_is_free;
    out_ += is_free ? trim_start(lines[i]) : lines[i].substr(shared->size());
  }
  start_line(depth);
  if (code.is_cdata) out_ += kCdataClose;
}

}  // namespace

Formatted reformat(std::string_view source, const ReadLimits& limits) {
  const std::string_view text = without_byte_order_mark(source);
  Diagnostics diagnostics(text, limits.diagnostics);
  Arena elements;
  std::vector<Note> prologue;
  const Element* root = check_text(text, limits, diagnostics)
                            ? read_elements(text, limits, elements, diagnostics, &prologue)
                            : nullptr;
  Formatted result;
  if (root != nullptr && !diagnostics.has_errors()) {
    result.text = Formatter(text).run(*root, prologue);
  } else {
    result.diagnostics = diagnostics.take();
  }
  return result;
}

}  // namespace nexus::nxml
