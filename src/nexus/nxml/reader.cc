#include <algorithm>
#include <limits>
#include <optional>
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

// For messages about one character.
std::string_view first_code_point(std::string_view text) {
  std::size_t length = text.empty() ? 0 : 1;
  while (length < text.size() && continues_code_point(text[length])) ++length;
  return text.substr(0, length);
}

bool is_name_char(char c) { return has_class(c, CharClass::kTagName); }
bool is_blank(std::string_view text) { return trim(text).empty(); }

class Reader {
 public:
  Reader(std::string_view text, const ReadLimits& limits, Arena& arena, Diagnostics& diagnostics,
         std::vector<Note>* prologue)
      : limits_(limits), arena_(arena), diagnostics_(diagnostics), prologue_(prologue), cursor_(text) {}

  const Element* run();

 private:
  enum class TagEnd { kOpen, kSelfClosed };

  void read_text();
  void read_markup();
  void note(std::string_view text, bool is_comment);
  void skip_until(std::string_view close, std::string_view what);
  void skip_declaration();
  void read_open_tag();
  TagEnd read_tag_rest(Element& element);
  void read_attribute(Element& element, Cursor& cursor);
  bool read_quoted(Attribute& attribute, Cursor& cursor);
  std::size_t find_quote(char quote_mark, Cursor cursor);
  // Out of line, so that the way of a good attribute stays short.
  [[gnu::noinline]] void report_unquoted(const Attribute& attribute, std::uint32_t at);
  [[gnu::noinline]] std::size_t report_unclosed(const Attribute& attribute, std::uint32_t opening,
                                                std::string_view rest);
  [[gnu::noinline]] void refuse_length(Attribute& attribute, std::uint32_t opening);
  void add_attribute(Element& element, Attribute& attribute, std::uint32_t end);
  void read_close_tag();
  void close(std::string_view name, Range range);
  void report_unclosed(const Element& element, std::string_view before);
  void add(Element& element, TagEnd end);

  void read_raw(Element& handler);
  void read_cdata(RawText& raw);
  void take_code(RawText& raw, std::size_t bytes);
  void drop_marker(std::size_t bytes);
  bool at_raw_end() const;

  std::string_view read_name();
  void stop(Range at, std::string message);
  void report_open_elements();
  void report_tag(Element& element, std::uint32_t at, std::string message);
  static bool at_markup(Cursor cursor);

  const ReadLimits& limits_;
  Arena& arena_;
  Diagnostics& diagnostics_;
  std::vector<Note>* const prologue_;
  Cursor cursor_;
  Element* root_ = nullptr;
  std::vector<Element*> open_;  // from the root inwards
  std::string code_;            // of the handler at hand
  int nodes_ = 0;
  bool stopped_ = false;         // nothing more can be said
  bool misplaced_text_ = false;  // text before the root was reported
  bool swallowed_rest_ = false;  // a comment or the like ran to the end, so nothing could be closed
  // From here on there is no closing quote of that kind: found out once, so that many unclosed
  // values do not each search the whole rest.
  std::uint32_t no_double_quote_from_ = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t no_single_quote_from_ = std::numeric_limits<std::uint32_t>::max();
};

const Element* Reader::run() {
  // What follows the root's end is ignored.
  while (!stopped_ && !cursor_.at_end() && (root_ == nullptr || !open_.empty())) {
    read_text();
    if (cursor_.peek() == '<') read_markup();
  }
  if (stopped_) return nullptr;
  if (root_ == nullptr) {
    diagnostics_.error(kParseError, cursor_.offset(), "the document has no <NexusPanel> element");
  }
  report_open_elements();
  return root_;
}

void Reader::report_open_elements() {
  if (swallowed_rest_ || open_.empty()) return;
  // An open handler has taken the closing tags of the elements around it for code.
  if (open_.back()->name == "Handler") return report_unclosed(*open_.back(), {});
  for (const Element* open : open_) report_unclosed(*open, {});
}

void Reader::stop(Range at, std::string message) {
  diagnostics_.error(kParseError, at, std::move(message));
  stopped_ = true;
}

void Reader::read_text() {
  cursor_.skip_space();
  if (cursor_.at_end() || cursor_.peek() == '<') return;
  const std::uint32_t from = cursor_.offset();
  if (!open_.empty()) {
    std::optional<std::uint32_t>& first = open_.back()->text;
    if (!first) first = from;
  } else if (!misplaced_text_) {
    diagnostics_.error(kParseError, from, "text before <NexusPanel>; the document starts with that element");
    misplaced_text_ = true;
  }
  cursor_.advance_until([](char c) { return c == '<'; });
  note(trim(cursor_.since(from)), /*is_comment=*/false);
}

