#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "nexus/base/arena.h"
#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/locator.h"
#include "nexus/nxml/nxml.h"

// A document's tags as written, before anything is known about their meaning. Everything lies in the arena it was
// read into; views are into the document's text.
namespace nexus::nxml {

// Items that know the one after them, for range-based loops.
template <typename T>
class Chain {
 public:
  class Iterator {
   public:
    explicit Iterator(const T* at) : at_(at) {}
    const T& operator*() const { return *at_; }
    Iterator& operator++() {
      at_ = at_->next;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const T* at_;
  };

  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(nullptr); }
  T* first() { return first_; }
  std::uint32_t size() const { return size_; }

  // `item` is in no chain yet.
  void append(T& item) {
    (last_ == nullptr ? first_ : last_->next) = &item;
    last_ = &item;
    ++size_;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
  std::uint32_t size_ = 0;
};

struct Attribute {
  std::string_view name;
  std::string_view value;  // nothing is decoded; "true" when the attribute has no value
  std::uint32_t name_at = 0;
  char quote_mark = '\0';      // what the value stands in, if it does
  Attribute* next = nullptr;

  // Of the text between the quotes; the name's when the attribute has no value.
  std::uint32_t value_at() const {
    return quote_mark == '\0' ? name_at : name_at + static_cast<std::uint32_t>(value.data() - name.data());
  }
  Range name_range() const { return {name_at, name_at + static_cast<std::uint32_t>(name.size())}; }
  Range value_range() const {
    if (quote_mark == '\0') return name_range();
    return {value_at(), value_at() + static_cast<std::uint32_t>(value.size())};
  }
};

// A comment, or text that means nothing where it stands; for the formatter.
struct Note {
  std::string_view text;     // as written, without the blanks around it
  std::uint32_t before = 0;  // the position of the child it stands before
  bool is_comment = false;
  Note* next = nullptr;
};

// What <Handler> holds.
struct RawText {
  std::string_view code;     // without comments, markers and the blanks at both ends
  std::uint32_t start = 0;   // of the first character of `code` in the document's text
  std::string_view content;  // what stands between the tags, as written
};

struct Element {
  // `name_` is one of the document's, standing behind a '<'.
  Element(std::string_view name_, std::uint32_t name_at_) : name(name_), name_at(name_at_) {}

  std::string_view name;
  std::uint32_t name_at;
  std::uint32_t end = 0;  // where its last '>' ends
  Chain<Attribute> attributes;  // each name once: the last of equal ones wins
  Chain<Element> children;
  Chain<Note> notes;
  Element* next = nullptr;
  std::optional<std::uint32_t> text;  // where the first text directly inside stands that is not blank
  bool self_closed = false;
  bool malformed = false;        // its tag was reported, so what follows from that is not
  const RawText* raw = nullptr;  // of <Handler>

  // All of it, from '<' to '>'.
  std::string_view source() const { return {name.data() - 1, end - name_at + 1}; }
  // Of the tag name.
  Range range() const { return {name_at, name_at + static_cast<std::uint32_t>(name.size())}; }
  const Attribute* find(std::string_view attribute) const {
    for (const Attribute& candidate : attributes)
      if (same_name(candidate.name, attribute)) return &candidate;
    return nullptr;
  }
};

// `source` without its byte order mark: the text that places are counted in.
std::string_view without_byte_order_mark(std::string_view source);

// False, with the reason reported, for a text that is too long, not UTF-8 or holds control characters: then nothing
// more can be said about it.
bool check_text(std::string_view text, const ReadLimits& limits, Diagnostics& diagnostics);

// Reads the tags of a text that was checked: reference.md section 2.1 with design.md's ruling that <Handler> holds raw
// text. Reports every mistake and goes on after it. nullptr when there is no root element or a limit was exceeded:
// then nothing more can be said about the document. `prologue` receives the comments before the root when it is not
// nullptr.
const Element* read_elements(std::string_view text, const ReadLimits& limits, Arena& arena, Diagnostics& diagnostics,
                             std::vector<Note>* prologue = nullptr);

}  // namespace nexus::nxml
