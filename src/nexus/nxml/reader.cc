#include <algorithm>
#include <string>
#include <utility>

#include "nexus/base/closest.h"
#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/element_internal.h"
#include "nexus/nxml/encoding_internal.h"

namespace nexus::nxml {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kCommentOpen = "<!--";
constexpr std::string_view kCommentClose = "-->";
constexpr std::string_view kCdataOpen = "<![CDATA[";
constexpr std::string_view kCdataClose = "]]>";
constexpr std::string_view kHandlerClose = "</Handler";

constexpr std::size_t kUsualAttributes = 4;

// ':' is there for bind:name and on:name.
bool is_name_char(char c) { return is_identifier_part(c) || c == '-' || c == ':'; }

// For messages about one character.
std::string_view first_code_point(std::string_view text) {
  std::size_t length = text.empty() ? 0 : 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
    ++length;
  return text.substr(0, length);
}

bool is_blank(std::string_view text) { return trim(text).empty(); }

class Reader {
 public:
  Reader(std::string_view source, const ReadLimits& limits, Diagnostics& diagnostics,
         std::vector<Note>* prologue)
      : limits_(limits), diagnostics_(diagnostics), prologue_(prologue), cursor_(source, {1, 1}) {}

  std::unique_ptr<Element> run();

 private:
  enum class TagEnd { kOpen, kSelfClosed };

  void read_text();
  void read_markup();
  // What was read since the text at hand was `from`.
  std::string_view read_since(std::string_view from) const {
    return from.substr(0, from.size() - cursor_.rest().size());
  }
  void note(std::string_view text, bool is_comment);
  void skip_until(std::string_view close, std::string_view what);
  void skip_declaration();
  void read_open_tag();
  TagEnd read_tag_rest(Element& element);
  void read_attribute(Element& element);
  bool read_quoted(Attribute& attribute);
  std::size_t find_quote(char quote_mark);
  void add_attribute(Element& element, const Attribute& attribute);
  void read_close_tag();
  void close(std::string_view name, const Span& span);
  void report_unclosed(const Element& element, std::string_view before);
  void add(std::unique_ptr<Element> element, TagEnd end);

  void read_raw(Element& handler);
  void read_cdata(Handler& handler);
  void take_code(Handler& handler, std::size_t bytes);
  void drop_marker(Handler& handler, std::size_t bytes);
  bool at_raw_end() const;

  std::string_view read_name();
  void skip_space() {
    cursor_.advance_until([](char c) { return !is_space(c); });
  }
  void stop(Location at, std::string message);
  void report_open_elements();
  void report_tag(Element& element, std::string message);
  bool at_markup() const;