// For the formatter, which keeps what has no meaning.
void Reader::note(std::string_view text, bool is_comment) {
  if (open_.empty()) {
    if (prologue_ != nullptr) prologue_->push_back({text, 0, is_comment});
    return;
  }
  Element& parent = *open_.back();
  parent.notes.append(*arena_.make<Note>(text, parent.children.size(), is_comment));
}

void Reader::read_markup() {
  const std::uint32_t from = cursor_.offset();
  const char next = cursor_.peek(1);
  if (next == '/') return read_close_tag();
  if (is_name_char(next)) return read_open_tag();
  if (cursor_.looking_at(kCommentOpen)) {
    skip_until(kCommentClose, "comment");
    return note(cursor_.since(from), /*is_comment=*/true);
  }
  if (cursor_.looking_at(kCdataOpen)) {
    if (!open_.empty() && !open_.back()->text) open_.back()->text = from;
    skip_until(kCdataClose, "CDATA section");
    return note(cursor_.since(from), /*is_comment=*/false);
  }
  if (next == '!' || next == '?') return skip_declaration();
  diagnostics_.error(kParseError, from,
                     "'<' starts no tag here; remove it, or put the text into a quoted attribute");
  cursor_.advance();
}

void Reader::skip_until(std::string_view close, std::string_view what) {
  const std::size_t found = cursor_.rest().find(close);
  if (found == std::string_view::npos) {
    diagnostics_.error(kParseError, cursor_.offset(),
                       cat({"this ", what, " is never closed; add ", close}));
    cursor_.advance(cursor_.rest().size());
    swallowed_rest_ = true;
    return;
  }
  cursor_.advance(found + close.size());
}

void Reader::skip_declaration() {
  diagnostics_.error(kParseError, cursor_.offset(),
                     "NXML has no prolog, no doctype and no processing instructions; remove this");
  cursor_.advance_until([](char c) { return c == '>'; });
  cursor_.advance();
}

std::string_view Reader::read_name() {
  return cursor_.take(CharClass::kTagName);
}

void Reader::read_open_tag() {
  cursor_.advance();
  const std::uint32_t name_at = cursor_.offset();
  Element& element = *arena_.make<Element>(read_name(), name_at);
  const TagEnd end = read_tag_rest(element);
  if (++nodes_ > limits_.nodes) {
    return stop(element.range(), cat({"more than ", std::to_string(limits_.nodes), " elements; split the panel"}));
  }
  if (static_cast<int>(open_.size()) >= limits_.depth) {
    return stop(element.range(),
                cat({"elements are nested deeper than ", std::to_string(limits_.depth), " levels"}));
  }
  add(element, end);
}

void Reader::add(Element& element, TagEnd end) {
  element.self_closed = end == TagEnd::kSelfClosed;
  if (open_.empty()) {
    root_ = &element;
  } else {
    open_.back()->children.append(element);
  }
  const bool is_raw = element.name == "Handler";
  if (element.self_closed) {
    element.end = cursor_.offset();
    if (is_raw) element.raw = arena_.make<RawText>(std::string_view(), cursor_.offset(), std::string_view());
    return;
  }
  open_.push_back(&element);
  if (is_raw) read_raw(element);
}

Reader::TagEnd Reader::read_tag_rest(Element& element) {
  // A copy, because the compiler must take each attribute stored for one that may change `cursor_`.
  Cursor cursor = cursor_;
  std::optional<TagEnd> end;
  while (!end) {
    cursor.skip_space();
    const char next = cursor.peek();
    if (is_name_char(next)) {
      read_attribute(element, cursor);
    } else if (next == '>') {
      cursor.advance();
      end = TagEnd::kOpen;
    } else if (next == '/' && cursor.peek(1) == '>') {
      cursor.advance(2);
      end = TagEnd::kSelfClosed;
    } else if (cursor.at_end() || at_markup(cursor)) {
      report_tag(element, cursor.offset(), cat({"the tag <", element.name, " is not closed with '>'"}));
      end = TagEnd::kOpen;
    } else {
      const std::string_view found = first_code_point(cursor.rest());
      report_tag(element, cursor.offset(),
                 cat({"unexpected ", quote(found), " in the tag <",
                    element.name, "; attributes are written name=\"value\""}));
      cursor.advance(found.size());
    }
  }
  cursor_ = cursor;
  return *end;
}

// One report a tag: the second would most likely follow from the first.
void Reader::report_tag(Element& element, std::uint32_t at, std::string message) {
  if (!element.malformed) diagnostics_.error(kParseError, at, std::move(message));
  element.malformed = true;
}

bool Reader::at_markup(Cursor cursor) {
  const char next = cursor.peek(1);
  return cursor.peek() == '<' && (next == '/' || next == '!' || is_name_char(next));
}

