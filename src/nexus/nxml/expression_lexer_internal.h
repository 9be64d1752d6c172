#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/expression.h"

namespace nexus::nxml {

// A punctuator of JavaScript as a number, its characters from the lowest byte on: comparing two is
// comparing numbers. 0 is none.
class Punctuator {
 public:
  constexpr Punctuator() = default;
  // Of at most four characters.
  constexpr explicit Punctuator(std::string_view text) {
    for (std::size_t i = text.size(); i > 0; --i)
      code_ = code_ << 8 | static_cast<unsigned char>(text[i - 1]);
  }
  constexpr explicit Punctuator(char c) : code_(static_cast<unsigned char>(c)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): stands for its literal.
  consteval Punctuator(const char* text) : Punctuator(std::string_view(text)) {}

  constexpr bool operator==(const Punctuator&) const = default;
  constexpr std::uint32_t code() const { return code_; }
  constexpr std::size_t size() const {
    std::size_t bytes = 0;
    for (std::uint32_t rest = code_; rest != 0; rest >>= 8) ++bytes;
    return bytes;
  }
  std::string text() const {
    std::string out;
    for (std::uint32_t rest = code_; rest != 0; rest >>= 8) out += static_cast<char>(rest & 0xFF);
    return out;
  }

 private:
  std::uint32_t code_ = 0;
};

struct Token {
  enum class Kind : std::uint8_t { kEnd, kNumber, kString, kName, kPunctuator, kTemplate, kBad };
  Kind kind = Kind::kEnd;
  Punctuator punctuator;  // none unless kPunctuator
  std::uint32_t at = 0;   // offset in the document's text
  std::string_view text;  // a name or a punctuator as written, or what a string literal stands for; of no other kind
  double number = 0;      // of kNumber

  bool is(Punctuator which) const { return punctuator == which; }
  bool is_name(std::string_view name) const { return kind == Kind::kName && text == name; }
};

// Splits a JavaScript expression into tokens, one on each call. Names are ASCII identifiers and any
// character beyond ASCII. No regular expressions and no comments: '/' is always the operator.
class ExpressionLexer {
 public:
  // The first mistake goes to `error`, which must outlive the lexer; its token is kBad, as are all
  // later ones. `start`: the offset of `source` in the document's text. Strings with escapes are
  // made in `arena`, all other text of tokens is a view into `source`.
  ExpressionLexer(std::string_view source, std::uint32_t start, Arena& arena,
                  ExpressionError& error)
      : cursor_(source), start_(start), arena_(&arena), error_(&error) {}

  // Makes `token` the next one; what it says besides its kind is valid as Token tells.
  void next(Token& token);
  Token next() {
    Token token;
    next(token);
    return token;
  }

  // Passes `.name`, written without blanks, and sets `name`; false when that does not come next.
  bool take_member(std::string_view& name) {
    if (cursor_.peek() != '.' || !has_class(cursor_.peek(1), CharClass::kExpressionStart)) return false;
    cursor_.advance();
    name = cursor_.take(CharClass::kExpressionName);
    return true;
  }

  // A copy for reading ahead, whose mistakes go to `error`. The strings of its tokens are empty when
  // they have escapes.
  ExpressionLexer look_ahead(ExpressionError& error) const;

  // Whether the next token is '=>'.
  bool sees_arrow() const {
    Cursor ahead = cursor_;
    if (is_space(ahead.peek())) ahead.skip_space();
    return ahead.peek() == '=' && ahead.peek(1) == '>';
  }

  // The text of a template literal up to `${` or the closing backtick, both consumed. Call it right
  // after a kTemplate token or after the '}' that ends a hole.
  enum class ChunkEnd { kHole, kClosed, kBad };
  ChunkEnd next_chunk(std::string_view& text);

  // Ends the input with an error, unless there was one before; `token` is the kBad one.
  void fail(Token& token, std::uint32_t at, std::string message);

 private:
  std::uint32_t here() const { return start_ + cursor_.offset(); }
  void report(std::uint32_t at, std::string message);
  // These fill in a token that knows where it stands.
  void read_number(Token& token);
  void read_digits(int base, Token& token);
  void read_decimal(Token& token);
  void finish_number(Token& token);
  void read_string(char quote_mark, Token& token);
  void read_other(Token& token);
  void read_punctuator(Token& token);
  bool read_escape(std::string& text);
  bool read_unicode_escape(std::uint32_t at, std::string& text);
  bool read_code_unit(int digits, unsigned& unit);
  std::string_view keep(std::string_view made) const;

  Cursor cursor_;
  std::uint32_t start_;
  Arena* arena_;  // nullptr when reading ahead
  ExpressionError* error_;
};

// The bytes from the '{' that starts `text` to its matching '}', that one not counted; npos when
// there is none. Braces inside strings and templates do not count.
std::size_t find_closing_brace(std::string_view text);

}  // namespace nexus::nxml
