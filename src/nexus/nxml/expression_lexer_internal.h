#pragma once

#include <string>
#include <string_view>

#include "nexus/nxml/cursor_internal.h"
#include "nexus/nxml/expression.h"

namespace nexus::nxml {

struct Token {
  enum class Kind { kEnd, kNumber, kString, kName, kPunctuator, kTemplate, kBad };
  Kind kind = Kind::kEnd;
  std::string_view text;  // as written: a name, or a punctuator
  std::string string;     // kString: what the literal stands for
  double number = 0;
  Location at;

  bool is(std::string_view punctuator) const {
    return kind == Kind::kPunctuator && text == punctuator;
  }
  bool is_name(std::string_view name) const { return kind == Kind::kName && text == name; }
};

// Splits a JavaScript expression into tokens, one on each call. Names are ASCII identifiers and any
// character beyond ASCII. No regular expressions and no comments: '/' is always the operator.
class ExpressionLexer {
 public:
  // The first mistake goes to `error`, which must outlive the lexer; its token is kBad, as are all
  // later ones.
  ExpressionLexer(std::string_view source, Location start, ExpressionError& error)
      : cursor_(source, start), error_(&error) {}

  Token next();

  // Sends later mistakes to `error`: for a copy that reads ahead.
  void report_to(ExpressionError& error) { error_ = &error; }

  // Whether the next token is '=>'.
  bool sees_arrow() const;

  // The text of a template literal up to `${` or the closing backtick, both consumed. Call it right
  // after a kTemplate token or after the '}' that ends a hole.
  enum class ChunkEnd { kHole, kClosed, kBad };
  ChunkEnd next_chunk(std::string& text);

  // Ends the input with an error, unless there was one before.
  Token fail(Location at, std::string message);

 private:
  Token read_number();
  Token read_digits(int base, Token token);
  Token read_decimal(Token token);
  Token finish_number(Token token);
  Token read_string(char quote_mark);
  Token read_name();
  Token read_punctuator();
  bool read_escape(std::string& text);
  bool read_unicode_escape(Location at, std::string& text);
  bool read_code_unit(int digits, unsigned& unit);

  Cursor cursor_;
  ExpressionError* error_;
};

// The bytes from the '{' that starts `text` to its matching '}', that one not counted; npos when
// there is none. Braces inside strings and templates do not count.
std::size_t find_closing_brace(std::string_view text);

}  // namespace nexus::nxml