void Reader::read_attribute(Element& element, Cursor& cursor) {
  Attribute& attribute = *arena_.make<Attribute>();
  attribute.name_at = cursor.offset();
  attribute.name = cursor.take(CharClass::kTagName);
  attribute.value = "true";
  Cursor ahead = cursor;
  ahead.skip_space();
  if (ahead.peek() == '=') {
    ahead.advance();
    ahead.skip_space();
    cursor = ahead;
    if (!read_quoted(attribute, cursor)) element.malformed = true;
  }
  add_attribute(element, attribute, cursor.offset());
}

// False when the quotes are not as they should be.
bool Reader::read_quoted(Attribute& attribute, Cursor& cursor) {
  const std::uint32_t opening = cursor.offset();
  const char quote_mark = cursor.peek();
  if (quote_mark != '"' && quote_mark != '\'') {
    report_unquoted(attribute, opening);
    cursor.advance_until([](char c) { return is_space(c) || c == '>' || c == '<'; });
    return false;
  }
  cursor.advance();
  std::size_t length = find_quote(quote_mark, cursor);
  const bool closed = length != std::string_view::npos;
  if (!closed) length = report_unclosed(attribute, opening, cursor.rest());
  attribute.quote_mark = quote_mark;
  attribute.value = cursor.rest().substr(0, length);
  cursor.advance(closed ? length + 1 : length);
  if (length > limits_.attribute_bytes) refuse_length(attribute, opening);
  return closed;
}

// The bytes from here to the closing quote, or npos. A backslash before the same quote keeps the
// value open.
std::size_t Reader::find_quote(char quote_mark, Cursor cursor) {
  std::uint32_t& none_from = quote_mark == '"' ? no_double_quote_from_ : no_single_quote_from_;
  if (cursor.offset() >= none_from) return std::string_view::npos;
  const std::string_view rest = cursor.rest();
  std::size_t at = rest.find(quote_mark);
  while (at != std::string_view::npos && at > 0 && rest[at - 1] == '\\')
    at = rest.find(quote_mark, at + 1);
  if (at == std::string_view::npos) none_from = cursor.offset();
  return at;
}

void Reader::report_unquoted(const Attribute& attribute, std::uint32_t at) {
  diagnostics_.error(kParseError, at, cat({"the value of ", quote(attribute.name), " must stand in quotes"}));
}

// The answer is how long the value, with which `rest` starts, is taken to be: to the end of its line, which lets the
// rest of the document be read.
std::size_t Reader::report_unclosed(const Attribute& attribute, std::uint32_t opening, std::string_view rest) {
  diagnostics_.error(kParseError, opening, cat({"the value of ", quote(attribute.name), " has no closing quote"}));
  std::size_t length = std::min(rest.find_first_of("<>\n"), rest.size());
  if (length > 0 && rest.substr(length - 1, 2) == "/>") --length;
  return length;
}

void Reader::refuse_length(Attribute& attribute, std::uint32_t opening) {
  diagnostics_.error(kParseError, opening,
                     cat({"the value of ", quote(attribute.name), " has ", std::to_string(attribute.value.size()),
                          " bytes; the limit is ", std::to_string(limits_.attribute_bytes)}));
  attribute.value = attribute.value.substr(0, 0);
}

// `end`: where the attribute ends.
void Reader::add_attribute(Element& element, Attribute& attribute, std::uint32_t end) {
  for (Attribute* existing = element.attributes.first(); existing != nullptr; existing = existing->next) {
    if (!same_name(existing->name, attribute.name)) continue;
    diagnostics_.warning(
        kDuplicateAttribute, attribute.name_range(),
        cat({"the attribute ", quote(attribute.name), " was given before; this later one wins"}));
    attribute.next = existing->next;
    *existing = attribute;
    return;
  }
  if (static_cast<int>(element.attributes.size()) >= limits_.attributes) {
    return report_tag(element, end, cat({"<", element.name, "> has more than ",
                                         std::to_string(limits_.attributes), " attributes"}));
  }
  element.attributes.append(attribute);
}

void Reader::read_close_tag() {
  cursor_.advance(2);
  const std::uint32_t start = cursor_.offset();
  const std::string_view name = read_name();
  const Range range{start, cursor_.offset()};
  cursor_.skip_space();
  if (cursor_.peek() == '>' && !name.empty()) {
    cursor_.advance();
  } else {
    diagnostics_.error(kParseError, cursor_.offset(), "a closing tag is written </Name>");
    cursor_.advance_until([](char c) { return c == '>' || c == '<'; });
    if (cursor_.peek() == '>') cursor_.advance();
  }
  if (!name.empty()) close(name, range);
}