  const ReadLimits& limits_;
  Diagnostics& diagnostics_;
  std::vector<Note>* const prologue_;
  Cursor cursor_;
  std::unique_ptr<Element> root_;
  std::vector<Element*> open_;  // from the root inwards; elements are owned by their parents
  int nodes_ = 0;
  bool stopped_ = false;         // nothing more can be said
  bool misplaced_text_ = false;  // text before the root was reported
  bool swallowed_rest_ = false;  // a comment or the like ran to the end, so nothing could be closed
  // From here on there is no closing quote of that kind: found out once, so that many unclosed
  // values do not each search the whole rest.
  std::size_t no_double_quote_from_ = std::string_view::npos;
  std::size_t no_single_quote_from_ = std::string_view::npos;
};

std::unique_ptr<Element> Reader::run() {
  if (cursor_.looking_at(kByteOrderMark)) {
    cursor_ = Cursor(cursor_.rest().substr(kByteOrderMark.size()), {1, 1});
  }
  // What follows the root's end is ignored.
  while (!stopped_ && !cursor_.at_end() && (root_ == nullptr || !open_.empty())) {
    read_text();
    if (cursor_.peek() == '<') read_markup();
  }
  if (stopped_) return nullptr;
  if (root_ == nullptr) {
    diagnostics_.error(kParseError, cursor_.location(), "the document has no <NexusPanel> element");
  }
  report_open_elements();
  return std::move(root_);
}

void Reader::report_open_elements() {
  if (swallowed_rest_ || open_.empty()) return;
  // An open handler has taken the closing tags of the elements around it for code.
  if (open_.back()->name == "Handler") return report_unclosed(*open_.back(), {});
  for (const Element* element : open_) report_unclosed(*element, {});
}

void Reader::stop(Location at, std::string message) {
  diagnostics_.error(kParseError, at, std::move(message));
  stopped_ = true;
}

void Reader::read_text() {
  skip_space();
  if (cursor_.at_end() || cursor_.peek() == '<') return;
  if (!open_.empty()) {
    if (!open_.back()->text) open_.back()->text = cursor_.location();
  } else if (!misplaced_text_) {
    diagnostics_.error(kParseError, cursor_.location(),
                       "text before <NexusPanel>; the document starts with that element");
    misplaced_text_ = true;
  }
  const std::string_view from = cursor_.rest();
  cursor_.advance_until([](char c) { return c == '<'; });
  note(trim(read_since(from)), /*is_comment=*/false);
}

// For the formatter, which keeps what has no meaning.
void Reader::note(std::string_view text, bool is_comment) {
  if (open_.empty()) {
    if (prologue_ != nullptr) prologue_->push_back({text, 0, is_comment});
  } else {
    open_.back()->notes.push_back({text, open_.back()->children.size(), is_comment});
  }
}

void Reader::read_markup() {
  const std::string_view from = cursor_.rest();
  if (cursor_.looking_at(kCommentOpen)) {
    skip_until(kCommentClose, "comment");
    return note(read_since(from), /*is_comment=*/true);
  }
  if (cursor_.looking_at(kCdataOpen)) {
    if (!open_.empty() && !open_.back()->text) open_.back()->text = cursor_.location();
    skip_until(kCdataClose, "CDATA section");
    return note(read_since(from), /*is_comment=*/false);
  }
  const char next = cursor_.peek(1);
  if (next == '/') return read_close_tag();
  if (next == '!' || next == '?') return skip_declaration();
  if (is_name_char(next)) return read_open_tag();
  diagnostics_.error(kParseError, cursor_.location(),
                     "'<' starts no tag here; remove it, or put the text into a quoted attribute");
  cursor_.advance();
}

void Reader::skip_until(std::string_view close, std::string_view what) {
  const std::size_t found = cursor_.rest().find(close);
  if (found == std::string_view::npos) {
    diagnostics_.error(kParseError, cursor_.location(),
                       cat({"this ", what, " is never closed; add ", close}));
    cursor_.advance(cursor_.rest().size());
    swallowed_rest_ = true;
    return;
  }
  cursor_.advance(found + close.size());
}

void Reader::skip_declaration() {
  diagnostics_.error(kParseError, cursor_.location(),
                     "NXML has no prolog, no doctype and no processing instructions; remove this");
  cursor_.advance_until([](char c) { return c == '>'; });
  cursor_.advance();
}

std::string_view Reader::read_name() {
  const std::size_t start = cursor_.offset();
  cursor_.advance_until([](char c) { return !is_name_char(c); });
  return cursor_.since(start);
}

void Reader::read_open_tag() {
  auto element = std::make_unique<Element>();
  element->source = cursor_.rest();
  cursor_.advance();
  element->span.start = cursor_.location();
  element->name = read_name();
  element->span.end = cursor_.location();
  const TagEnd end = read_tag_rest(*element);
  if (++nodes_ > limits_.nodes) {
    return stop(element->span.start,
                cat({"more than ", std::to_string(limits_.nodes), " elements; split the panel"}));
  }
  if (static_cast<int>(open_.size()) >= limits_.depth) {
    return stop(element->span.start, cat({"elements are nested deeper than ",
                                          std::to_string(limits_.depth), " levels"}));
  }
  add(std::move(element), end);
}

void Reader::add(std::unique_ptr<Element> element, TagEnd end) {
  Element* added = element.get();
  added->self_closed = end == TagEnd::kSelfClosed;
  added->raw.start = cursor_.location();
  if (open_.empty()) {
    root_ = std::move(element);
  } else {
    open_.back()->children.push_back(std::move(element));
  }
  if (added->self_closed) {
    added->source = read_since(added->source);
    return;
  }
  open_.push_back(added);
  if (added->name == "Handler") read_raw(*added);
}

Reader::TagEnd Reader::read_tag_rest(Element& element) {
  while (true) {
    skip_space();
    if (cursor_.looking_at("/>")) {
      cursor_.advance(2);
      return TagEnd::kSelfClosed;
    }
    if (cursor_.peek() == '>') {
      cursor_.advance();
      return TagEnd::kOpen;
    }
    if (is_name_char(cursor_.peek())) {
      read_attribute(element);
      continue;
    }
    if (cursor_.at_end() || at_markup()) {
      report_tag(element, cat({"the tag <", element.name, " is not closed with '>'"}));
      return TagEnd::kOpen;
    }
    report_tag(element,
               cat({"unexpected ", quote(first_code_point(cursor_.rest())), " in the tag <",
                    element.name, "; attributes are written name=\"value\""}));
    cursor_.advance(first_code_point(cursor_.rest()).size());
  }
}

// One report a tag: the second would most likely follow from the first.
void Reader::report_tag(Element& element, std::string message) {
  if (!element.malformed) diagnostics_.error(kParseError, cursor_.location(), std::move(message));
  element.malformed = true;
}

bool Reader::at_markup() const {
  const char next = cursor_.peek(1);
  return cursor_.peek() == '<' && (next == '/' || next == '!' || is_name_char(next));
}

void Reader::read_attribute(Element& element) {
  Attribute attribute;
  attribute.name_span.start = cursor_.location();
  attribute.name = read_name();
  attribute.name_span.end = cursor_.location();
  attribute.value = "true";
  attribute.value_span = attribute.name_span;

  Cursor before_space = cursor_;
  skip_space();
  if (cursor_.peek() != '=') {
    cursor_ = before_space;
    return add_attribute(element, attribute);
  }
  cursor_.advance();
  skip_space();
  if (!read_quoted(attribute)) element.malformed = true;
  add_attribute(element, attribute);
}

// The bytes from here to the closing quote, or npos. A backslash before the same quote keeps the
// value open.
std::size_t Reader::find_quote(char quote_mark) {
  std::size_t& none_from = quote_mark == '"' ? no_double_quote_from_ : no_single_quote_from_;
  if (cursor_.offset() >= none_from) return std::string_view::npos;
  const std::string_view rest = cursor_.rest();
  std::size_t at = rest.find(quote_mark);
  while (at != std::string_view::npos && at > 0 && rest[at - 1] == '\\')
    at = rest.find(quote_mark, at + 1);
  if (at != std::string_view::npos) return at;
  none_from = cursor_.offset();
  return std::string_view::npos;
}

// False when the quotes are not as they should be.
bool Reader::read_quoted(Attribute& attribute) {
  const char quote_mark = cursor_.peek();
  const Location opening = cursor_.location();
  const std::size_t limit = limits_.attribute_bytes;
  if (quote_mark != '"' && quote_mark != '\'') {
    diagnostics_.error(kParseError, opening,
                       cat({"the value of ", quote(attribute.name), " must stand in quotes"}));
    cursor_.advance_until([](char c) { return is_space(c) || c == '>' || c == '<'; });
    return false;
  }
  cursor_.advance();
  std::size_t length = find_quote(quote_mark);
  const bool closed = length != std::string_view::npos;
  if (!closed) {
    diagnostics_.error(kParseError, opening,
                       cat({"the value of ", quote(attribute.name), " has no closing quote"}));
    // Taking the value to end with its line lets the rest of the document be read.
    length = std::min(cursor_.rest().find_first_of("<>\n"), cursor_.rest().size());
    if (length > 0 && cursor_.rest().substr(length - 1, 2) == "/>") --length;
  }
  attribute.quote_mark = quote_mark;
  attribute.value = cursor_.rest().substr(0, length);
  attribute.value_span.start = cursor_.location();
  cursor_.advance(length);
  attribute.value_span.end = cursor_.location();
  if (closed) cursor_.advance();
  if (length > limit) {
    diagnostics_.error(kParseError, opening,
                       cat({"the value of ", quote(attribute.name), " has ", std::to_string(length),
                            " bytes; the limit is ", std::to_string(limit)}));
    attribute.value = {};
  }
  return closed;
}

void Reader::add_attribute(Element& element, const Attribute& attribute) {
  for (Attribute& existing : element.attributes) {
    if (existing.name != attribute.name) continue;
    diagnostics_.warning(
        kDuplicateAttribute, attribute.name_span,
        cat({"the attribute ", quote(attribute.name), " was given before; this later one wins"}));
    existing = attribute;
    return;
  }
  if (static_cast<int>(element.attributes.size()) >= limits_.attributes) {
    return report_tag(element, cat({"<", element.name, "> has more than ",
                                    std::to_string(limits_.attributes), " attributes"}));
  }
  if (element.attributes.empty()) element.attributes.reserve(kUsualAttributes);
  element.attributes.push_back(attribute);
}

void Reader::read_close_tag() {
  cursor_.advance(2);
  Span span{cursor_.location(), {}};
  const std::string_view name = read_name();
  span.end = cursor_.location();
  skip_space();
  if (cursor_.peek() == '>' && !name.empty()) {
    cursor_.advance();
  } else {
    diagnostics_.error(kParseError, cursor_.location(), "a closing tag is written </Name>");
    cursor_.advance_until([](char c) { return c == '>' || c == '<'; });
    if (cursor_.peek() == '>') cursor_.advance();
  }
  if (!name.empty()) close(name, span);
}

void Reader::close(std::string_view name, const Span& span) {
  const auto is_named = [&](const Element* element) { return element->name == name; };
  if (std::any_of(open_.begin(), open_.end(), is_named)) {
    while (!is_named(open_.back())) {
      report_unclosed(*open_.back(), name);
      open_.pop_back();
    }
    open_.back()->source = read_since(open_.back()->source);
    open_.pop_back();
    return;
  }
  const std::string_view expected = open_.empty() ? std::string_view() : open_.back()->name;
  if (closest(name, {expected}).empty()) {
    diagnostics_.error(kParseError, span, cat({"</", name, "> closes nothing"}));
    return;
  }
  diagnostics_.error(
      kParseError, span,
      cat({"</", name, "> does not match <", expected, ">; did you mean </", expected, ">?"}));
  open_.pop_back();
}

void Reader::report_unclosed(const Element& element, std::string_view before) {
  if (element.malformed) return;
  const std::string where =
      before.empty() ? "before the document ends" : cat({"before </", before, ">"});
  diagnostics_.error(kParseError, element.span,
                     cat({"<", element.name, "> is not closed ", where}));
}

bool Reader::at_raw_end() const {
  return cursor_.looking_at(kHandlerClose) && !is_name_char(cursor_.peek(kHandlerClose.size()));
}

// Everything up to </Handler> is code. A comment in front of the code belongs to the document; one
// after code has begun is the handler's text, because only a JavaScript parser could tell it from
// code.
void Reader::read_raw(Element& element) {
  Handler& handler = element.raw;
  const std::string_view from = cursor_.rest();
  while (!cursor_.at_end() && !at_raw_end()) {
    if (cursor_.looking_at(kCdataOpen)) {
      read_cdata(handler);
    } else if (handler.code.empty() && cursor_.looking_at(kCommentOpen)) {
      skip_until(kCommentClose, "comment");
    } else {
      const std::size_t next = cursor_.rest().find('<', 1);
      take_code(handler, std::min(next, cursor_.rest().size()));
    }
  }
  element.content = read_since(from);
  while (!handler.code.empty() && is_space(handler.code.back())) handler.code.pop_back();
}

void Reader::read_cdata(Handler& handler) {
  const std::size_t end = cursor_.rest().find(kCdataClose);
  if (end == std::string_view::npos) {
    diagnostics_.error(kParseError, cursor_.location(),
                       "this CDATA section is never closed; add ]]>");
    return cursor_.advance(kCdataOpen.size());
  }
  drop_marker(handler, kCdataOpen.size());
  take_code(handler, end - kCdataOpen.size());
  drop_marker(handler, kCdataClose.size());
}

void Reader::take_code(Handler& handler, std::size_t bytes) {
  const std::string_view text = cursor_.rest().substr(0, bytes);
  std::size_t blank = 0;
  while (handler.code.empty() && blank < text.size() && is_space(text[blank])) ++blank;
  if (handler.code.empty()) {
    cursor_.advance(blank);
    handler.start = cursor_.location();
    bytes -= blank;
  }
  handler.code += text.substr(blank);
  cursor_.advance(bytes);
}

// Pieces are joined without a gap. Only a marker that begins its line leaves blanks behind: there
// they cannot fall into the middle of a word, and the columns of the code after it stay those of
// the file.
void Reader::drop_marker(Handler& handler, std::size_t bytes) {
  cursor_.advance(bytes);
  const std::size_t line = handler.code.rfind('\n');
  if (line != std::string::npos && is_blank(std::string_view(handler.code).substr(line)))
    handler.code.append(bytes, ' ');
}

}  // namespace

const Attribute* Element::find(std::string_view attribute) const {
  for (const Attribute& candidate : attributes)
    if (candidate.name == attribute) return &candidate;
  return nullptr;
}

std::unique_ptr<Element> read_elements(std::string_view source, const ReadLimits& limits,
                                       Diagnostics& diagnostics, std::vector<Note>* prologue) {
  if (source.size() > limits.bytes) {
    diagnostics.error(kParseError, Location{1, 1},
                      cat({"the document has ", std::to_string(source.size()),
                           " bytes; the limit is ", std::to_string(limits.bytes)}));
    return nullptr;
  }
  if (const auto bad = find_bad_text(source)) {
    diagnostics.error(kParseError, bad->location, bad->message);
    return nullptr;
  }
  return Reader(source, limits, diagnostics, prologue).run();
}

}  // namespace nexus::nxml