void Reader::close(std::string_view name, Range range) {
  const auto is_named = [&](const Element* open) { return same_name(open->name, name); };
  const auto found = std::find_if(open_.rbegin(), open_.rend(), is_named);
  if (found != open_.rend()) {
    const auto depth = static_cast<std::size_t>(open_.rend() - found);
    for (; open_.size() > depth; open_.pop_back()) report_unclosed(*open_.back(), name);
    Element& closed = *open_.back();
    closed.end = cursor_.offset();
    open_.pop_back();
    return;
  }
  const std::string_view expected = open_.empty() ? std::string_view() : open_.back()->name;
  if (closest(name, {expected}).empty()) {
    diagnostics_.error(kParseError, range, cat({"</", name, "> closes nothing"}));
    return;
  }
  diagnostics_.error(
      kParseError, range,
      cat({"</", name, "> does not match <", expected, ">; did you mean </", expected, ">?"}));
  open_.pop_back();
}

void Reader::report_unclosed(const Element& element, std::string_view before) {
  if (element.malformed) return;
  const std::string where =
      before.empty() ? "before the document ends" : cat({"before </", before, ">"});
  diagnostics_.error(kParseError, element.range(),
                     cat({"<", element.name, "> is not closed ", where}));
}

bool Reader::at_raw_end() const {
  return cursor_.looking_at(kHandlerClose) && !is_name_char(cursor_.peek(kHandlerClose.size()));
}

// Everything up to </Handler> is code. A comment in front of the code belongs to the document; one
// after code has begun is the handler's text, because only a JavaScript parser could tell it from
// code.
void Reader::read_raw(Element& element) {
  RawText raw;
  raw.start = cursor_.offset();
  code_.clear();
  const std::uint32_t from = cursor_.offset();
  while (!cursor_.at_end() && !at_raw_end()) {
    if (cursor_.looking_at(kCdataOpen)) {
      read_cdata(raw);
    } else if (code_.empty() && cursor_.looking_at(kCommentOpen)) {
      skip_until(kCommentClose, "comment");
    } else {
      const std::size_t next = cursor_.rest().find('<', 1);
      take_code(raw, std::min(next, cursor_.rest().size()));
    }
  }
  raw.content = cursor_.since(from);
  raw.code = arena_.copy(trim_end(code_));
  element.raw = arena_.make<RawText>(raw);
}

void Reader::read_cdata(RawText& raw) {
  const std::size_t end = cursor_.rest().find(kCdataClose);
  if (end == std::string_view::npos) {
    diagnostics_.error(kParseError, cursor_.offset(),
                       "this CDATA section is never closed; add ]]>");
    return cursor_.advance(kCdataOpen.size());
  }
  drop_marker(kCdataOpen.size());
  take_code(raw, end - kCdataOpen.size());
  drop_marker(kCdataClose.size());
}

void Reader::take_code(RawText& raw, std::size_t bytes) {
  const std::string_view text = cursor_.rest().substr(0, bytes);
  std::size_t blank = 0;
  while (code_.empty() && blank < text.size() && is_space(text[blank])) ++blank;
  if (code_.empty()) {
    cursor_.advance(blank);
    raw.start = cursor_.offset();
    bytes -= blank;
  }
  code_ += text.substr(blank);
  cursor_.advance(bytes);
}

// Pieces are joined without a gap. Only a marker that begins its line leaves blanks behind: there
// they cannot fall into the middle of a word, and the columns of the code after it stay those of
// the file.
void Reader::drop_marker(std::size_t bytes) {
  cursor_.advance(bytes);
  const std::size_t line = code_.rfind('\n');
  if (line != std::string::npos && is_blank(std::string_view(code_).substr(line)))
    code_.append(bytes, ' ');
}

}  // namespace

std::string_view without_byte_order_mark(std::string_view source) {
  if (source.starts_with(kByteOrderMark)) source.remove_prefix(kByteOrderMark.size());
  return source;
}

bool check_text(std::string_view text, const ReadLimits& limits, Diagnostics& diagnostics) {
  if (text.size() > limits.bytes) {
    diagnostics.error(kParseError, 0u,
                      cat({"the document has ", std::to_string(text.size()), " bytes; the limit is ",
                           std::to_string(limits.bytes)}));
    return false;
  }
  const auto bad = find_bad_text(text);
  if (bad) diagnostics.error(kParseError, bad->at, std::string(bad->message));
  return !bad;
}

const Element* read_elements(std::string_view text, const ReadLimits& limits, Arena& arena, Diagnostics& diagnostics,
                             std::vector<Note>* prologue) {
  return Reader(text, limits, arena, diagnostics, prologue).run();
}

}  // namespace nexus::nxml
